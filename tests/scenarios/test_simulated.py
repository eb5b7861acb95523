"""Where tasks go on two hundred hosts, and when they leave: `mainstay sim` with the AWS clients. No engine is needed."""

import collections
import json

import pytest

from vocabulary import container, fresh, mainstay, short, stays, wait_for

ZONES = "zone=a,b,c"


def binpack(field):
    return {"type": "binpack", "field": field}


def spread(field):
    return {"type": "spread", "field": field}


def member_of(expression):
    return {"type": "memberOf", "expression": expression}


def statuses(daemon):
    return collections.Counter(one["status"] for one in daemon.instances())


@pytest.fixture
def fleet(simulations):
    """200 hosts in three zones, every second with a disk of its own."""
    return simulations(200, ZONES, "disk=ssd,hdd")


def test_the_hosts_are_there_as_asked_for_and_come_back_with_their_tasks_replaced(fleet):
    hosts = fleet.instances()
    assert len(hosts) == 200
    zones = collections.Counter(
        fact["value"] for one in hosts for fact in one["attributes"] if fact["name"] == "ecs.availability-zone"
    )
    assert zones == {"a": 67, "b": 67, "c": 66}
    amounts = {one["name"]: one["integerValue"] for one in hosts[0]["registeredResources"]}
    assert (amounts["CPU"], amounts["MEMORY"]) == (2048, 4096)
    name = fleet.serve(count=20)
    before = {task["taskArn"] for task in fleet.tasks(name)}
    fleet.kill()
    fleet.start()
    assert len(fleet.instances()) == 200
    wait_for("as many others", lambda: len({task["taskArn"] for task in fleet.tasks(name)} - before) == 20)
    fleet.stable(name)


def test_strategies_put_tasks_where_they_say(fleet):
    definition = fleet.register(container(memory=1024))
    even = fleet.serve(definition=definition, count=100, stable=False)
    by_rack = fleet.serve(
        definition=definition,
        count=50,
        stable=False,
        placementStrategy=[spread("attribute:ecs.availability-zone"), binpack("memory")],
    )
    by_chance = fleet.serve(definition=definition, count=60, stable=False, placementStrategy=[{"type": "random"}])
    fleet.stable(even, by_rack, by_chance)
    for name in (even, by_rack):
        zones = fleet.spread(fleet.tasks(name))
        assert max(zones.values()) - min(zones.values()) <= 1, zones
    # A hundred tasks over two hundred hosts: nobody has a second one of its own.
    assert set(fleet.spread(fleet.tasks(even), by="instance").values()) == {1}
    hosts = fleet.spread(fleet.tasks(by_chance), by="instance")
    assert sum(hosts.values()) == 60 and len(hosts) > 30, hosts


def test_binpack_uses_the_fewest_hosts(fleet):
    # Four of 1024 MiB fill a host.
    definition = fleet.register(container(memory=1024))
    name = fleet.serve(definition=definition, count=42, placementStrategy=[binpack("memory")])
    hosts = fleet.spread(fleet.tasks(name), by="instance")
    assert sorted(hosts.values()) == [2] + [4] * 10, hosts


def test_constraints_leave_hosts_out_and_a_task_that_has_none_left_says_so(fleet):
    apart = fleet.serve(
        count=150, stable=False, placementConstraints=[{"type": "distinctInstance"}], placementStrategy=[binpack("cpu")]
    )
    on_ssd = fleet.serve(
        count=30, stable=False, placementConstraints=[member_of("attribute:disk == ssd and attribute:ecs.availability-zone != c")]
    )
    fleet.stable(apart, on_ssd)
    assert set(fleet.spread(fleet.tasks(apart), by="instance").values()) == {1}
    assert set(fleet.spread(fleet.tasks(on_ssd), by="disk")) == {"ssd"}
    assert set(fleet.spread(fleet.tasks(on_ssd))) == {"a", "b"}
    fleet.ecs.update_service(service=apart, desiredCount=201)
    words = 'encountered error "DistinctInstance placement constraint unsatisfied."'
    wait_for("the reason", lambda: any(words in event for event in fleet.events(apart)))
    wait_for("two hundred", lambda: fleet.service(apart)["runningCount"] == 200)
    answer = fleet.ecs.run_task(
        taskDefinition=fleet.register(), placementConstraints=[member_of("attribute:disk == tape")]
    )
    assert [one["reason"] for one in answer["failures"]] == ["MemberOf placement constraint unsatisfied."]


def test_a_daemon_has_one_task_on_each_host_that_is_there(simulations):
    hosts = simulations(12, ZONES)
    name = hosts.serve(count=None, definition=hosts.register(), schedulingStrategy="DAEMON")
    assert sorted(hosts.spread(hosts.tasks(name), by="instance").values()) == [1] * 12
    hosts.set_status("attribute:ecs.availability-zone == c", "DRAINING")
    wait_for("eight", lambda: hosts.service(name)["desiredCount"] == 8 and len(hosts.tasks(name)) == 8)
    hosts.stable(name)
    assert set(hosts.spread(hosts.tasks(name))) == {"a", "b"}
    hosts.stop()
    # Two more hosts than before.
    hosts.flags = ("--instances", "14", *hosts.flags[2:])
    hosts.start()
    wait_for("ten", lambda: hosts.service(name)["desiredCount"] == 10)
    hosts.stable(name)
    assert set(hosts.spread(hosts.tasks(name), by="instance").values()) == {1}


def test_hosts_that_drain_are_left_within_the_percentages(fleet):
    name = fleet.serve(
        count=60, deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 110}
    )
    fleet.set_status("attribute:ecs.availability-zone == a", "DRAINING")
    assert statuses(fleet) == {"ACTIVE": 133, "DRAINING": 67}
    fewest = []

    def moved():
        fewest.append(fleet.service(name)["runningCount"])
        return "a" not in fleet.spread(fleet.tasks(name))

    wait_for("nobody in zone a", moved, every=0.05)
    assert 60 <= min(fewest) and max(fewest) <= 66, fewest
    fleet.stable(name)


def test_starts_and_runs_fail_as_often_as_asked_for(simulations):
    hosts = simulations(4, failing_starts=1)
    task = hosts.stopped(hosts.run())
    assert (task["stopCode"], task["containers"][0]["reason"]) == (
        "TaskFailedToStart", "CannotStartContainerError: simulated"
    )
    hosts = simulations(4, failing_runs=1, run=200)
    task = hosts.stopped(hosts.run())
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 1)


def test_what_a_simulation_cannot_be_is_refused():
    for flags, sign in (
        (["--cpu", "1000"], "multiple of 1024"),
        (["--attribute", "zone"], "zone=a,b,c"),
        (["--failing-starts", "2"], "0 to 1"),
    ):
        done = mainstay("sim", *flags)
        assert done.returncode == 64 and sign in done.stderr, done.stderr


GROUP = "mainstay.auto-scaling-group"


def provide(daemon, name, group):
    daemon.ecs.create_capacity_provider(name=name, autoScalingGroupProvider={"autoScalingGroupArn": group})


def by(provider, weight, base=0):
    return {"capacityProvider": provider, "weight": weight, "base": base}


def split(tasks):
    """How many tasks are of which capacity provider."""
    return dict(collections.Counter(task["capacityProviderName"] for task in tasks))


def test_capacity_providers_share_a_service_out_and_keep_to_their_hosts(simulations):
    hosts = simulations(40, ZONES, f"{GROUP}=big,small")
    provide(hosts, "big", "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:1:autoScalingGroupName/big")
    provide(hosts, "small", "small")
    default = [by("big", 1, base=2), by("small", 4)]
    hosts.aws(
        "put-cluster-capacity-providers", "--cluster", "default", "--capacity-providers", "big", "small", "FARGATE",
        "--default-capacity-provider-strategy", *(",".join(f"{key}={value}" for key, value in one.items()) for one in default),
    )
    assert collections.Counter(one.get("capacityProviderName") for one in hosts.instances()) == {"big": 20, "small": 20}
    name = hosts.serve(count=12)
    assert hosts.service(name)["capacityProviderStrategy"] == default
    assert split(hosts.tasks(name)) == {"big": 4, "small": 8}
    assert hosts.spread([task for task in hosts.tasks(name) if task["capacityProviderName"] == "big"], by=GROUP) == {"big": 4}
    assert split(hosts.ecs.run_task(taskDefinition=hosts.register(), count=7)["tasks"]) == {"big": 3, "small": 4}
    hosts.ecs.update_service(service=name, desiredCount=7)
    hosts.stable(name)
    assert split(hosts.tasks(name)) == {"big": 3, "small": 4}
    hosts.ecs.update_service(service=name, taskDefinition=hosts.register())
    hosts.stable(name)
    assert split(hosts.tasks(name)) == {"big": 3, "small": 4}
    hosts.kill()
    hosts.start()
    wait_for("the same split", lambda: split(hosts.tasks(name)) == {"big": 3, "small": 4})
    with pytest.raises(hosts.ecs.exceptions.ResourceInUseException):
        hosts.ecs.put_cluster_capacity_providers(
            cluster="default", capacityProviders=["big"], defaultCapacityProviderStrategy=[]
        )
    with pytest.raises(hosts.ecs.exceptions.ClientException, match="associated with cluster: default"):
        hosts.ecs.delete_capacity_provider(capacityProvider="small")


def test_zones_become_even_again_once_a_zone_is_back(simulations):
    hosts = simulations(30, ZONES)
    name = hosts.serve(count=9)
    assert hosts.service(name)["availabilityZoneRebalancing"] == "ENABLED"
    hosts.set_status("attribute:ecs.availability-zone == c", "DRAINING")
    wait_for("nobody in zone c", lambda: set(hosts.spread(hosts.tasks(name))) == {"a", "b"})
    hosts.stable(name)
    hosts.set_status("attribute:ecs.availability-zone == c", "ACTIVE")
    fewest = []

    def even():
        fewest.append(hosts.service(name)["runningCount"])
        return hosts.spread(hosts.tasks(name)) == {"a": 3, "b": 3, "c": 3}

    wait_for("three in each zone", even, every=0.05)
    assert min(fewest) >= 9, fewest
    told = "is AZ balanced with 3 tasks in a, 3 tasks in b, 3 tasks in c."
    wait_for("that it is told", lambda: any(told in event for event in hosts.events(name)))


def explained(daemon, subject, *words):
    done = daemon.mainstay("explain", subject, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def points(daemon, subject):
    """What is told of it for programs: the words of its points, the weightiest first."""
    return [point["kind"] for point in json.loads(explained(daemon, subject, "--output", "json"))["points"]]


def test_it_is_explained_why_a_service_does_not_run(simulations):
    hosts = simulations(12, ZONES)
    hosts.set_status("attribute:ecs.availability-zone == c", "DRAINING")
    well = hosts.serve(count=2)
    words = "2 tasks of 2 wanted run, and all is as it shall be.\n"
    wait_for("that all is well", lambda: explained(hosts, well) == words)
    large = hosts.serve(container(memory=5000), stable=False)
    counts = "of 12 container instances 8 lack memory, 4 take no new tasks (DRAINING). The closest matching"
    wait_for("that nobody has the memory", lambda: counts in explained(hosts, large))
    assert "needs 5000 MiB" in explained(hosts, large)
    nowhere = hosts.serve(stable=False, placementConstraints=[member_of("attribute:disk == tape")])
    wait_for("the constraint", lambda: "8 fail memberOf(attribute:disk == tape)" in explained(hosts, nowhere))
    assert points(hosts, nowhere) == ["PLACEMENT"]
    # The answer to a person's change: at once, it has a place.
    hosts.ecs.update_service(service=nowhere, placementConstraints=[])
    hosts.stable(nowhere)
    wait_for("nothing to say", lambda: points(hosts, nowhere) == [])
    [task] = hosts.tasks(nowhere)
    said = explained(hosts, short(task["taskArn"]))
    assert said.startswith("It has run for ") and "its place is host sim-" in said, said
    hosts.ecs.stop_task(task=task["taskArn"], reason="by hand")
    hosts.stopped(task["taskArn"])
    assert "(UserInitiated): somebody stopped it: by hand." in explained(hosts, task["taskArn"])
    refused = hosts.mainstay("explain", "nobody")
    assert refused.returncode == 1 and "there is no service nobody in cluster default" in refused.stderr


def test_it_is_explained_that_a_slot_backs_off_and_that_a_circuit_breaker_tripped(simulations):
    hosts = simulations(4, failing_starts=1)
    name = hosts.serve(stable=False)
    wait_for("its backing off", lambda: points(hosts, name)[:2] == ["BACKING_OFF", "START"])
    assert "CannotStartContainerError: simulated" in explained(hosts, name)
    breaker = {"enable": True, "rollback": False}
    broken = hosts.serve(
        stable=False, count=4, deploymentConfiguration={"deploymentCircuitBreaker": breaker}
    )
    wait_for("the circuit breaker", lambda: points(hosts, broken)[:1] == ["CIRCUIT_BREAKER"])
    assert "was given up, and starts no more tasks: ECS deployment circuit breaker" in explained(hosts, broken)


def test_it_is_explained_that_a_service_waits_for_a_draining_instance(simulations):
    hosts = simulations(1)
    name = hosts.serve(count=2)
    hosts.set_status("attribute:ecs.os-type == linux", "DRAINING")
    wait_for("what it waits for", lambda: {"DRAINING", "PLACEMENT"} <= set(points(hosts, name)))
    said = explained(hosts, name)
    assert "2 tasks on DRAINING instances" in said and "stay until others serve in their stead" in said, said
    [task, _] = hosts.tasks(name)
    assert ", which is DRAINING" in explained(hosts, task["taskArn"])
