"""Secrets and environment files: in the container's environment, and nowhere else."""

import http.server
import json
import threading

import pytest

from vocabulary import Daemon, container, fresh, get, short, variables, wait_for

VALUE = "correct-horse-battery-staple"
SETTINGS = {"MAINSTAY_AGENT_CLEANUP_WAIT": "1s", "MAINSTAY_AGENT_STOP_TIMEOUT": "2s"}
ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Where secrets and environment files are."""
    root = tmp_path_factory.mktemp("folders")
    for name, text in {
        "secrets/ssm/shop/token": VALUE + "\n",
        "secrets/secretsmanager/shop/db": json.dumps({"user": "shop", "password": VALUE}),
        "secrets/secretsmanager/shop/db@AWSPREVIOUS": json.dumps({"password": "old " + VALUE}),
        "files/shop/first.env": f"# PASSWORD=no\nGIVEN=file\nTWICE=first\nQUOTED=\"a b\"\nHIDDEN={VALUE}\n\nEMPTY=\n",
        "files/shop/deep/second.env": "TWICE=second\nSECOND=a=b\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(scope="module")
def daemon(engine, folders, tmp_path_factory):
    """A daemon that has both, and tells all that it can tell."""
    daemon = Daemon(
        engine,
        tmp_path_factory.mktemp("daemon"),
        MAINSTAY_SECRETS_FOLDER=folders / "secrets",
        MAINSTAY_ENVIRONMENT_FILES_FOLDER=folders / "files",
        MAINSTAY_LOG_FILTER="trace",
        **SETTINGS,
    )
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def secret(name, value_from):
    return {"name": name, "valueFrom": value_from}


def files(*keys):
    return [{"type": "s3", "value": f"arn:aws:s3:::shop/{key}"} for key in keys]


def environment(daemon, task):
    """A container's variables, seen from inside."""
    lines = [line.removeprefix("environment ") for line in daemon.act(task, "show")[1].splitlines() if "=" in line]
    return dict(line.split("=", 1) for line in lines)


def told(daemon, task, definition):
    """All that the daemon says or keeps, as one text."""
    kept = b"".join(path.read_bytes() for path in sorted((daemon.folder / "data").iterdir()) if path.is_file())
    answers = [
        daemon.ecs.describe_tasks(tasks=[task["taskArn"]]),
        daemon.ecs.describe_task_definition(taskDefinition=definition),
        *(get(f"{daemon.url}{path}") for path in ("/v1/tree", "/metrics", "/")),
    ]
    return daemon.log() + kept.decode("utf-8", "replace") + json.dumps(answers, default=str)


def test_secrets_reach_the_program_and_nothing_else(daemon):
    part = container(
        environment=variables(GIVEN="given"),
        secrets=[
            secret("TOKEN", "/shop/token"),
            secret("TOKEN_BY_ARN", "arn:aws:ssm:us-east-1:000000000000:parameter/shop/token"),
            secret("USER_NAME", f"{ARN}shop/db-AbCdEf:user::"),
            secret("PASSWORD", f"{ARN}shop/db-AbCdEf:password:AWSCURRENT:"),
            secret("BEFORE", f"{ARN}shop/db-AbCdEf:password:AWSPREVIOUS:"),
            secret("WHOLE", f"{ARN}shop/db-AbCdEf"),
        ],
        environmentFiles=files("first.env", "deep/second.env"),
    )
    definition = daemon.register(part)
    task = daemon.running(daemon.run(definition=definition))
    seen = environment(daemon, task)
    expected = {
        "GIVEN": "given",
        "TOKEN": VALUE,
        "TOKEN_BY_ARN": VALUE,
        "USER_NAME": "shop",
        "PASSWORD": VALUE,
        "BEFORE": "old " + VALUE,
        "WHOLE": json.dumps({"user": "shop", "password": VALUE}),
        "TWICE": "first",
        "QUOTED": '"a b"',
        "HIDDEN": VALUE,
        "SECOND": "a=b",
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert not {"EMPTY", "# PASSWORD"} & set(seen)
    # Asked to trace, the log has what the engine's client would say of each request.
    text = told(daemon, task, definition)
    assert "/shop/token" in text and "TRACE" in text
    assert VALUE not in text
    assert VALUE not in json.dumps(daemon.container_of(task).labels)
    here = f"/console/clusters/default/tasks/{short(task['taskArn'])}"
    told_of = f"task={short(task['taskArn'])}"
    for page in ("/", here, "/console/tree", "/console/events", "/v1/tree", f"/v1/events?{told_of}", f"/v1/explain?{told_of}", "/metrics"):
        status, shown = get(f"{daemon.url}{page}")
        assert status == 200 and VALUE not in shown, page
    described = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0]
    assert {member: described[member] for member in ("secrets", "environmentFiles")} == {
        member: part[member] for member in ("secrets", "environmentFiles")
    }


def test_a_secret_is_read_anew_by_each_task(daemon, folders):
    name = fresh("token")
    definition = daemon.register(container(secrets=[secret("TOKEN", name)]))
    for value in ("one", "two"):
        (folders / "secrets/ssm" / name).write_text(value)
        task = daemon.running(daemon.run(definition=definition))
        assert environment(daemon, task)["TOKEN"] == value


@pytest.mark.parametrize(
    "value_from, word",
    [
        ("/shop/none", "/shop/none"),
        (f"{ARN}shop/none-AbCdEf", "shop/none-AbCdEf"),
        (f"{ARN}shop/db-AbCdEf:none::", "no key none"),
        (f"{ARN}shop/db-AbCdEf::none:", "shop/db@none"),
    ],
)
def test_a_secret_that_cannot_be_found_fails_the_task_by_its_name(daemon, value_from, word):
    definition = daemon.register(container(secrets=[secret("TOKEN", value_from)]))
    task = daemon.stopped(daemon.run(definition=definition))
    assert task["stopCode"] == "TaskFailedToStart"
    reason = task["stoppedReason"]
    assert reason.startswith(f"ResourceInitializationError: unable to pull secrets or registry auth: {value_from}")
    assert word in reason and "TOKEN" in reason
    assert VALUE not in told(daemon, task, definition)


def test_an_environment_file_that_cannot_be_found_fails_the_task(daemon):
    definition = daemon.register(container(environmentFiles=files("none.env")))
    task = daemon.stopped(daemon.run(definition=definition))
    assert task["stoppedReason"].startswith(
        "ResourceInitializationError: failed to download env files: arn:aws:s3:::shop/none.env"
    )


def test_a_daemon_without_a_folder_says_which_key_to_set(daemons):
    daemon = daemons(**SETTINGS).start()
    for part, section in (
        (container(secrets=[secret("TOKEN", "a")]), "[secrets]"),
        (container(environmentFiles=files("a.env")), "[environment-files]"),
    ):
        reason = daemon.stopped(daemon.run(definition=daemon.register(part)))["stoppedReason"]
        assert section in reason and "mainstay.toml" in reason


@pytest.fixture
def splunk():
    """An address that takes what a log driver sends, and notes as whom."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            # The driver looks first whether somebody is there, and says nothing of itself.
            if self.command == "POST":
                self.server.seen.add(self.headers["Authorization"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_OPTIONS = do_POST

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_option_of_a_log_driver_may_be_a_secret(daemon, splunk):
    logs = {
        "logDriver": "splunk",
        "options": {"splunk-url": f"http://127.0.0.1:{splunk.server_port}", "splunk-gzip": "false"},
        "secretOptions": [secret("splunk-token", f"{ARN}shop/db-AbCdEf:password::")],
    }
    definition = daemon.register(container(logConfiguration=logs))
    task = daemon.running(daemon.run(definition=definition))
    wait_for("word of the log driver", lambda: splunk.seen)
    assert splunk.seen == {f"Splunk {VALUE}"}
    shown = daemon.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0]
    assert shown["logConfiguration"] == logs
    assert VALUE not in told(daemon, task, definition)


def test_an_option_of_a_log_driver_that_cannot_be_found_fails_the_task(daemon):
    logs = {"logDriver": "splunk", "secretOptions": [secret("splunk-token", "/shop/none")]}
    task = daemon.stopped(daemon.run(container(logConfiguration=logs)))
    words = "ResourceInitializationError: unable to pull secrets or registry auth: /shop/none (splunk-token of container web)"
    assert task["stoppedReason"].startswith(words)


def test_files_that_an_override_names_come_in_place_of_the_definitions(daemon):
    definition = daemon.register(container(environmentFiles=files("first.env")))
    override = {"name": "web", "environmentFiles": files("deep/second.env")}
    task = daemon.running(daemon.run(definition=definition, overrides={"containerOverrides": [override]}))
    seen = environment(daemon, task)
    assert (seen.get("SECOND"), seen["TWICE"]) == ("a=b", "second")
    assert "QUOTED" not in seen
    assert task["overrides"]["containerOverrides"] == [override]
    bad = {"containerOverrides": [{"name": "web", "environmentFiles": [{"type": "s3", "value": "second.env"}]}]}
    status, name, message = daemon.post("RunTask", {"taskDefinition": definition, "overrides": bad})
    assert (status, name) == (400, "ClientException")
    assert "overrides.containerOverrides[0].environmentFiles[0].value is 'second.env'" in message


def test_an_override_cannot_take_a_secrets_name(daemon):
    definition = daemon.register(container(secrets=[secret("TOKEN", "/shop/token")]))
    overrides = {"containerOverrides": [{"name": "web", "environment": variables(TOKEN="mine")}]}
    status, name, message = daemon.post("RunTask", {"taskDefinition": definition, "overrides": overrides})
    assert (status, name) == (400, "ClientException")
    assert "'TOKEN'" in message
