"""Where tasks go on two hundred hosts, and when they leave: `mainstay sim` with the AWS clients. No engine is needed."""

import collections

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
