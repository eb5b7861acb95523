"""Task definitions as people have them, from files, through the AWS CLI: each runs as it would on ECS."""

import pytest

from vocabulary import PROJECT, Daemon, reached, short, wait_for

SHAPES = PROJECT / "tests/shapes"


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What the definitions need of the world: secrets, environment files, a file system."""
    root = tmp_path_factory.mktemp("outside")
    for name, text in {
        "secrets/secretsmanager/shop/db": '{"user": "shop", "password": "hunter2"}',
        "secrets/ssm/shop/token": "t0ken",
        "files/shop/web.env": "LOG_LEVEL=info\nREGION=eu\n",
        "efs/site/index": "hello",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(scope="module")
def daemon(engine, outside, tmp_path_factory):
    """A daemon that is told of these."""
    folder = tmp_path_factory.mktemp("daemon")
    config = folder / "mainstay.toml"
    config.write_text(
        f'[secrets]\nfolder = "{outside}/secrets"\n[environment-files]\nfolder = "{outside}/files"\n'
        f'[storage.efs]\n"fs-0123456789abcdef0" = "{outside}/efs"\n'
    )
    daemon = Daemon(engine, folder, "up", "--config", config)
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def register(daemon, shape):
    """Registers the file; `family:revision`."""
    made = daemon.aws("register-task-definition", "--cli-input-json", f"file://{SHAPES / shape}.json")["taskDefinition"]
    return f"{made['family']}:{made['revision']}"


def start(daemon, shape):
    """Runs it once; the ARN."""
    return daemon.run(definition=register(daemon, shape))


def running(daemon, shape):
    return daemon.running(start(daemon, shape))


def over(daemon, shape):
    return daemon.stopped(start(daemon, shape))


def part(task, name):
    return next(one for one in task["containers"] if one["name"] == name)


def exit_codes(task):
    return {one["name"]: one.get("exitCode") for one in task["containers"]}


def inside(daemon, task, name):
    """What the puppet of a container shows of its arguments and environment."""
    return daemon.act(task, "show", name=name)[1]


def port(task, name):
    (bound,) = part(task, name)["networkBindings"]
    return bound["hostPort"]


def healthy(daemon, arn):
    return wait_for("health", lambda: (task := daemon.task(arn))["healthStatus"] == "HEALTHY" and task)


def test_every_file_has_its_test():
    told = {name for name in globals() if name.startswith("test_")}
    assert {f"test_{path.stem.replace('-', '_')}" for path in SHAPES.glob("*.json")} <= told


def test_web(daemon):
    name = daemon.serve(definition=register(daemon, "web"), count=2)
    wait_for("steady state", lambda: any("steady state" in event for event in daemon.events(name)))
    for task in daemon.tasks(name):
        assert task["healthStatus"] == "HEALTHY"
        assert reached(f"http://127.0.0.1:{port(task, 'web')}/")[0] == 200
        assert "STAGE=prod\n" in inside(daemon, task, "web")
    daemon.ecs.delete_service(service=name, force=True)


def test_fargate_web(daemon):
    definition = register(daemon, "fargate-web")
    words = "--service-name fargate-web --desired-count 2 --launch-type FARGATE --platform-version LATEST".split()
    network = "awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],assignPublicIp=ENABLED}"
    daemon.aws("create-service", "--task-definition", definition, *words, "--network-configuration", network)
    daemon.stable("fargate-web")
    addresses = set()
    for task in daemon.tasks("fargate-web"):
        assert (task["launchType"], task["healthStatus"]) == ("FARGATE", "HEALTHY")
        (interface,) = part(task, "app")["networkInterfaces"]
        addresses.add(interface["privateIpv4Address"])
        assert reached(f"http://{interface['privateIpv4Address']}:8080/")[0] == 200
        assert daemon.act(task, "ask", "/", "--port", "8080", name="metrics")[0] == 0
    assert len(addresses) == 2
    daemon.ecs.delete_service(service="fargate-web", force=True)


def test_web_with_proxy_and_migration(daemon):
    task = healthy(daemon, start(daemon, "web-with-proxy-and-migration"))
    assert (task["lastStatus"], part(task, "migrate")["exitCode"]) == ("RUNNING", 0)
    assert reached(f"http://127.0.0.1:{port(task, 'proxy')}/health")[0] == 200
    assert "upstream" in daemon.act(task, "read", "/etc/hosts", name="proxy")[1]


def test_init_chain(daemon):
    task = running(daemon, "init-chain")
    assert exit_codes(task) == {"app": None, "unpack": 0, "fetch": 0}
    assert daemon.act(task, "read", "/assets/index", name="app") == (0, "unpacked")
    assert daemon.act(task, "write", "/assets/index", "mine", name="app")[0] != 0


def test_failed_migration(daemon):
    task = over(daemon, "failed-migration")
    assert part(task, "migrate")["exitCode"] == 1
    assert "dependency did not exit successfully" in part(task, "app")["reason"]
    assert task["stopCode"] == "TaskFailedToStart"


def test_one_shot_job(daemon):
    task = over(daemon, "one-shot-job")
    assert (exit_codes(task), task["stopCode"]) == ({"job": 0}, "EssentialContainerExited")
    assert (task["cpu"], task["memory"]) == ("128", "64")


def test_job_that_fails(daemon):
    assert exit_codes(over(daemon, "job-that-fails")) == {"job": 3}


def test_batch_with_sidecar(daemon):
    assert exit_codes(over(daemon, "batch-with-sidecar")) == {"batch": 0, "agent": 143}


def test_worker(daemon):
    task = running(daemon, "worker")
    host = daemon.container_of(task, "worker").attrs["HostConfig"]
    assert host["Ulimits"] == [{"Name": "nofile", "Soft": 4096, "Hard": 8192}]
    assert host["LogConfig"]["Config"] == {"max-size": "1m", "max-file": "2"}
    daemon.ecs.stop_task(task=task["taskArn"], reason="night")
    ended = daemon.stopped(task["taskArn"])
    assert (exit_codes(ended), ended["stopCode"], ended["stoppedReason"]) == ({"worker": 143}, "UserInitiated", "night")


def test_deaf_worker(daemon):
    task = running(daemon, "deaf-worker")
    daemon.ecs.stop_task(task=task["taskArn"])
    assert exit_codes(daemon.stopped(task["taskArn"])) == {"worker": 137}


def test_node_exporter(daemon):
    task = running(daemon, "node-exporter")
    assert reached("http://127.0.0.1:19100/")[0] == 200
    host = daemon.container_of(task, "exporter").attrs["HostConfig"]
    assert (host["NetworkMode"], host["PidMode"], host["ReadonlyRootfs"]) == ("host", "host", True)
    assert daemon.act(task, "read", "/host/proc/uptime", name="exporter")[0] == 0
    daemon.ecs.stop_task(task=task["taskArn"])
    daemon.stopped(task["taskArn"])


def test_gpu_training(daemon):
    answer = daemon.ecs.run_task(taskDefinition=register(daemon, "gpu-training"))
    assert [failure["reason"] for failure in answer["failures"]] == ["RESOURCE:GPU"]


def test_log_router(daemon):
    task = running(daemon, "log-router")
    tag = f"app-firelens-{short(task['taskArn'])}"
    router = daemon.container_of(task, "log_router")
    assert wait_for("routed line", lambda: f"kinesis_firehose {tag} tick 2\n" in router.logs().decode())
    configured = daemon.act(task, "read", "/fluent-bit/etc/fluent-bit.conf", name="log_router")[1]
    assert "Record ecs_task_definition log-router:" in configured and "Exclude log ^tock" in configured
    assert "Match app-firelens*\n    delivery_stream my-stream\n    region us-west-2\n" in configured


def test_database(daemon):
    first = healthy(daemon, start(daemon, "database"))
    assert daemon.act(first, "write", "/var/lib/db/page", "kept", name="db")[0] == 0
    daemon.ecs.stop_task(task=first["taskArn"])
    daemon.stopped(first["taskArn"])
    second = running(daemon, "database")
    assert daemon.act(second, "read", "/var/lib/db/page", name="db") == (0, "kept")
    seen = daemon.act(second, "see", name="db")[1]
    assert "db-1" in seen and "134217728" in daemon.act(second, "read", "/proc/sys/kernel/shmmax", name="db")[1]


def test_hardened(daemon):
    task = running(daemon, "hardened")
    assert daemon.act(task, "write", "/mine", "x")[0] != 0
    assert daemon.act(task, "write", "/tmp/mine", "x")[0] == 0
    status = daemon.act(task, "read", "/proc/1/status")[1]
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert lines["Uid"].split()[0] == "10001"
    assert (int(lines["CapEff"], 16), lines["NoNewPrivs"]) == (0, "1")


def test_configured_from_outside(daemon):
    shown = inside(daemon, running(daemon, "configured-from-outside"), "web")
    for line in ("LOG_LEVEL=debug", "REGION=eu", "DB_PASSWORD=hunter2", "API_TOKEN=t0ken"):
        assert f"{line}\n" in shown


def test_flaky_sidecar(daemon):
    """It ends within its period, so that it is not started again; the task goes on without it."""
    arn = start(daemon, "flaky-sidecar")
    ended = wait_for("end", lambda: (one := part(daemon.task(arn), "metrics"))["lastStatus"] == "STOPPED" and one)
    assert ended["exitCode"] == 1
    daemon.running(arn)


def test_game_server(daemon):
    task = running(daemon, "game-server")
    (row,) = [bound for bound in part(task, "game")["networkBindings"] if "containerPortRange" in bound]
    low, high = map(int, row["hostPortRange"].split("-"))
    assert (row["containerPortRange"], row["protocol"], high - low) == ("27000-27003", "udp", 3)


def test_content_on_efs(daemon, outside):
    task = running(daemon, "content-on-efs")
    assert daemon.act(task, "read", "/srv/index") == (0, "hello")
    assert daemon.act(task, "write", "/srv/news", "fresh")[0] == 0
    assert (outside / "efs/site/news").read_text() == "fresh"


def test_isolated_computation(daemon):
    assert exit_codes(over(daemon, "isolated-computation")) == {"compute": 0}


def test_memory_hog(daemon):
    task = over(daemon, "memory-hog")
    assert exit_codes(task) == {"hog": 137}
    assert part(task, "hog")["reason"].startswith("OutOfMemoryError")


def test_legacy_links(daemon):
    task = running(daemon, "legacy-links")
    hosts = daemon.act(task, "read", "/etc/hosts")[1]
    assert "redis" in hosts and "203.0.113.7\tbilling.example.com" in hosts
    resolver = daemon.act(task, "read", "/etc/resolv.conf")[1].splitlines()
    assert "nameserver 203.0.113.53" in resolver and "search shop.example.com" in resolver
