"""Tags that come and go after what they are on was made."""

import pytest
from botocore.exceptions import ClientError

from vocabulary import container, fresh, health_check, stays, wait_for

TAG = "mainstay:on-unhealthy"


def tags(daemon, arn):
    """A resource's tags by their keys."""
    return {tag["key"]: tag.get("value") for tag in daemon.ecs.list_tags_for_resource(resourceArn=arn)["tags"]}


def pairs(**tags):
    return [{"key": key, "value": value} for key, value in tags.items()]


def test_whatever_can_be_tagged_is_and_keeps_its_tags_through_a_kill(daemons):
    daemon = daemons().start()
    definition = daemon.register()
    name = daemon.serve(definition=definition, tags=pairs(team="old"))
    (task,) = daemon.tasks(name)
    (instance,) = daemon.ecs.list_container_instances()["containerInstanceArns"]
    arns = [
        daemon.ecs.describe_clusters()["clusters"][0]["clusterArn"],
        daemon.service(name)["serviceArn"],
        task["taskArn"],
        instance,
        task["taskDefinitionArn"],
    ]
    for arn in arns:
        daemon.ecs.tag_resource(resourceArn=arn, tags=pairs(team="shop", stage="test"))
        daemon.ecs.untag_resource(resourceArn=arn, tagKeys=["stage", "nothing"])
    daemon.kill()
    daemon.start()
    assert [tags(daemon, arn) for arn in arns] == [{"team": "shop"}] * 5
    ecs, expected = daemon.ecs, pairs(team="shop")
    assert ecs.describe_clusters(include=["TAGS"])["clusters"][0]["tags"] == expected
    assert ecs.describe_services(services=[name], include=["TAGS"])["services"][0]["tags"] == expected
    assert ecs.describe_tasks(tasks=[task["taskArn"]], include=["TAGS"])["tasks"][0]["tags"] == expected
    (described,) = ecs.describe_container_instances(containerInstances=[instance], include=["TAGS"])["containerInstances"]
    assert described["tags"] == expected
    assert ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])["tags"] == expected
    # As a person does it.
    daemon.aws("tag-resource", "--resource-arn", arns[1], "--tags", "key=team,value=desk")
    assert daemon.aws("list-tags-for-resource", "--resource-arn", arns[1])["tags"] == pairs(team="desk")
    # No task was touched.
    assert [one["taskArn"] for one in daemon.tasks(name)] == [task["taskArn"]]
    with pytest.raises(ClientError, match="The specified service does not exist") as refusal:
        ecs.tag_resource(resourceArn=arns[1].replace(name, fresh()), tags=pairs(team="shop"))
    assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_sick_task_goes_as_soon_as_its_services_tag_no_longer_holds_it(daemon):
    name = daemon.serve(container(healthCheck=health_check()), tags=pairs(**{TAG: "report"}))
    healthy = lambda: [one for one in daemon.tasks(name) if one["healthStatus"] == "HEALTHY"]
    (task,) = wait_for("a task that is well", healthy)
    daemon.ask(task, "/unhealthy")
    arn = task["taskArn"]
    wait_for("UNHEALTHY", lambda: daemon.task(arn)["healthStatus"] == "UNHEALTHY")
    stays("RUNNING", lambda: daemon.task(arn)["desiredStatus"] == "RUNNING", 2)

    daemon.ecs.untag_resource(resourceArn=daemon.service(name)["serviceArn"], tagKeys=[TAG])

    gone = daemon.stopped(arn)
    assert gone["stoppedReason"] == "Task failed container health checks"
    wait_for("another in its stead", healthy)
    daemon.ecs.delete_service(service=name, force=True)
