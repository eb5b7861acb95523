"""What keeps failing waits longer each time, and makes nobody else wait."""

import os
import signal

import pytest

from vocabulary import container, seconds, stays, wait_for


@pytest.mark.slow
def test_a_crash_loop_slows_down_and_its_neighbour_does_not(daemon):
    definition = daemon.register(container(command=["exit", "1"]))
    family = definition.split(":")[0]
    neighbour = daemon.serve()
    with daemon.watch() as watch:
        crashing = daemon.serve(definition=definition, stable=False)
        # The first failure is made good at once, the next after 1, 2, 4 s, give or take a fifth.
        starts = wait_for("five starts", lambda: len(watch.starts(family)) >= 5 and watch.starts(family))
        gaps = [later - earlier for earlier, later in zip(starts, starts[1:5])]
        for gap, wait in zip(gaps[1:], (1, 2, 4)):
            assert gap >= 0.8 * wait, f"gaps {gaps}"

        # In the middle of it, the neighbour is healed as if nothing were.
        (old,) = daemon.tasks(neighbour)
        os.kill(daemon.container_of(old).attrs["State"]["Pid"], signal.SIGKILL)
        gone = daemon.stopped(old["taskArn"])
        daemon.stable(neighbour)
        (new,) = daemon.tasks(neighbour)
        # Until it is decided; how long the engine then takes for a container is the machine's affair.
        assert seconds(gone["executionStoppedAt"], new["createdAt"]) < gaps[-1]

        # The fifth failure is 8 s away from its replacement: the loop rests meanwhile.
        rests = lambda at: all(later - earlier >= 0.8 * 8 for earlier, later in zip(at, at[1:]))
        stays("rest", lambda: rests(watch.starts(family)[4:]), 5)
    trouble = "unable to consistently start tasks successfully"
    wait_for("trouble", lambda: any(trouble in event for event in daemon.events(crashing)))


def test_a_fresh_revision_of_a_crashing_service_starts_at_once(daemons):
    # The second failure would be made good after minutes.
    daemon = daemons(MAINSTAY_RESTART_BACKOFF="5m", MAINSTAY_RESTART_BACKOFF_MAX="5m").start()
    broken = daemon.register(container(command=["exit", "1"]))
    service = daemon.serve(definition=broken, stable=False)
    over = lambda: [task for task in daemon.tasks(service, status="STOPPED") if task["lastStatus"] == "STOPPED"]
    wait_for("two failures", lambda: len(over()) == 2)

    fixed = daemon.register(container())
    daemon.ecs.update_service(service=service, taskDefinition=fixed)

    running = lambda: [task for task in daemon.tasks(service) if task["lastStatus"] == "RUNNING"]
    (task,) = wait_for("a task that runs", running)
    assert task["taskDefinitionArn"].endswith(f"/{fixed}")
    daemon.stable(service)
