"""Lists, pages, descriptions and failures, as ECS's clients read them."""

import pytest

from vocabulary import container, fresh, wait_for


def test_what_is_not_there_is_a_failure_not_an_error(daemon):
    nothing = "0123456789abcdef0123456789abcdef"
    described = {
        "clusters": daemon.aws("describe-clusters", "--clusters", "nowhere"),
        "services": daemon.aws("describe-services", "--services", "nothing"),
        "tasks": daemon.aws("describe-tasks", "--tasks", nothing),
        "containerInstances": daemon.aws("describe-container-instances", "--container-instances", nothing),
    }
    for kind, answer in described.items():
        assert answer[kind] == [], kind
        (failure,) = answer["failures"]
        assert failure["reason"] == "MISSING"
        assert failure["arn"].startswith(f"arn:aws:ecs:us-east-1:{daemon.account}:")


def test_what_is_there_is_described_beside_what_is_not(daemon):
    service = daemon.serve(count=0)
    answer = daemon.ecs.describe_services(services=["nothing", service])
    assert [found["serviceName"] for found in answer["services"]] == [service]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_together_are_the_whole_list(daemon, size):
    family = fresh("paged")
    for _ in range(5):
        daemon.register(family=family)
    pages = daemon.ecs.get_paginator("list_task_definitions").paginate(
        familyPrefix=family, PaginationConfig={"PageSize": size}
    )
    pages = [page["taskDefinitionArns"] for page in pages]
    assert all(len(page) <= size for page in pages)
    revisions = [int(arn.rsplit(":", 1)[1]) for page in pages for arn in page]
    assert revisions == [1, 2, 3, 4, 5]


def test_tasks_are_paged_and_filtered(daemon):
    definition = daemon.register()
    family = definition.split(":")[0]
    service = daemon.serve(definition=definition, count=3)
    other = daemon.run(definition=definition, startedBy="somebody")
    pages = daemon.ecs.get_paginator("list_tasks").paginate(family=family, PaginationConfig={"PageSize": 2})
    arns = [arn for page in pages for arn in page["taskArns"]]
    assert len(arns) == len(set(arns)) == 4
    listed = lambda **members: set(daemon.ecs.list_tasks(**members)["taskArns"])
    assert listed(startedBy="somebody") == {other}
    assert listed(serviceName=service) == set(arns) - {other}
    daemon.ecs.stop_task(task=other)
    daemon.stopped(other)
    assert listed(family=family, desiredStatus="STOPPED") == {other}
    assert other not in listed(family=family)


def test_services_and_families_are_listed_by_the_aws_cli(daemon):
    names = sorted(daemon.serve(count=0) for _ in range(3))
    listed = daemon.aws("list-services", "--page-size", 2)["serviceArns"]
    assert [name for name in names if any(arn.endswith(f"/default/{name}") for arn in listed)] == names
    family = daemon.register(family=fresh("kin")).split(":")[0]
    assert daemon.aws("list-task-definition-families", "--family-prefix", family)["families"] == [family]


def test_clusters_are_made_described_and_deleted(daemon):
    name = fresh("cluster")
    made = daemon.aws("create-cluster", "--cluster-name", name, "--tags", "key=team,value=one")["cluster"]
    assert (made["clusterName"], made["status"]) == (name, "ACTIVE")
    # Made twice it is the same.
    again = daemon.ecs.create_cluster(clusterName=name)["cluster"]
    assert again["clusterArn"] == made["clusterArn"]
    assert made["clusterArn"] in daemon.ecs.list_clusters()["clusterArns"]
    described = daemon.ecs.describe_clusters(clusters=[name], include=["TAGS"])["clusters"][0]
    assert described["tags"] == [{"key": "team", "value": "one"}]
    assert daemon.aws("delete-cluster", "--cluster", name)["cluster"]["status"] == "INACTIVE"
    assert made["clusterArn"] not in daemon.ecs.list_clusters()["clusterArns"]


def test_a_cluster_that_holds_something_is_not_deleted(daemon):
    daemon.serve()
    status, name, _ = daemon.post("DeleteCluster", {"cluster": "default"})
    assert status == 400
    assert name in ("ClusterContainsServicesException", "ClusterContainsTasksException", "ClusterContainsContainerInstancesException")


def test_this_host_is_a_container_instance_with_what_is_left_of_it(daemon):
    def instance():
        (arn,) = daemon.ecs.list_container_instances()["containerInstanceArns"]
        return daemon.ecs.describe_container_instances(containerInstances=[arn])["containerInstances"][0]

    def memory(kind):
        return next(part["integerValue"] for part in instance()[kind] if part["name"] == "MEMORY")

    assert (instance()["status"], instance()["agentConnected"]) == ("ACTIVE", True)
    left = memory("remainingResources")
    assert left <= memory("registeredResources")
    arn = daemon.run(container(memory=256))
    daemon.running(arn)
    assert memory("remainingResources") == left - 256
    daemon.ecs.stop_task(task=arn)
    daemon.stopped(arn)
    wait_for("memory given back", lambda: memory("remainingResources") == left)


def test_tags_are_described_where_they_are_asked_for(daemon):
    tags = [{"key": "team", "value": "one"}, {"key": "stage", "value": "test"}]
    definition = daemon.register(tags=tags)
    service = daemon.serve(definition=definition, tags=tags, propagateTags="SERVICE")
    (task,) = daemon.tasks(service)
    in_order = lambda described: sorted(described, key=lambda tag: tag["key"], reverse=True)
    described = daemon.ecs.describe_services(services=[service], include=["TAGS"])["services"][0]
    assert in_order(described["tags"]) == tags
    assert in_order(daemon.ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])["tags"]) == tags
    described = daemon.ecs.describe_tasks(tasks=[task["taskArn"]], include=["TAGS"])["tasks"][0]
    assert in_order(described["tags"]) == tags
    assert not daemon.service(service).get("tags")
