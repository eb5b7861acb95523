"""A container that ended is started again in place where its restart policy says so."""

import pytest

from vocabulary import LIMIT, container, get, stays, wait_for


def counted(daemon):
    """Starts in place that this run of the daemon has counted."""
    lines = get(f"{daemon.url}/metrics")[1].splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("mainstay_container_restarts_total{"))


# ECS's shortest restartAttemptPeriod is a minute.
@pytest.mark.slow
def test_what_ran_for_its_period_is_started_again_in_place_also_by_a_daemon_that_was_away(daemons):
    daemon = daemons().start()
    policy = {"enabled": True, "ignoredExitCodes": [7], "restartAttemptPeriod": 60}
    long = daemon.run(container(command=["exit", "1", "--after", "61"], restartPolicy=policy))
    longer = daemon.run(container(command=["exit", "1", "--after", "80"], restartPolicy=policy))
    ignored = daemon.run(container(command=["exit", "7"], restartPolicy=policy))
    soon = daemon.run(container(command=["exit", "1", "--after", "1"], restartPolicy=policy))
    before = {arn: daemon.container_of(daemon.running(arn)) for arn in (long, longer)}
    # Neither an ignored code nor an end within the period is followed by another run.
    for arn, code in ((ignored, 7), (soon, 1)):
        task = daemon.stopped(arn)
        assert (task["containers"][0]["exitCode"], task["stopCode"]) == (code, "EssentialContainerExited")

    def runs_again(arn):
        seen = daemon.engine.containers.get(before[arn].id).attrs["State"]
        return seen["Running"] and seen["StartedAt"] > before[arn].attrs["State"]["StartedAt"]

    wait_for("the second run", lambda: runs_again(long))
    wait_for("the count of it", lambda: counted(daemon) == 1)
    # What was read is on disk: the next daemon does not count it again.
    daemon.task(long)
    daemon.kill()
    wait_for("the other one's end", lambda: not daemon.engine.containers.get(before[longer].id).attrs["State"]["Running"], LIMIT)
    daemon.start()
    wait_for("its second run", lambda: runs_again(longer))
    for arn in (long, longer):
        task = daemon.task(arn)
        assert (task["lastStatus"], task["containers"][0]["runtimeId"]) == ("RUNNING", before[arn].id)
    wait_for("the count of it", lambda: counted(daemon) == 1)
    # What shall stop does not come back.
    daemon.ecs.stop_task(task=long)
    assert daemon.stopped(long)["containers"][0]["exitCode"] == 143
    stays("its end", lambda: not daemon.engine.containers.get(before[long].id).attrs["State"]["Running"], 1)
