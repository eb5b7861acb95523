"""Where tasks may be, as people say it with the AWS clients: constraints, strategies, attributes, draining, DAEMON."""

import pytest
from botocore.exceptions import ClientError

from vocabulary import container, fresh, short, stays, wait_for


def only_instance(daemon):
    [arn] = daemon.ecs.list_container_instances()["containerInstanceArns"]
    return arn


def attributes(daemon):
    arn = only_instance(daemon)
    [instance] = daemon.ecs.describe_container_instances(containerInstances=[arn])["containerInstances"]
    return {one["name"]: one.get("value") for one in instance["attributes"]}


def attach(daemon, **facts):
    target = {"targetId": only_instance(daemon)}
    daemon.ecs.put_attributes(attributes=[{"name": name, "value": value, **target} for name, value in facts.items()])


def detach(daemon, *names):
    target = {"targetId": only_instance(daemon)}
    daemon.ecs.delete_attributes(attributes=[{"name": name, **target} for name in names])


def member_of(expression):
    return {"type": "memberOf", "expression": expression}


def drain(daemon, status="DRAINING"):
    answer = daemon.aws("update-container-instances-state", "--container-instances", only_instance(daemon), "--status", status)
    assert [one["status"] for one in answer["containerInstances"]] == [status]


@pytest.fixture
def own(daemons):
    """A daemon of a scenario's own, whose host says something of itself."""
    return daemons(
        MAINSTAY_AGENT_AVAILABILITY_ZONE="attic",
        MAINSTAY_AGENT_ATTRIBUTES="ecs.instance-type=box.large, disk=ssd",
    ).start()


def test_a_hosts_attributes_are_its_settings_and_what_its_engine_says(own):
    seen = attributes(own)
    assert seen["ecs.os-type"] == "linux"
    assert seen["ecs.cpu-architecture"] in ("x86_64", "arm64")
    assert (seen["ecs.availability-zone"], seen["ecs.instance-type"], seen["disk"]) == ("attic", "box.large", "ssd")
    named = own.aws("list-attributes", "--target-type", "container-instance", "--attribute-name", "disk")["attributes"]
    assert named == [{"name": "disk", "value": "ssd", "targetId": only_instance(own), "targetType": "container-instance"}]
    listed = lambda text: own.aws("list-container-instances", "--filter", text)["containerInstanceArns"]
    assert listed("attribute:ecs.instance-type =~ box.* and agentConnected == true") == [only_instance(own)]
    assert listed("attribute:disk == hdd or runningTasksCount > 0") == []
    task = own.task(own.run())
    assert task["availabilityZone"] == "attic"


def test_a_service_waits_for_the_attribute_it_asks_for_and_starts_at_once_when_it_is_there(daemon):
    name = daemon.serve(placementConstraints=[member_of("attribute:colour == green")], stable=False)
    words = 'no container instance met all of its requirements. The closest matching (container-instance '
    wait_for("the reason", lambda: any(words in event for event in daemon.events(name)))
    assert any('encountered error "MemberOf placement constraint unsatisfied."' in event for event in daemon.events(name))
    assert not daemon.tasks(name)
    attach(daemon, colour="green")
    daemon.stable(name)
    detach(daemon, "colour")
    stays("a task that is there", lambda: len(daemon.tasks(name)) == 1, 1)


def test_what_people_attached_and_that_a_host_drains_survives_a_sigkill(own):
    attach(own, colour="blue", disk="nvme")
    drain(own)
    own.kill()
    own.start()
    assert (attributes(own)["colour"], attributes(own)["disk"]) == ("blue", "nvme")
    [instance] = own.ecs.describe_container_instances(containerInstances=[only_instance(own)])["containerInstances"]
    assert instance["status"] == "DRAINING"
    detach(own, "disk")
    assert attributes(own)["disk"] == "ssd"


def test_a_task_definitions_constraint_holds_for_run_task_and_not_for_start_task(daemon):
    definition = daemon.register(placementConstraints=[member_of("attribute:shape == round")])
    described = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert described["placementConstraints"] == [member_of("attribute:shape == round")]
    answer = daemon.ecs.run_task(taskDefinition=definition)
    assert [failure["reason"] for failure in answer["failures"]] == ["MemberOf placement constraint unsatisfied."]
    nowhere = only_instance(daemon)[:-1] + ("0" if not only_instance(daemon).endswith("0") else "1")
    started = daemon.aws("start-task", "--task-definition", definition, "--container-instances", only_instance(daemon), nowhere)
    assert [failure["reason"] for failure in started["failures"]] == ["MISSING"]
    [task] = started["tasks"]
    assert daemon.running(task["taskArn"])["containerInstanceArn"] == only_instance(daemon)


def test_a_draining_host_takes_no_tasks_keeps_those_of_nobody_and_lets_a_services_go_where_it_may(own):
    alone = own.run()
    own.running(alone)
    web = own.serve(deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    drain(own)
    wait_for("the service's end there", lambda: not own.tasks(web))
    assert own.task(alone)["lastStatus"] == "RUNNING"
    with pytest.raises(ClientError, match="No Container Instances were found in your cluster"):
        own.ecs.run_task(taskDefinition=own.register())
    drain(own, "ACTIVE")
    own.stable(web)


def test_a_daemon_has_one_task_here_and_none_once_it_is_not_meant(daemon):
    attach(daemon, watched="yes")
    definition, name = daemon.register(), fresh("agent")
    create = {"serviceName": name, "taskDefinition": definition, "schedulingStrategy": "DAEMON"}
    with pytest.raises(ClientError, match="does not support a desired count"):
        daemon.ecs.create_service(**create, desiredCount=1)
    with pytest.raises(ClientError, match="does not support placement strategies"):
        daemon.ecs.create_service(**create, placementStrategy=[{"type": "random"}])
    daemon.ecs.create_service(**create, placementConstraints=[member_of("attribute:watched == yes")])
    one = lambda: (daemon.service(name)["desiredCount"], daemon.service(name)["runningCount"])
    wait_for("one task", lambda: one() == (1, 1))
    assert daemon.service(name)["schedulingStrategy"] == "DAEMON"
    listed = daemon.ecs.list_services(schedulingStrategy="DAEMON")["serviceArns"]
    assert name in [short(arn) for arn in listed]
    [task] = daemon.tasks(name)
    daemon.ecs.stop_task(task=task["taskArn"])
    others = lambda: [other for other in daemon.tasks(name) if other["taskArn"] != task["taskArn"]]
    wait_for("another one", lambda: others() and one() == (1, 1))
    detach(daemon, "watched")
    wait_for("none", lambda: one() == (0, 0))
    daemon.ecs.delete_service(service=name, force=True)


def test_strategies_and_constraints_are_shown_changed_and_taken_back(daemon):
    spread = [{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "binpack", "field": "MEMORY"}]
    name = daemon.serve(placementStrategy=spread, placementConstraints=[{"type": "distinctInstance"}])
    shown = lambda: (daemon.service(name)["placementStrategy"], daemon.service(name)["placementConstraints"])
    assert shown() == (spread, [{"type": "distinctInstance"}])
    deployments = [one["id"] for one in daemon.service(name)["deployments"]]
    daemon.ecs.update_service(service=name, placementStrategy=[], placementConstraints=[member_of("attribute:ecs.os-type == linux")])
    assert shown() == ([], [member_of("attribute:ecs.os-type == linux")])
    assert [one["id"] for one in daemon.service(name)["deployments"]] == deployments, "no new deployment, as in ECS"


@pytest.mark.parametrize(
    "operation, members, words",
    [
        ("run_task", {"placementConstraints": [member_of("attribute:a = b")]}, r"placementConstraints\[0\].expression is 'attribute:a = b'; column 13: expected an operator"),
        ("run_task", {"placementConstraints": [{"type": "distinctInstance"}] * 11}, "at most 10 placement constraints"),
        ("run_task", {"placementStrategy": [{"type": "random"}] * 6}, "at most 5 items"),
        ("run_task", {"placementStrategy": [{"type": "spread", "field": "zone"}]}, "instanceId, host or attribute:NAME"),
        ("list_container_instances", {"filter": "attribute:a =="}, "filter is 'attribute:a =='; column 15: expected a value"),
        ("update_container_instances_state", {"status": "REGISTERING"}, "ACTIVE or DRAINING"),
        ("put_attributes", {"attributes": [{"name": "ecs.os-type", "value": "windows"}]}, "the hosts' own"),
        ("put_attributes", {"attributes": [{"name": "a b", "value": "c"}]}, "letters, digits"),
        ("put_attributes", {"attributes": [{"name": "a", "value": " c"}]}, "spaces within"),
        ("list_attributes", {"targetType": "container-instance", "attributeValue": "a"}, "attributeValue is given without attributeName"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(daemon, operation, members, words):
    if operation == "run_task":
        members = {"taskDefinition": daemon.register(), **members}
    if operation == "update_container_instances_state":
        members = {"containerInstances": [only_instance(daemon)], **members}
    for attribute in members.get("attributes", []):
        attribute["targetId"] = only_instance(daemon)
    with pytest.raises(ClientError, match=words) as refused:
        getattr(daemon.ecs, operation)(**members)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_an_instance_takes_ten_attributes_of_peoples_and_no_more(own):
    attach(own, **{f"a{number}": "x" for number in range(10)})
    with pytest.raises(ClientError) as refused:
        attach(own, b="x")
    assert refused.value.response["Error"]["Code"] == "AttributeLimitExceededException"
    with pytest.raises(ClientError) as refused:
        own.ecs.put_attributes(attributes=[{"name": "a", "value": "b", "targetId": "0" * 32, "targetType": "container-instance"}])
    assert refused.value.response["Error"]["Code"] == "TargetNotFoundException"
