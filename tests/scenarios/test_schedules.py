"""Tasks at their times, asked for as of EventBridge Scheduler."""

import datetime
import json
import time
import zoneinfo

import boto3
import botocore.config
import pytest

from vocabulary import REGION, container, fresh, get, stays, wait_for


def scheduler(daemon):
    """A boto3 client of EventBridge Scheduler that tries nothing twice."""
    return boto3.client(
        "scheduler",
        endpoint_url=daemon.url,
        region_name=REGION,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def target(daemon, definition, *overrides, **parameters):
    """The cluster as target, with these overrides of the container `web`."""
    made = {
        "Arn": f"arn:aws:ecs:{REGION}:{daemon.account}:cluster/default",
        "RoleArn": f"arn:aws:iam::{daemon.account}:role/scheduler",
        "EcsParameters": {"TaskDefinitionArn": definition, **parameters},
    }
    if overrides:
        made["Input"] = json.dumps({"containerOverrides": [{"name": "web", **one} for one in overrides]})
    return made


def soon(seconds, zone="UTC"):
    """`at(…)` so many seconds from now, in the zone's local time."""
    moment = datetime.datetime.now(zoneinfo.ZoneInfo(zone)) + datetime.timedelta(seconds=seconds)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def started(daemon, name):
    """All tasks of a schedule's runs, ended ones too."""
    by = {"startedBy": f"chronos-schedule/{name}"}
    listed = daemon.tasks(**by) + daemon.tasks(status="STOPPED", **by)
    # One that ends between the two lists is in both.
    return list({task["taskArn"]: task for task in listed}.values())


def results(daemon):
    """How runs went so far."""
    lines = get(f"{daemon.url}/metrics")[1].splitlines()
    counted = [line.split() for line in lines if line.startswith("mainstay_schedule_runs_total{")]
    return {name.split('"')[1]: int(value) for name, value in counted}


def test_a_rate_made_with_the_aws_cli_runs_at_once_with_its_overrides_and_is_shown_to_boto3(daemon):
    name, definition = fresh("often"), daemon.register()
    made = daemon.aws(
        "create-schedule", "--name", name, "--schedule-expression", "rate(1 hours)",
        "--flexible-time-window", '{"Mode": "OFF"}', "--description", "every hour",
        "--target", json.dumps(target(daemon, definition, {"command": ["exit", "5"]}, TaskCount=2, Group="hourly")),
        service="scheduler",
    )
    assert made["ScheduleArn"] == f"arn:aws:scheduler:{REGION}:{daemon.account}:schedule/default/{name}"
    wait_for("two tasks that ended", lambda: [
        task for task in started(daemon, name) if task["lastStatus"] == "STOPPED"
    ][1:])
    tasks = started(daemon, name)
    assert [task["containers"][0]["exitCode"] for task in tasks] == [5, 5]
    assert {task["group"] for task in tasks} == {"hourly"}

    client = scheduler(daemon)
    shown = client.get_schedule(Name=name)
    assert (shown["Description"], shown["State"]) == ("every hour", "ENABLED")
    assert shown["Target"]["EcsParameters"] == {"TaskDefinitionArn": definition, "TaskCount": 2, "Group": "hourly"}
    listed = client.get_paginator("list_schedules").paginate(NamePrefix=name).build_full_result()["Schedules"]
    assert [one["Arn"] for one in listed] == [made["ScheduleArn"]]
    daemon.aws("delete-schedule", "--name", name, service="scheduler")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_schedule(Name=name)


def test_a_one_time_schedule_runs_at_its_local_time_once_and_is_deleted(daemon):
    name, definition, client = fresh("once"), daemon.register(), scheduler(daemon)
    due = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(seconds=6)
    client.create_schedule(
        Name=name,
        ScheduleExpression=soon((due - datetime.datetime.now(datetime.UTC)).total_seconds(), "America/New_York"),
        ScheduleExpressionTimezone="America/New_York",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=target(daemon, definition, {"command": ["exit", "0"]}),
    )
    (task,) = wait_for("its task", lambda: started(daemon, name))
    assert task["createdAt"] >= due - datetime.timedelta(seconds=1), "not before its time, in whole seconds"

    def gone():
        return name not in [one["Name"] for one in client.list_schedules(NamePrefix=name)["Schedules"]]

    wait_for("its deletion", gone)
    assert len(started(daemon, name)) == 1


def test_a_run_is_left_out_while_the_task_of_the_one_before_runs_where_the_schedule_says_so(daemon):
    name, definition, client = fresh("alone"), daemon.register(), scheduler(daemon)

    def said(overlap):
        return dict(
            Name=name,
            ScheduleExpression=soon(5),
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target(daemon, definition, Tags=[{"mainstay:overlap": overlap}]),
        )

    client.create_schedule(**said("skip"))
    (first,) = wait_for("its task", lambda: started(daemon, name))
    daemon.running(first["taskArn"])
    skipped = results(daemon).get("skipped", 0)
    client.update_schedule(**said("skip"))
    wait_for("a run that is left out", lambda: results(daemon).get("skipped", 0) == skipped + 1)
    assert len(started(daemon, name)) == 1

    client.update_schedule(**said("replace"))
    wait_for("another task", lambda: len(started(daemon, name)) == 2)
    first = daemon.stopped(first["taskArn"])
    assert first["stoppedReason"] == f"Replaced by a later run of schedule default/{name}"
    daemon.ecs.stop_task(task=daemon.tasks(startedBy=f"chronos-schedule/{name}")[0]["taskArn"])


def test_a_run_that_falls_into_a_downtime_is_made_good_once(daemons):
    daemon = daemons().start()
    name, definition = fresh("missed"), daemon.register(container(command=["exit", "0"]))
    scheduler(daemon).create_schedule(
        Name=name,
        ScheduleExpression=soon(6),
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target(daemon, definition),
    )
    daemon.kill()
    time.sleep(7)  # The run's moment passes.
    daemon.start()
    wait_for("its task", lambda: started(daemon, name))
    daemon.kill()
    daemon.start()
    stays("one task", lambda: len(started(daemon, name)) == 1, 3)


def test_groups_and_refusals_are_eventbridge_schedulers_own(daemon):
    client, name, definition = scheduler(daemon), fresh("group"), daemon.register()
    arn = client.create_schedule_group(Name=name, Tags=[{"Key": "team", "Value": "shop"}])["ScheduleGroupArn"]
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    client.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    request = dict(
        Name="inside",
        GroupName=name,
        ScheduleExpression="cron(0 3 ? * MON-FRI *)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        Target=target(daemon, definition),
    )
    client.create_schedule(**request)
    with pytest.raises(client.exceptions.ConflictException):
        client.create_schedule(**request)
    with pytest.raises(client.exceptions.ValidationException) as refusal:
        client.create_schedule(**{**request, "Name": "wrong", "ScheduleExpression": "cron(0 3 ? * MON-FRY *)"})
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    said = refusal.value.response["Error"]["Message"]
    assert "day-of-week (column 18): 'FRY' must be 1 to 7 or SUN to SAT" in said
    elsewhere = {**target(daemon, definition), "Arn": f"arn:aws:lambda:{REGION}:{daemon.account}:function:f"}
    with pytest.raises(client.exceptions.ValidationException):
        client.create_schedule(**{**request, "Name": "wrong", "Target": elsewhere})
    client.delete_schedule_group(Name=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_schedule(Name="inside", GroupName=name)


def test_a_declared_schedule_is_made_changed_where_it_differs_and_else_left_alone(daemon, tmp_path):
    declared = {
        "Name": fresh("declared"),
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target(daemon, daemon.register(), {"command": ["now"]}, TaskCount=2),
    }

    def applied():
        (tmp_path / "nightly.schedule.json").write_text(json.dumps(declared))
        done = daemon.mainstay("apply", tmp_path, "--yes", "--output", "json")
        assert done.returncode == 0, done.stderr
        (step,) = json.loads(done.stdout)["plan"]
        return step["action"], step["differs"]

    assert applied() == ("create", [])
    assert applied() == ("none", [])
    declared["State"] = "DISABLED"
    declared["Target"]["EcsParameters"]["TaskCount"] = 3
    assert applied() == ("update", ["State", "Target.EcsParameters.TaskCount"])
    assert applied() == ("none", [])
    (line,) = [one for one in daemon.mainstay("schedules").stdout.splitlines() if declared["Name"] in one]
    assert line.split()[0] == f"default/{declared['Name']}" and "disabled" in line
