"""What containers with the driver awslogs print, as CloudWatch's own clients read it."""

import time

import boto3
import botocore
import pytest

from vocabulary import REGION, container, fresh, short, wait_for


def awslogs(group, **options):
    """A `logConfiguration`."""
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": group,
            "awslogs-region": REGION,
            "awslogs-stream-prefix": "ecs",
            **{name.replace("_", "-"): value for name, value in options.items()},
        },
    }


def printed(daemon, group, *lines, name="web", **options):
    """The id of a task that printed these into a group and is over."""
    part = container(name, command=["print", *lines], logConfiguration=awslogs(group, **options))
    return short(daemon.stopped(daemon.run(part))["taskArn"])


def cli(daemon, *words):
    """`aws logs …`."""
    return daemon.aws(*words, service="logs")


def client(daemon):
    return boto3.client(
        "logs",
        endpoint_url=daemon.url,
        region_name=REGION,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def refusal(call, **request):
    """Exception and words of a call that is refused."""
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def messages(answer):
    return [event["message"] for event in answer["events"]]


def test_groups_and_streams_have_the_names_and_arns_of_cloudwatch(daemon):
    group = f"/shop/{fresh()}"
    task = printed(daemon, group, "one", "two")
    (found,) = cli(daemon, "describe-log-groups", "--log-group-name-prefix", group)["logGroups"]
    arn = f"arn:aws:logs:{REGION}:{daemon.account}:log-group:{group}"
    assert (found["logGroupName"], found["arn"], found["logGroupArn"]) == (group, f"{arn}:*", arn)
    assert found["logGroupClass"] == "STANDARD"
    assert abs(found["creationTime"] / 1000 - time.time()) < 60
    (stream,) = cli(daemon, "describe-log-streams", "--log-group-name", group)["logStreams"]
    assert stream["logStreamName"] == f"ecs/web/{task}"
    assert stream["arn"] == f"{arn}:log-stream:ecs/web/{task}"
    assert stream["creationTime"] <= stream["firstEventTimestamp"] <= stream["lastEventTimestamp"]
    by_arn = client(daemon).describe_log_streams(logGroupIdentifier=arn, orderBy="LastEventTime", descending=True)
    assert [one["logStreamName"] for one in by_arn["logStreams"]] == [f"ecs/web/{task}"]


def test_a_stream_without_a_prefix_has_the_containers_id(daemon):
    group = fresh("group")
    configuration = awslogs(group)
    del configuration["options"]["awslogs-stream-prefix"]
    task = daemon.stopped(daemon.run(container(command=["print", "hello"], logConfiguration=configuration)))
    name = task["containers"][0]["runtimeId"]
    answer = cli(daemon, "get-log-events", "--log-group-name", group, "--log-stream-name", name)
    assert messages(answer) == ["hello"]


def test_events_are_had_from_the_end_or_the_beginning_page_by_page(daemon):
    group = fresh("group")
    lines = [f"line {n}" for n in range(1, 8)]
    task = printed(daemon, group, *lines)
    stream = {"logGroupName": group, "logStreamName": f"ecs/web/{task}"}
    logs = client(daemon)
    latest = logs.get_log_events(**stream, limit=3)
    assert messages(latest) == lines[4:]
    before = logs.get_log_events(**stream, limit=3, nextToken=latest["nextBackwardToken"])
    assert messages(before) == lines[1:4]
    seen, token = [], {}
    while True:
        page = logs.get_log_events(**stream, limit=3, startFromHead=True, **token)
        seen += messages(page)
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert seen == lines
    first = logs.get_log_events(**stream, startFromHead=True)["events"]
    assert all(abs(event["timestamp"] / 1000 - time.time()) < 60 for event in first)
    last = first[-1]["timestamp"]
    assert messages(logs.get_log_events(**stream, startTime=last + 1)) == []
    assert messages(logs.get_log_events(**stream, startTime=first[0]["timestamp"], endTime=last + 1)) == lines
    assert "line 7" not in messages(logs.get_log_events(**stream, endTime=last))
    text = cli(daemon, "get-log-events", "--log-group-name", group, "--log-stream-name", f"ecs/web/{task}", "--limit", 2)
    assert messages(text) == lines[5:]


def test_a_running_service_is_tailed_as_the_clients_do_it(daemon):
    group = fresh("group")
    name = daemon.serve(container(command=["tick", "--every", "0.2"], logConfiguration=awslogs(group)), count=2)
    tasks = {short(task["taskArn"]) for task in daemon.tasks(name)}
    logs, began, seen = client(daemon), int((time.time() - 600) * 1000), {}

    def look():
        # `aws logs tail --follow` asks so again and again, and tells events apart by their ids. Here it looks back a
        # little: of two containers, what one printed may be there to be read before what the other printed just earlier.
        latest = max([event["timestamp"] for event in seen.values()], default=began)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=latest - 1000, interleaved=True, PaginationConfig={"PageSize": 7}
        )
        for page in pages:
            seen.update((event["eventId"], event) for event in page["events"])
        return len(seen) > 60 and {event["logStreamName"] for event in seen.values()} == {f"ecs/web/{task}" for task in tasks}

    wait_for("events", look)
    daemon.ecs.delete_service(service=name, force=True)
    by_stream = {}
    for event in sorted(seen.values(), key=lambda event: event["eventId"]):
        by_stream.setdefault(event["logStreamName"], []).append(event["message"])
    assert set(by_stream) == {f"ecs/web/{task}" for task in tasks}
    for told in by_stream.values():
        ticks = [line for line in told if line.startswith("tick")]
        assert ticks == [f"tick {n}" for n in range(1, len(ticks) + 1)]


def test_events_are_filtered_by_stream_and_pattern(daemon):
    group = fresh("group")
    web = printed(daemon, group, "GET /", "ERROR disk full", "--stderr", "ERROR no route")
    side = printed(daemon, group, "ERROR disk full, again", name="side")
    logs = client(daemon)
    ask = lambda **request: messages(logs.filter_log_events(logGroupName=group, **request))
    assert sorted(ask()) == ["ERROR disk full", "ERROR disk full, again", "ERROR no route", "GET /"]
    assert sorted(ask(filterPattern="ERROR")) == ["ERROR disk full", "ERROR disk full, again", "ERROR no route"]
    assert ask(filterPattern='ERROR "disk full,"') == ["ERROR disk full, again"]
    assert ask(logStreamNamePrefix="ecs/side/") == ["ERROR disk full, again"]
    assert ask(filterPattern="GET", logStreamNames=[f"ecs/web/{web}", f"ecs/side/{side}"]) == ["GET /"]
    assert ask(startFromHead=False, limit=1) == ["ERROR disk full, again"], "the latest first"
    words = ["filter-log-events", "--log-group-name", group, "--filter-pattern", '"no route"']
    assert messages(cli(daemon, *words)) == ["ERROR no route"]


def test_what_is_gone_with_its_container_is_no_stream_any_more(daemon):
    group = fresh("group")
    task = printed(daemon, group, "hello")
    daemon.container_of(daemon.task(task)).remove(force=True)
    logs = client(daemon)
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    assert logs.filter_log_events(logGroupName=group)["events"] == []
    missing = "ResourceNotFoundException: The specified log stream does not exist."
    assert refusal(logs.get_log_events, logGroupName=group, logStreamName=f"ecs/web/{task}") == missing


def test_what_is_not_there_or_not_understood_is_refused_as_cloudwatch_does(daemon):
    group = fresh("group")
    printed(daemon, group, "hello")
    logs = client(daemon)
    no_group = "ResourceNotFoundException: The specified log group does not exist."
    no_stream = "ResourceNotFoundException: The specified log stream does not exist."
    assert refusal(logs.filter_log_events, logGroupName="/none") == no_group
    assert refusal(logs.describe_log_streams, logGroupName="/none") == no_group
    assert refusal(logs.get_log_events, logGroupName="/none", logStreamName="s") == no_group
    assert refusal(logs.get_log_events, logGroupName=group, logStreamName="s") == no_stream
    assert refusal(logs.filter_log_events, logGroupName=group, logStreamNames=["s"]) == no_stream
    elsewhere = f"arn:aws:logs:{REGION}:000000000001:log-group:{group}"
    assert refusal(logs.filter_log_events, logGroupIdentifier=elsewhere) == no_group
    for request, said in [
        ({"filterPattern": "{ $.x = 1 }"}, "JSON patterns are not supported"),
        ({"nextToken": "zz"}, "The specified nextToken is invalid."),
        ({"limit": 10_001}, "limit is 10001; it must be 1 to 10000."),
        ({"unmask": True}, "unmask is not supported"),
        ({"logStreamNames": ["a"], "logStreamNamePrefix": "a"}, "cannot be given together"),
    ]:
        text = refusal(logs.filter_log_events, logGroupName=group, **request)
        assert text.startswith("InvalidParameterException: ") and said in text, text
    assert "CreateLogGroup of CloudWatch Logs is not supported" in refusal(logs.create_log_group, logGroupName="/new")
