"""What containers print, as a person reads it with `mainstay logs`."""

import json
import os
import signal
import subprocess
import threading

import pytest

from vocabulary import LIMIT, MAINSTAY, container, get, short, wait_for

TICKING = {"command": ["tick", "--every", "0.2"]}


def environment(daemon):
    return {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_ECS": daemon.url}


def logs(daemon, *words, code=0):
    """`mainstay logs …`: what it printed, line by line; what it complained of, where it ends with another code."""
    done = subprocess.run(
        [MAINSTAY, "logs", *map(str, words)], env=environment(daemon), capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout.splitlines() if code == 0 else done.stderr


class Following:
    """A `mainstay logs --follow` in the background."""

    def __init__(self, daemon, *words):
        self.process = subprocess.Popen(
            [MAINSTAY, "logs", "--follow", "--output", "json", *map(str, words)],
            env=environment(daemon),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def ends(self):
        """What it ends with by itself."""
        code = self.process.wait(LIMIT)
        self.reader.join(LIMIT)
        return code

    def messages(self, task, stream="stdout"):
        return [line["message"] for line in list(self.lines) if line.get("task") == task and line["stream"] == stream]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def counted(word, lines):
    """`word 1` to `word N` in order, each once."""
    return lines == [f"{word} {n}" for n in range(1, len(lines) + 1)]


def printed(daemon, *lines, **members):
    """A task that printed these and is over; its id."""
    return short(daemon.stopped(daemon.run(container(command=["print", *lines], **members)))["taskArn"])


def test_a_stopped_task_shows_what_it_printed_on_both_streams_to_its_last_line(daemon):
    long = "x" * 40_000
    task = printed(daemon, "first", "", long, "--stderr", "oops")
    assert sorted(logs(daemon, task)) == sorted(["first", "", long, "oops"])
    told = [json.loads(line) for line in logs(daemon, task, "--output", "json")]
    assert {(line["stream"], line["message"]) for line in told} == {
        ("stdout", "first"), ("stdout", ""), ("stdout", long), ("stderr", "oops"),
    }
    assert {(line["task"], line["container"]) for line in told} == {(task, "web")}
    assert [line["timestamp"] for line in told] == sorted(line["timestamp"] for line in told)
    arn = daemon.task(task)["taskArn"]
    assert sorted(logs(daemon, arn, "--timestamps")) == sorted(f"{line['timestamp']} {line['message']}" for line in told)


def test_since_and_tail_leave_out_what_is_older(daemon):
    task = short(daemon.running(daemon.run(container(**TICKING)))["taskArn"])
    told = wait_for("ticks", lambda: logs(daemon, task, "--output", "json")[8:] and logs(daemon, task, "--output", "json"))
    middle = json.loads(told[5])["timestamp"]
    since = [json.loads(line) for line in logs(daemon, task, "--since", middle, "--output", "json")]
    assert since[0] == json.loads(told[5])
    assert logs(daemon, task, "--since", "1h")[:2] == logs(daemon, task)[:2]
    last = logs(daemon, task, "--tail", 3)
    assert len(last) == 3 and last[-1] not in ("tick 1", "tock 1")
    daemon.ecs.stop_task(task=daemon.task(task)["taskArn"])
    daemon.stopped(daemon.task(task)["taskArn"])
    assert logs(daemon, task, "--since", "0s") == []


def test_a_followed_task_is_shown_whole_and_its_end_ends_it(daemon):
    task = daemon.running(daemon.run(container(**TICKING)))
    with Following(daemon, task["taskArn"]) as following:
        id = short(task["taskArn"])
        wait_for("ticks", lambda: len(following.messages(id)) > 5)
        daemon.ecs.stop_task(task=task["taskArn"])
        assert following.ends() == 0
        for word, stream in (("tick", "stdout"), ("tock", "stderr")):
            assert counted(word, following.messages(id, stream))
        assert following.messages(id)[-1] == [line for line in logs(daemon, id) if line.startswith("tick")][-1]


def test_a_followed_service_goes_on_with_the_tasks_that_come_later(daemon):
    name = daemon.serve(container(**TICKING), count=1)
    (first,) = daemon.tasks(name)
    wait_for("lines that the tail leaves out", lambda: logs(daemon, short(first["taskArn"]))[4:])
    with Following(daemon, "--service", name, "--tail", 1) as following:
        wait_for("ticks", lambda: len(following.messages(short(first["taskArn"]))) > 3)
        assert following.messages(short(first["taskArn"]))[0] != "tick 1"
        daemon.ecs.update_service(service=name, desiredCount=3)
        daemon.stable(name)
        later = {short(task["taskArn"]) for task in daemon.tasks(name)} - {short(first["taskArn"])}
        assert len(later) == 2
        for task in later:
            wait_for("ticks of a later task", lambda: len(following.messages(task)) > 3)
            assert counted("tick", following.messages(task)), "from the first line on, whatever --tail says"
        daemon.ecs.delete_service(service=name, force=True)
        assert following.ends() == 0


def test_the_lines_of_several_containers_come_in_the_order_of_time_and_say_whose_they_are(daemon):
    parts = [container(name, **TICKING) for name in ("web", "side")]
    task = short(daemon.running(daemon.run(*parts))["taskArn"])
    whose = lambda lines: {line.split(" | ")[0] for line in lines}

    def of_both():
        lines = logs(daemon, task, "--timestamps")
        return len(lines) > 20 and len(whose(lines)) > 1 and lines

    lines = wait_for("ticks of both", of_both)
    assert whose(lines) == {f"web/{task[:8]}", f"side/{task[:8]}"}
    times = [line.split(" | ")[1].split()[0] for line in lines]
    assert times == sorted(times)
    of_side = lambda: {line.split()[0] for line in logs(daemon, task, "--container", "side")}
    wait_for("tick and tock", lambda: len(of_side()) > 1)
    assert of_side() == {"tick", "tock"}


def test_a_service_is_read_with_the_tasks_that_have_stopped(daemon):
    name = daemon.serve(container(command=["tick", "--every", "0.1"]), count=1)
    (first,) = daemon.tasks(name)
    daemon.ecs.stop_task(task=first["taskArn"])
    daemon.stopped(first["taskArn"])
    both = wait_for(
        "a second task",
        lambda: len({json.loads(line)["task"] for line in logs(daemon, name, "--output", "json")}) > 1,
    )
    assert both
    daemon.ecs.delete_service(service=name, force=True)


def test_a_task_whose_containers_are_gone_says_so_and_ends_with_1(daemon):
    task = printed(daemon, "hello")
    daemon.container_of(daemon.task(task)).remove(force=True)
    said = logs(daemon, task, code=1)
    assert f"task {task} is STOPPED" in said and "containers are gone" in said and "agent.cleanup-wait" in said


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["nobody"], 1, "there is no service nobody in cluster default"),
        (["0" * 32], 1, "there is no task " + "0" * 32),
        (["web", "--cluster", "nowhere"], 1, "there is no cluster nowhere"),
        ([], 64, "required"),
        (["web", "--since", "noon"], 64, "since is 'noon'; it must be a time"),
        (["web", "--tail", "few"], 64, "invalid value 'few'"),
        (["web", "--endpoint-url", "http://127.0.0.1:1"], 69, "no answer from http://127.0.0.1:1"),
        (["web", "--endpoint-url", "ftp://box"], 64, "the endpoint is 'ftp://box'"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words_and_with_a_code_for_scripts(daemon, words, code, said):
    assert said in logs(daemon, *words, code=code)


def test_a_terminals_lines_are_lines(daemon):
    task = printed(daemon, "one", "two", "--stderr", "three", pseudoTerminal=True)
    told = [json.loads(line) for line in logs(daemon, task, "--output", "json")]
    assert [(line["stream"], line["message"]) for line in told] == [("stdout", word) for word in ("one", "two", "three")]
    assert logs(daemon, task, "--tail", 1) == ["three"]


def test_the_daemons_own_endpoint_answers_with_json_lines_or_with_a_status_that_says_why(daemon):
    task = printed(daemon, "hello")
    status, text = get(f"{daemon.url}/v1/logs?task={task}")
    assert status == 200 and json.loads(text)["message"] == "hello"
    for query, expected, said in [
        ("", 400, "name a task or a service"),
        ("service=web&lines=3", 400, "there is no parameter lines"),
        ("service=nobody", 404, "there is no service nobody"),
        (f"task={task}&container=db", 404, "there is no container db; there are web"),
    ]:
        status, text = get(f"{daemon.url}/v1/logs?{query}")
        assert status == expected and said in json.loads(text)["error"], text
    daemon.container_of(daemon.task(task)).remove(force=True)
    assert get(f"{daemon.url}/v1/logs?task={task}")[0] == 410


def test_a_control_plane_without_an_engine_says_so(daemons):
    daemon = daemons("server").start()
    daemon.ecs.create_cluster(clusterName="default")
    assert "reaches no container engine" in logs(daemon, "web", code=69)


def test_a_log_that_the_engine_does_not_keep_is_told_of_in_its_words(daemon):
    task = printed(daemon, "hello", logConfiguration={"logDriver": "none"})
    done = subprocess.run([MAINSTAY, "logs", task], env=environment(daemon), capture_output=True, text=True)
    assert done.stdout == ""
    assert "configured logging driver does not support reading" in done.stderr


def test_the_daemons_end_ends_what_is_followed_and_says_so(daemons):
    daemon = daemons().start()
    task = short(daemon.running(daemon.run(container(**TICKING)))["taskArn"])
    with Following(daemon, task) as following:
        wait_for("ticks", lambda: following.messages(task))
        assert daemon.stop() == 0
        assert "requests were still under way" not in daemon.log(), "a reader does not hold up the daemon's end"
        assert following.ends() == 69
        assert following.lines[-1] == {"error": "mainstay is stopping; the containers go on"}


def test_a_reader_that_stands_still_costs_no_memory(daemon):
    task = daemon.running(daemon.run(container(command=["tick", "--every", "0"])))

    def resident():
        with open(f"/proc/{daemon.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    with Following(daemon, task["taskArn"]) as following:
        wait_for("ticks", lambda: len(following.lines) > 1000)
        following.process.send_signal(signal.SIGSTOP)
        before = resident()
        at = int(logs(daemon, task["taskArn"], "--tail", 1)[0].split()[1])
        # Far more than all that lies between may hold.
        wait_for("flood", lambda: int(logs(daemon, task["taskArn"], "--tail", 1)[0].split()[1]) > at + 300_000, limit=180)
        assert resident() - before < 20_000, "kB"
    daemon.ecs.stop_task(task=task["taskArn"])
