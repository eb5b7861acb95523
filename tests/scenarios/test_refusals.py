"""What is asked wrongly is refused in ECS's words, names what is wrong, and changes nothing."""

import json

import pytest

from vocabulary import container, fresh, health_check

BODY_LIMIT = 1024 * 1024


def everything(daemon):
    """All that a refused request could have changed."""
    ecs = daemon.ecs
    return {
        "clusters": ecs.list_clusters()["clusterArns"],
        "services": ecs.list_services(maxResults=100)["serviceArns"],
        "tasks": ecs.list_tasks()["taskArns"],
        "definitions": ecs.list_task_definitions()["taskDefinitionArns"],
        "instances": ecs.list_container_instances()["containerInstanceArns"],
        "containers": {found.id for found in daemon.containers(all=True)},
    }


@pytest.fixture(autouse=True)
def nothing_changes(daemon):
    before = everything(daemon)
    yield
    assert everything(daemon) == before
    assert daemon.process.poll() is None


def define(*containers, **members):
    return "RegisterTaskDefinition", {"family": "refused", "containerDefinitions": list(containers), **members}


def without(member, part):
    return {key: value for key, value in part.items() if key != member}


REFUSED = {
    "a service in an unknown cluster": (
        "CreateService", {"cluster": "nowhere", "serviceName": "a", "taskDefinition": "b", "desiredCount": 1},
        "ClusterNotFoundException", "Cluster not found",
    ),
    "tasks in an unknown cluster": (
        "RunTask", {"cluster": "nowhere", "taskDefinition": "b"}, "ClusterNotFoundException", "Cluster not found",
    ),
    "an unknown task definition": (
        "RunTask", {"taskDefinition": "nothing:1"}, "ClientException", "TaskDefinition not found",
    ),
    "an unknown service": (
        "UpdateService", {"service": "nothing", "desiredCount": 1}, "ServiceNotFoundException", "Service not found",
    ),
    "deleting an unknown service": ("DeleteService", {"service": "nothing"}, "ServiceNotFoundException", "Service not found"),
    "deleting an unknown cluster": ("DeleteCluster", {"cluster": "nothing"}, "ClusterNotFoundException", "Cluster not found"),
    "stopping an unknown task": (
        "StopTask", {"task": "0123456789abcdef0123456789abcdef"}, "InvalidParameterException", "task was not found",
    ),
    "no containers": (*define(), "ClientException", "ontainer"),
    "no family": ("RegisterTaskDefinition", {"containerDefinitions": [container()]}, None, "amily"),
    "a container without an image": (*define(without("image", container())), "ClientException", "image"),
    "a container without a name": (*define(without("name", container())), "ClientException", "name"),
    "a container without memory": (*define(without("memory", container())), "ClientException", "memory"),
    "memory 0": (*define(container(memory=0)), "ClientException", "memory"),
    "memory below its reservation": (*define(container(memoryReservation=128)), "ClientException", "memoryReservation"),
    "two containers of one name": (*define(container(), container()), "ClientException", "web"),
    "a name with a space": (*define(container("a b")), "ClientException", "name"),
    "a family with a colon": (*define(container(), family="a:b"), "ClientException", "amily"),
    "a negative cpu": (*define(container(cpu=-1)), "ClientException", "cpu"),
    "a port past the last": (*define(container(portMappings=[{"containerPort": 70000}])), "ClientException", "containerPort"),
    "an impatient health check": (*define(container(healthCheck=health_check(interval=1))), "ClientException", "interval"),
    "a health check of neither kind": (*define(container(healthCheck={"command": ["/check"]})), "ClientException", "command"),
    "no essential container": (*define(container(essential=False)), "ClientException", "essential"),
    "an unknown network mode": (*define(container(), networkMode="mesh"), None, "networkMode"),
    "a task's place constrained by what is no expression": (
        *define(container(), placementConstraints=[{"type": "memberOf", "expression": "a == b"}]),
        "ClientException", "placementConstraints[0].expression is 'a == b'; column 1",
    ),
    "a mount of an unknown volume": (
        *define(container(mountPoints=[{"sourceVolume": "a", "containerPath": "/a"}])), "ClientException", "Unknown volume 'a'",
    ),
    "a mount at no path": (
        *define(container(mountPoints=[{"sourceVolume": "a", "containerPath": "a"}]), volumes=[{"name": "a"}]),
        "ClientException", "containerPath",
    ),
    "two volumes of one name": (*define(container(), volumes=[{"name": "a"}, {"name": "a"}]), "ClientException", "'a'"),
    "a volume of two sorts": (
        *define(container(), volumes=[{"name": "a", "host": {"sourcePath": "/a"}, "dockerVolumeConfiguration": {}}]),
        "ClientException", "host and dockerVolumeConfiguration",
    ),
    "a task's volume that is made by itself": (
        *define(container(), volumes=[{"name": "a", "dockerVolumeConfiguration": {"scope": "task", "autoprovision": True}}]),
        "ClientException", "autoprovision",
    ),
    "a root that leads out of its file system": (
        *define(container(), volumes=[{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/.."}}]),
        "ClientException", "rootDirectory",
    ),
    "a volume that is configured at launch": (
        *define(container(), volumes=[{"name": "a", "configuredAtLaunch": True}]), "ClientException", "configuredAtLaunch",
    ),
    "mounts of an unknown container": (
        *define(container(volumesFrom=[{"sourceContainer": "db"}])), "ClientException", "volumesFrom[0].sourceContainer",
    ),
    "mounts of the container itself": (
        *define(container(volumesFrom=[{"sourceContainer": "web"}])), "ClientException", "itself",
    ),
    "a text for a number": (*define(container(memory="64")), "SerializationException", "memory"),
    "a text for a list": (
        "RegisterTaskDefinition", {"family": "a", "containerDefinitions": "web"}, "SerializationException", "containerDefinitions",
    ),
    "a service with a space in its name": (
        "CreateService", {"serviceName": "a b", "taskDefinition": "c", "desiredCount": 1}, "InvalidParameterException", "Service",
    ),
    "a member that ECS does not have": ("ListClusters", {"pageSize": 1}, None, "pageSize"),
    "too many tasks": ("RunTask", {"taskDefinition": "b", "count": 11}, "InvalidParameterException", "count"),
    "a list for a page size": ("ListTasks", {"maxResults": [1]}, "SerializationException", "maxResults"),
    "a page of 101": ("ListClusters", {"maxResults": 101}, "InvalidParameterException", "maxResults"),
    "a token that nobody gave": ("ListClusters", {"nextToken": "x"}, "InvalidParameterException", "oken"),
}


@pytest.mark.parametrize("operation, body, exception, word", REFUSED.values(), ids=REFUSED)
def test_refused(daemon, operation, body, exception, word):
    status, name, message = daemon.post(operation, body)
    assert status == 400
    assert name == (exception or name)
    assert name.endswith("Exception")
    assert word in message


def test_a_body_that_is_no_json_is_refused(daemon):
    for body in (b"{", b"", b"[]", b'"text"', b"{]}", b"\xff\xfe", b"[" * 100_000):
        status, name, message = daemon.post("RegisterTaskDefinition", body)
        assert (status, message is not None) == (400, True), body[:10]
        assert name in ("SerializationException", "ClientException", "InvalidParameterException"), body[:10]


def test_a_body_of_a_megabyte_is_refused(daemon):
    long = json.dumps({"family": "a" * BODY_LIMIT, "containerDefinitions": [container()]}).encode()
    status, name, message = daemon.post("RegisterTaskDefinition", long)
    assert status in (400, 413)
    assert name and message


def test_a_task_definition_over_64_kib_is_refused(daemon):
    environment = [{"name": f"N{number}", "value": "x" * 100} for number in range(700)]
    status, name, message = daemon.post(*define(container(environment=environment)))
    assert (status, name) == (400, "ClientException")
    assert "65536" in message


def test_an_operation_that_is_not_carried_out_is_named(daemon):
    asked = {"cluster": "default", "service": "a", "taskDefinition": "b"}
    status, name, message = daemon.post("CreateTaskSet", asked)
    assert (status, name) == (400, "UnsupportedFeatureException")
    assert "CreateTaskSet" in message


def test_an_operation_that_ecs_does_not_have_is_unknown(daemon):
    status, name, message = daemon.post("MakeCoffee", {})
    assert (status, name) == (400, "UnknownOperationException")
    assert "MakeCoffee" in message
    status, name, _ = daemon.post("", {}, {"X-Amz-Target": "DynamoDB_20120810.ListTables"})
    assert (status, name) == (400, "UnknownOperationException")


class TestOfAService:
    """These need one that is there, or a definition to make one of."""

    @pytest.fixture(scope="class")
    def there(self, daemon):
        """Service and definition, made once, before anything is compared."""
        definition = daemon.register()
        return daemon.serve(definition=definition, count=0), definition

    @pytest.fixture(autouse=True)
    def nothing_changes(self, there, nothing_changes):
        """In this order."""

    def test_a_negative_count_is_refused(self, daemon, there):
        service, definition = there
        asked = {"serviceName": fresh(), "taskDefinition": definition, "desiredCount": -1}
        for status, name, message in (
            daemon.post("CreateService", asked),
            daemon.post("UpdateService", {"service": service, "desiredCount": -1}),
        ):
            assert (status, name) == (400, "InvalidParameterException")
            assert "esired" in message

    def test_another_service_of_its_name_is_refused(self, daemon, there):
        service, definition = there
        asked = {"serviceName": service, "taskDefinition": definition, "desiredCount": 1}
        status, name, message = daemon.post("CreateService", asked)
        assert (status, name, message) == (400, "InvalidParameterException", "Creation of service was not idempotent.")

    def test_percentages_that_leave_no_way_are_refused(self, daemon, there):
        service, _ = there
        asked = {"service": service, "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}
        status, name, message = daemon.post("UpdateService", asked)
        assert (status, name) == (400, "InvalidParameterException")
        assert "ercent" in message
