"""Services are made, scaled, changed and deleted, through the AWS CLI and boto3 and their waiters."""

import botocore.exceptions
import pytest

from vocabulary import LABELS, container, fresh, health_check, stays, variables, wait_for


def of_revision(daemon, definition, all=False):
    family, revision = definition.split(":")
    return daemon.containers(all=all, family=family, revision=revision)


def actions(watch, family):
    """What happened to a family's containers, in order."""
    return [action for _, action, _, labels in list(watch.seen) if labels[f"{LABELS}task-definition-family"] == family]


def test_a_service_scales_up_and_to_nothing_through_the_aws_cli(daemon):
    name, definition = fresh("service"), daemon.register()
    family = definition.split(":")[0]
    made = daemon.aws(
        "create-service", "--service-name", name, "--task-definition", family, "--desired-count", 2
    )["service"]
    assert made["status"] == "ACTIVE"
    assert made["desiredCount"] == 2
    daemon.stable(name)
    daemon.aws("wait", "services-stable", "--services", name)
    assert len(daemon.containers(family=family)) == 2

    for count in (10, 0):
        updated = daemon.aws("update-service", "--service", name, "--desired-count", count)["service"]
        assert updated["desiredCount"] == count
        daemon.stable(name)
        daemon.aws("wait", "services-stable", "--services", name)
        described = daemon.service(name)
        assert (described["runningCount"], described["pendingCount"]) == (count, 0)
        # Tasks that are stopping no longer count, but their containers may take a moment.
        wait_for(f"{count} containers", lambda: len(daemon.containers(family=family)) == count)


def test_a_service_scales_up_and_to_nothing_through_boto3(daemon):
    definition = daemon.register()
    family = definition.split(":")[0]
    service = daemon.serve(definition=definition, count=2)
    first = {task["taskArn"] for task in daemon.tasks(service)}
    for count in (5, 1, 0):
        daemon.ecs.update_service(service=service, desiredCount=count)
        daemon.stable(service)
        assert daemon.service(service)["runningCount"] == count
        wait_for(f"{count} containers", lambda: len(daemon.containers(family=family)) == count)
    gone = [daemon.stopped(arn) for arn in first]
    assert {task["stopCode"] for task in gone} == {"ServiceSchedulerInitiated"}
    assert all(task["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/") for task in gone)
    assert f"(service {service}) has reached a steady state." in daemon.events(service)


@pytest.mark.parametrize("count, least, most", [(4, 100, 200), (4, 50, 100), (3, 100, 150)])
def test_a_new_revision_replaces_the_old_one_within_its_percentages(daemon, count, least, most):
    old = daemon.register(container(), family=fresh("roll"))
    family = old.split(":")[0]
    limits = {"minimumHealthyPercent": least, "maximumPercent": most}
    service = daemon.serve(definition=old, count=count, deploymentConfiguration=limits)
    new = daemon.register(container(environment=[{"name": "VERSION", "value": "2"}]), family=family)
    assert new == f"{family}:2"

    with daemon.watch() as watch:
        answer = daemon.ecs.update_service(service=service, taskDefinition=new)["service"]
        assert [d["status"] for d in answer["deployments"]] == ["PRIMARY", "ACTIVE"]
        daemon.stable(service)
        wait_for(
            "every start and death",
            lambda: actions(watch, family).count("start") == actions(watch, family).count("die") == count,
        )

    present = lowest = highest = count
    for action in actions(watch, family):
        present += 1 if action == "start" else -1
        lowest, highest = min(lowest, present), max(highest, present)
    assert lowest >= -(-count * least // 100)
    assert highest <= count * most // 100
    assert len(of_revision(daemon, new)) == count
    assert not of_revision(daemon, old)
    assert daemon.service(service)["taskDefinition"].endswith(f"/{new}")
    deployments = lambda: [(d["status"], d["rolloutState"]) for d in daemon.service(service)["deployments"]]
    wait_for("the end of the rollout", lambda: deployments() == [("PRIMARY", "COMPLETED")])


def test_a_revision_that_does_not_come_up_leaves_the_old_one_serving(daemon):
    old = daemon.register(container())
    family = old.split(":")[0]
    service = daemon.serve(definition=old, count=2)
    before = {found.id for found in of_revision(daemon, old)}
    sick = container(healthCheck=health_check(), environment=variables(PUPPET_HEALTHY="never"))
    broken = daemon.register(sick, family=family)

    daemon.ecs.update_service(service=service, taskDefinition=broken)

    wait_for("failures", lambda: any("failed container health checks" in event for event in daemon.events(service)))
    assert {found.id for found in of_revision(daemon, old)} == before
    daemon.ecs.update_service(service=service, taskDefinition=old)
    daemon.stable(service)
    assert len(of_revision(daemon, old)) == 2
    wait_for("the end of the broken ones", lambda: not of_revision(daemon, broken))


def test_a_forced_deployment_replaces_every_task(daemon):
    service = daemon.serve(count=2)
    before = {task["taskArn"] for task in daemon.tasks(service)}
    daemon.aws("update-service", "--service", service, "--force-new-deployment")
    daemon.stable(service)
    after = {task["taskArn"] for task in daemon.tasks(service)}
    assert len(after) == 2
    assert not after & before


def test_a_service_is_deleted_once_it_wants_nothing(daemon):
    definition = daemon.register()
    service = daemon.serve(definition=definition)
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        daemon.ecs.delete_service(service=service)
    assert refusal.value.response["Error"] == {
        "Code": "InvalidParameterException",
        "Message": "The service cannot be stopped while it is scaled above 0.",
    }
    assert daemon.service(service)["status"] == "ACTIVE"

    daemon.ecs.update_service(service=service, desiredCount=0)
    daemon.stable(service)
    daemon.ecs.delete_service(service=service)
    daemon.ecs.get_waiter("services_inactive").wait(services=[service], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert daemon.service(service)["status"] == "INACTIVE"


def test_a_service_is_deleted_with_its_tasks_by_force(daemon):
    definition = daemon.register()
    family = definition.split(":")[0]
    service = daemon.serve(definition=definition, count=3)

    answer = daemon.aws("delete-service", "--service", service, "--force")["service"]
    assert answer["status"] == "DRAINING"
    wait_for("INACTIVE", lambda: daemon.service(service)["status"] == "INACTIVE")
    daemon.aws("wait", "services-inactive", "--services", service)

    # INACTIVE means that nothing of it runs any more.
    assert not daemon.containers(family=family)
    assert service not in daemon.ecs.list_services()["serviceArns"]
    stays("empty", lambda: not daemon.containers(family=family), 2)
    # The name is free again.
    daemon.serve(name=service, definition=definition)


def test_services_beside_each_other_keep_their_own(daemon):
    one, two = daemon.serve(count=2), daemon.serve(count=3)
    daemon.ecs.delete_service(service=one, force=True)
    wait_for("INACTIVE", lambda: daemon.service(one)["status"] == "INACTIVE")
    assert len(daemon.tasks(two)) == 3
    assert not daemon.tasks(one)
