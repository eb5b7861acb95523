"""Commands in containers: ECS's ExecuteCommand with its session, and `mainstay exec`."""

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import termios

import botocore.exceptions
import pytest
import websocket

from session_manager import Session
from terminal import Terminal, environment
from vocabulary import AWS, LIMIT, MAINSTAY, REGION, container, fresh, is_alive, short, wait_for

NOT_ENABLED = "execute command was not enabled when the task was run"


@pytest.fixture(scope="module")
def task(daemon):
    """A task in which commands may be run."""
    definition = daemon.register(container(user="1000", environment=[{"name": "COLOUR", "value": "blue"}]))
    return daemon.running(daemon.run(definition=definition, enableExecuteCommand=True))


def execute(daemon, task, command="/puppet shell", **members):
    members = {"interactive": True, **members}
    return daemon.ecs.execute_command(task=task["taskArn"], command=command, **members)


def refused(daemon, task, **members):
    """How ExecuteCommand is refused: `Exception: words`."""
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        execute(daemon, task, **members)
    error = refusal.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def processes(daemon, task, word):
    """Processes of the task's container, as its host sees them, whose command has the word in it."""
    top = daemon.container_of(task).top()
    pid, command = top["Titles"].index("PID"), top["Titles"].index("CMD")
    return [int(line[pid]) for line in top["Processes"] if word in line[command]]


# ExecuteCommand, in the session manager's language.


def test_a_session_types_resizes_reads_and_tells_the_exit_code(daemon, task):
    answer = execute(daemon, task)
    assert answer["containerName"] == "web" and answer["interactive"] is True
    assert answer["taskArn"] == task["taskArn"] and answer["containerArn"] == task["containers"][0]["containerArn"]
    assert answer["clusterArn"] == task["clusterArn"]
    assert re.fullmatch(r"ecs-execute-command-[0-9a-f]{17}", answer["session"]["sessionId"])
    with Session(answer) as session:
        session.shows("> ")
        session.resize(111, 33)
        session.shows("resized 111x33")
        session.type("size\n")
        session.shows("size 111x33")
        session.type("say hello wörld\n")
        session.shows("said hello wörld")
        session.resize(90, 20)
        session.shows("resized 90x20")
        session.type("exit 7\n")
        closed = session.ends()
    assert closed["ExitCode"] == 7 and closed["Output"] == "The command ended with exit code 7."
    assert closed["SessionId"] == answer["session"]["sessionId"]
    assert not session.unacknowledged and session.kinds[:2] == [5, 7]


def test_the_command_runs_as_root_with_a_terminal_and_the_containers_environment_as_on_ecs(daemon, task):
    with Session(execute(daemon, task, "/puppet 'shell'", container="web")) as session:
        session.shows("> ")
        for line, shown in [
            ("user", "user 0:0"), ("get TERM", "TERM=xterm-256color"), ("get LANG", "LANG=C.UTF-8"),
            ("get COLOUR", "COLOUR=blue"),
        ]:
            session.type(f"{line}\n")
            session.shows(shown)
        session.type("\x04")
        assert session.ends()["ExitCode"] == 0
    assert session.closed["Output"] == ""


def test_what_is_not_acknowledged_comes_again_and_is_shown_once(daemon, task):
    with Session(execute(daemon, task), deaf_to=3) as session:
        session.shows("> ")
        session.deaf_to = 2
        session.type("say once\n")
        session.shows("said once")
        session.type("exit 0\n")
        session.ends()
    assert session.shown.count("said once") == 1


def test_a_token_is_good_for_one_session_and_a_wrong_one_for_none(daemon, task):
    answer = execute(daemon, task)
    with Session(answer, token="0" * 64) as wrong:
        assert wrong.ends() is None and wrong.close_code == 1008
    with Session(answer) as session:
        session.shows("> ")
        with Session(answer) as second:
            assert second.ends() is None and second.close_code == 1008
        session.type("say still here\n")
        session.shows("said still here")
        other = execute(daemon, task)
        with Session({"session": {**other["session"], "tokenValue": answer["session"]["tokenValue"]}}) as crossed:
            assert crossed.ends() is None and crossed.close_code == 1008
        session.type("exit 0\n")
        session.ends()


def test_a_client_that_vanishes_leaves_no_process_not_even_one_that_is_deaf_to_sighup(daemon, task):
    with Session(execute(daemon, task)) as session:
        session.shows("> ")
        session.type("child\n")
        wait_for("child", lambda: re.search(r"child \d+", session.shown))
        left = processes(daemon, task, "deaf") + processes(daemon, task, "shell")
        assert len(left) >= 2
        session.vanish()
    wait_for("end of what it started", lambda: not any(is_alive(pid) for pid in left))
    assert daemon.in_status(task["taskArn"], "RUNNING")


def test_a_client_that_wants_to_end_the_session_ends_the_command(daemon, task):
    with Session(execute(daemon, task, "/puppet deaf")) as session:
        session.shows("deaf")
        (left,) = processes(daemon, task, "deaf")
        session.terminate()
        session.ends()
    assert not is_alive(left), "it is over when the client hears of it"


def test_a_task_that_ends_ends_the_session(daemon):
    task = daemon.running(daemon.run(enableExecuteCommand=True))
    with Session(execute(daemon, task)) as session:
        session.shows("> ")
        daemon.ecs.stop_task(task=task["taskArn"])
        assert session.ends()["SessionId"] == session.answer["sessionId"]
    daemon.stopped(task["taskArn"])
    assert NOT_ENABLED in refused(daemon, task) and "STOPPED" in refused(daemon, task)


def test_a_program_that_is_not_there_is_told_of_in_the_session(daemon, task):
    with Session(execute(daemon, task, "/nothing")) as session:
        closed = session.ends()
    assert closed["ExitCode"] in (126, 127) and "/nothing" in session.shown


def test_what_cannot_be_run_is_refused_in_the_words_of_ecs(daemon, task):
    both = daemon.running(daemon.run(container(), container("side"), enableExecuteCommand=True))
    without = daemon.running(daemon.run())
    nobody = {"taskArn": task["taskArn"].rsplit("/", 1)[0] + "/" + "0" * 32}
    for of, members, words in [
        (without, {}, f"InvalidParameterException: The execute command failed because {NOT_ENABLED}"),
        (task, {"interactive": False}, "InvalidParameterException: Interactive is the only mode supported currently."),
        (task, {"command": " "}, "InvalidParameterException: command can not be blank."),
        (task, {"command": "sh -c 'oops"}, "InvalidParameterException: command is 'sh -c 'oops'; a quote in it"),
        (task, {"container": "db"}, "has no container db; it has web."),
        (both, {}, "has several containers; choose one: web, side."),
        (nobody, {}, "InvalidParameterException: The referenced task was not found."),
        (task, {"cluster": fresh("nowhere")}, "ClusterNotFoundException: Cluster not found."),
    ]:
        said = refused(daemon, of, **members)
        assert words in said, said
    assert execute(daemon, both, container="side")["containerName"] == "side"


def test_a_service_enables_it_for_the_tasks_it_starts_from_then_on(daemon):
    name = daemon.serve(container())
    (task,) = daemon.tasks(name)
    assert daemon.service(name)["enableExecuteCommand"] is False and task["enableExecuteCommand"] is False
    assert "managedAgents" not in task["containers"][0]
    daemon.ecs.update_service(service=name, enableExecuteCommand=True)
    assert daemon.service(name)["enableExecuteCommand"] is True
    assert len(daemon.service(name)["deployments"]) == 1, "no deployment comes of it"
    daemon.ecs.update_service(service=name, forceNewDeployment=True)
    wait_for("a new task alone", lambda: [t["taskArn"] for t in daemon.tasks(name)] not in ([], [task["taskArn"]]) and len(daemon.tasks(name)) == 1)
    (task,) = daemon.tasks(name)
    task = daemon.running(task["taskArn"])
    assert task["enableExecuteCommand"] is True
    (agent,) = task["containers"][0]["managedAgents"]
    assert agent["name"] == "ExecuteCommandAgent" and agent["lastStatus"] == "RUNNING" and agent["lastStartedAt"]
    daemon.ecs.delete_service(service=name, force=True)
    assert daemon.stopped(task["taskArn"])["containers"][0]["managedAgents"][0]["lastStatus"] == "STOPPED"


@pytest.mark.skipif(not shutil.which("session-manager-plugin"), reason="session-manager-plugin is not on PATH")
def test_the_aws_cli_with_its_own_plugin_holds_a_session(daemon, task):
    command = [AWS, "ecs", "execute-command", "--task", task["taskArn"], "--command", "/puppet shell", "--interactive"]
    aws = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": REGION}
    with Terminal(command, {**environment(daemon), **aws}, columns=77, rows=22) as terminal:
        terminal.shows("> ")
        terminal.type("size\r")
        terminal.shows("size 77x22")
        terminal.resize(99, 30)
        terminal.shows("resized 99x30")
        terminal.type("exit 3\r")
        terminal.shows("The command ended with exit code 3.")
        terminal.ends()


# mainstay exec.


def mainstay(daemon, *words, input=None):
    return subprocess.run([MAINSTAY, *map(str, words)], env=environment(daemon), input=input, capture_output=True, timeout=LIMIT)


def puppet(daemon, task, *words, input=None):
    """`mainstay exec` of a short program. A busy engine sometimes loses what such a one prints: it is run again then."""
    for _ in range(5):
        done = mainstay(daemon, "exec", task, "--", "/puppet", *words, input=input)
        if done.stdout or done.stderr:
            break
    return done


def complaint(done):
    assert done.stdout == b""
    return done.returncode, done.stderr.decode()


def test_a_command_without_a_terminal_has_its_streams_apart_and_its_exit_code_is_mainstays(daemon, task):
    done = puppet(daemon, task["taskArn"], "print", "one", "two", "--stderr", "three")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"one\ntwo\n", b"three\n")
    assert mainstay(daemon, "exec", short(task["taskArn"]), "--", "/puppet", "exit", "42").returncode == 42
    done = puppet(daemon, task["taskArn"], "copy", "--stderr", "no input", input=b"ignored")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"no input\n")
    assert mainstay(daemon, "exec", task["taskArn"], "--", "/nothing").returncode in (126, 127)


def test_whoever_is_named_runs_it_and_root_where_nobody_is(daemon, task):
    for words, user in [([], "user 0:0"), (["--user", "1234:5"], "user 1234:5")]:
        done = mainstay(daemon, "exec", task["taskArn"], *words, "-i", "--", "/puppet", "shell", input=b"user\n")
        assert user in done.stdout.decode(), done


def test_a_million_bytes_go_through_both_ways_unchanged(daemon, task):
    sent = random.Random(7).randbytes(1_000_003)
    done = mainstay(daemon, "exec", "-i", task["taskArn"], "--", "/puppet", "copy", input=sent)
    assert done.returncode == 0 and done.stderr == b""
    assert hashlib.sha256(done.stdout).hexdigest() == hashlib.sha256(sent).hexdigest()


def test_a_terminal_is_passed_through_with_its_keys_and_its_size_and_is_left_as_it_was(daemon, task):
    with Terminal([MAINSTAY, "exec", "-it", task["taskArn"], "--", "/puppet", "shell"], environment(daemon), 101, 31) as terminal:
        terminal.shows("> ")
        wait_for("raw terminal", terminal.is_raw)
        # As with the engine's own client, a terminal has its size a moment after the command has begun.
        asked = lambda: terminal.type("size\r") or "size 101x31" in terminal.shown
        wait_for("the terminal's size", asked, every=0.5)
        terminal.resize(60, 12)
        terminal.shows("resized 60x12")
        terminal.type("get TERM\r")
        terminal.shows("TERM=xterm")
        terminal.type("say \x01\x02typed\r")
        terminal.shows("typed")
        terminal.type("exit 9\r")
        assert terminal.ends() == 9
        assert termios.tcgetattr(terminal.far)[:4] == terminal.before[:4]


def test_a_terminals_keys_reach_the_command_and_not_mainstay(daemon, task):
    with Terminal([MAINSTAY, "exec", "-it", task["taskArn"], "--", "/puppet", "sleep"], environment(daemon)) as terminal:
        wait_for("raw terminal", terminal.is_raw)
        wait_for("sleep", lambda: processes(daemon, task, "sleep"))
        terminal.type("\x03")
        assert terminal.ends() == 130


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_mainstay_exec_that_is_ended_leaves_no_process(daemon, task, by):
    client = subprocess.Popen(
        [MAINSTAY, "exec", "-i", task["taskArn"], "--", "/puppet", "deaf"],
        env=environment(daemon), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    assert client.stdout.readline() == b"deaf\n"
    (left,) = processes(daemon, task, "deaf")
    client.send_signal(by)
    client.wait(LIMIT)
    wait_for("end of the command", lambda: not is_alive(left))
    client.stdin.close()
    client.stdout.close()


def test_a_service_is_a_task_of_it_that_runs(daemon):
    name = daemon.serve(container(), container("side"), count=2)
    done = mainstay(daemon, "exec", name, "--container", "side", "--", "/puppet", "print", "hello")
    assert (done.returncode, done.stdout) == (0, b"hello\n"), done
    code, said = complaint(mainstay(daemon, "exec", name, "--", "/puppet", "print", "hello"))
    assert code == 64 and "has several containers; choose one: web, side" in said
    daemon.ecs.delete_service(service=name, force=True)


def test_what_cannot_be_run_is_refused_in_words_and_with_a_code_for_scripts(daemon, task):
    over = short(daemon.stopped(daemon.run(container(command=["exit", "0"])))["taskArn"])
    for words, code, sign in [
        (["nobody", "--", "ls"], 125, "there is no service nobody in cluster default"),
        (["0" * 32, "--", "ls"], 125, "there is no task " + "0" * 32),
        ([over, "--", "ls"], 125, f"container web of task {over} is STOPPED"),
        ([task["taskArn"], "--container", "db", "--", "ls"], 125, "has no container db; it has web"),
        (["web", "--cluster", "nowhere", "--", "ls"], 125, "there is no cluster nowhere"),
        (["web"], 64, "required"),
        ([task["taskArn"], "-it", "--", "ls"], 64, "standard input is none; leave -t out"),
        (["web", "--endpoint-url", "http://127.0.0.1:1", "--", "ls"], 69, "no answer from http://127.0.0.1:1"),
    ]:
        done = mainstay(daemon, "exec", *words)
        assert done.returncode == code and sign in done.stderr.decode(), done


def test_no_page_of_a_browser_may_run_commands(daemon, task):
    url = f"ws://{daemon.address}/v1/exec?task={short(task['taskArn'])}&command=/puppet&command=show"
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        websocket.create_connection(url, origin="http://localhost:7077", timeout=30)
    assert refusal.value.status_code == 403
    websocket.create_connection(url, suppress_origin=True, timeout=30).close()


def test_the_daemons_end_ends_commands_and_says_so(daemons):
    daemon = daemons().start()
    task = daemon.running(daemon.run(enableExecuteCommand=True))
    with Terminal([MAINSTAY, "exec", "-it", task["taskArn"], "--", "/puppet", "shell"], environment(daemon)) as terminal:
        terminal.shows("> ")
        with Session(execute(daemon, task, "/puppet deaf")) as session:
            session.shows("deaf")
            left = processes(daemon, task, "deaf") + processes(daemon, task, "shell")
            assert daemon.stop() == 0
            assert session.ends()["Output"] == "mainstay is stopping; the containers go on"
        assert terminal.ends() == 125
        terminal.shows("mainstay is stopping; the containers go on")
    assert not any(is_alive(pid) for pid in left)
    assert daemon.container_of(task).status == "running"


def test_a_session_that_nobody_uses_ends(daemons):
    daemon = daemons(MAINSTAY_EXEC_IDLE_TIMEOUT="3s").start()
    task = daemon.running(daemon.run(enableExecuteCommand=True))
    with Session(execute(daemon, task, "/puppet deaf")) as session:
        session.shows("deaf")
        assert session.ends()["Output"] == "the session was idle for too long"
    assert processes(daemon, task, "deaf") == []
