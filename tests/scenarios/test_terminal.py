"""What a person on call types: `mainstay status`, `tree` and `top`, in a terminal where they draw."""

import json
import os
import re
import signal

import pytest

from terminal import Screen, environment
from vocabulary import MAINSTAY, container, fresh, short, wait_for


@pytest.fixture
def screen(daemon):
    """Makes programs in terminals of their own."""
    made = []

    def make(*words):
        made.append(Screen([MAINSTAY, *words], environment(daemon)))
        return made[-1].__enter__()

    yield make
    for one in made:
        one.__exit__()


def test_one_screen_says_whether_all_is_as_desired_and_what_to_do_next(daemon):
    service = daemon.serve(count=2)
    # That a rollout is over is found out after its tasks run.
    told = "has reached a steady state."
    over = lambda: (done := daemon.mainstay("status")).returncode == 0 and told in done.stdout and done
    done = wait_for("a service that is as desired", over)
    assert "as desired; ready" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if service in line]
    assert "2 of 2" in line and "COMPLETED" in line and "has reached a steady state." in line
    greedy = daemon.serve(container(memory=10**7), stable=False)
    lacking = lambda: (done := daemon.mainstay("status")).returncode == 1 and "unable to place" in done.stdout and done
    done = wait_for("a service that is not as desired", lacking)
    assert done.stderr == f"mainstay status: not as desired; `mainstay explain {greedy}` says why\n"
    told = json.loads(daemon.mainstay("status", "--output", "json").stdout)
    (default,) = told["clusters"]
    assert {one["name"]: one["asDesired"] for one in default["services"]} == {service: True, greedy: False}
    assert default["instances"][0]["connected"] is True and told["notReady"] is None
    daemon.ecs.delete_service(service=greedy, force=True)
    wrong = daemon.mainstay("status", "--cluster", "nowhere")
    assert wrong.returncode == 64 and "there is no cluster 'nowhere'; there are: default" in wrong.stderr


def test_the_tree_is_printed_with_its_branches_and_what_is_below_a_name(daemon):
    service = daemon.serve()
    (task,) = daemon.tasks(service)
    done = daemon.mainstay("tree", service)
    assert done.returncode == 0, done.stderr
    assert f"service {service}" in done.stdout and f"└─ task {short(task['taskArn'])}" in done.stdout
    assert "placement" not in done.stdout and "placement" in daemon.mainstay("tree").stdout
    assert daemon.mainstay("tree", fresh("nobody")).returncode == 1
    refused = daemon.mainstay("tree", "--watch")
    assert refused.returncode == 64 and "needs a terminal" in refused.stderr


def test_a_tree_that_is_watched_shows_the_replacement_of_what_is_killed(daemon, screen):
    service = daemon.serve()
    (task,) = daemon.tasks(service)
    watched = screen("tree", "--watch", service)
    watched.has(f"service {service}", short(task["taskArn"]))
    os.kill(daemon.container_of(task).attrs["State"]["Pid"], signal.SIGKILL)
    watched.has_not(short(task["taskArn"]))
    daemon.stopped(task["taskArn"])
    daemon.stable(service)
    (replacement,) = daemon.tasks(service)
    watched.has(short(replacement["taskArn"]))
    watched.type("q")
    assert watched.ends() == 0 and not watched.is_raw()


def test_top_sorts_filters_and_leads_to_logs_and_reasons(daemon, screen):
    service, other = daemon.serve(count=2), daemon.serve(container(command=["tick"]))
    top = screen("top", "--interval", "1")
    top.has("1 Services", "SERVICE↑", service, other, "has reached a steady state.")
    top.type(f"/{other}\r")
    top.has_not(service)
    top.type("x")
    top.has("task of 1 wanted run", "Enter goes back")
    top.type("\r")
    top.has("SERVICE↑", other)
    top.type("l")
    top.has("tick 2")
    top.type("\x03")
    top.has("Enter goes back")
    top.type("\r")
    top.has("SERVICE↑", other)
    top.type("2")
    top.has("TASK↑", *[short(task["taskArn"])[:8] for task in daemon.tasks(service)])
    top.type("3")
    top.has("INSTANCE↑", "ACTIVE")
    top.type("?")
    top.has("Any key goes back.")
    top.type("qq")
    assert top.ends() == 0 and not top.is_raw()
    # What was on the terminal before is there again.
    top.has_not("SERVICE↑")


def test_top_shows_what_a_busy_container_uses(daemon, screen):
    little = {"logDriver": "json-file", "options": {"max-size": "1m"}}
    busy = container("busy", cpu=256, command=["tick", "--every", "0.001"], logConfiguration=little)
    service = daemon.serve(busy, container("full", memory=128, command=["eat", "40"]))
    (task,) = daemon.tasks(service)
    used = lambda line: (found := re.search(line, top.text())) and float(found[1]) > 0 and float(found[2]) >= 40
    top = screen("top", "--interval", "1")
    wait_for("what the service uses", lambda: used(rf"{service} +default +1 +1 +([\d.]+) +([\d.]+) "), limit=120)
    top.type("2")
    wait_for("what its task uses", lambda: used(rf"{short(task['taskArn'])[:8]}.* ([\d.]+) of 256 +([\d.]+) of 192 "))
    top.type("3")
    wait_for("what the instance's tasks use", lambda: used(r"ACTIVE .* ([\d.]+) of \d+ +([\d.]+) of \d+ "))
    daemon.ecs.delete_service(service=service, force=True)
