"""Secrets and environment files from an endpoint that speaks as AWS does: moto, which is filled with boto3."""

import json
import os
import signal
import subprocess
import sys

import boto3
import pytest

from test_secrets import environment, secret
from vocabulary import Daemon, container, fresh, free_port, get, wait_for

VALUE = "correct-horse-battery-staple"
KEY = {"aws_access_key_id": "mainstay-test", "aws_secret_access_key": "hunter3-is-the-key"}
REGION = "eu-west-1"


class Moto:
    """A moto server on a port of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with open(folder / "moto.log", "a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

        def answers():
            assert self.process.poll() is None, self.log()
            try:
                return get(f"{self.url}/moto-api/")[0] == 200
            except OSError:
                return False

        wait_for("moto", answers)

    def log(self):
        return (self.folder / "moto.log").read_text()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **KEY)

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    server = Moto(tmp_path_factory.mktemp("moto"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """This host's own folder of secrets, and the file with its key."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "ssm").mkdir()
    lines = "\n".join(f"{name} = {value}" for name, value in KEY.items())
    (folder / "credentials").write_text(f"[default]\naws_access_key_id = nobody\n[scenario]\n{lines}\n")
    return folder


@pytest.fixture(scope="module")
def daemon(engine, moto, folder, tmp_path_factory):
    daemon = Daemon(
        engine,
        tmp_path_factory.mktemp("daemon"),
        MAINSTAY_SECRETS_FOLDER=str(folder),
        MAINSTAY_SECRETS_ENDPOINT=moto.url,
        MAINSTAY_SECRETS_REGION=REGION,
        MAINSTAY_SECRETS_CREDENTIALS=str(folder / "credentials"),
        MAINSTAY_SECRETS_PROFILE="scenario",
        MAINSTAY_ENVIRONMENT_FILES_ENDPOINT=moto.url,
        MAINSTAY_AGENT_STOP_TIMEOUT="2s",
        MAINSTAY_LOG_FILTER="trace",
    )
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def kept_and_said(daemon, *answers):
    """All that the daemon keeps, logs and answers."""
    kept = b"".join(path.read_bytes() for path in (daemon.folder / "data").iterdir() if path.is_file())
    return daemon.log() + kept.decode("utf-8", "replace") + json.dumps(answers, default=str)


def test_secrets_parameters_and_files_that_boto3_put_there_are_in_the_container(daemon, moto):
    asm, ssm, s3 = (moto.client(service) for service in ("secretsmanager", "ssm", "s3"))
    name = fresh("shop/db")
    made = asm.create_secret(Name=name, SecretString=json.dumps({"user": "shop", "password": "old " + VALUE}))
    arn, first = made["ARN"], made["VersionId"]
    asm.put_secret_value(SecretId=arn, SecretString=json.dumps({"user": "shop", "password": VALUE, "port": 5432}))
    binary = asm.create_secret(Name=fresh("binary"), SecretBinary=b"bytes that are text")["ARN"]
    token, flat = fresh("/shop/token"), fresh("token")
    ssm.put_parameter(Name=token, Value=VALUE, Type="SecureString")
    ssm.put_parameter(Name=flat, Value="flat " + VALUE, Type="String")
    of_ssm = lambda name: f"arn:aws:ssm:{REGION}:123456789012:parameter/{name.lstrip('/')}"
    bucket = fresh("files")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key="deep/we b+1.env", Body=f"FILE={VALUE}\nTOKEN=no\n".encode())

    part = container(
        secrets=[
            secret("WHOLE", binary),
            secret("USER_NAME", f"{arn}:user::"),
            secret("PASSWORD", f"{arn}:password::"),
            secret("PORT", f"{arn}:port:AWSCURRENT:"),
            secret("BEFORE", f"{arn}:password:AWSPREVIOUS:"),
            secret("FIRST", f"{arn}:password::{first}"),
            secret("TOKEN", token),
            secret("TOKEN_BY_ARN", of_ssm(token)),
            secret("FLAT", flat),
            secret("FLAT_BY_ARN", of_ssm(flat)),
        ],
        environmentFiles=[{"type": "s3", "value": f"arn:aws:s3:::{bucket}/deep/we b+1.env"}],
    )
    definition = daemon.register(part)
    task = daemon.running(daemon.run(definition=definition))
    seen = environment(daemon, task)
    expected = {
        "WHOLE": "bytes that are text",
        "USER_NAME": "shop",
        "PASSWORD": VALUE,
        "PORT": "5432",
        "BEFORE": "old " + VALUE,
        "FIRST": "old " + VALUE,
        "TOKEN": VALUE,
        "TOKEN_BY_ARN": VALUE,
        "FLAT": "flat " + VALUE,
        "FLAT_BY_ARN": "flat " + VALUE,
        "FILE": VALUE,
    }
    assert {name: seen.get(name) for name in expected} == expected
    shown = daemon.ecs.describe_task_definition(taskDefinition=definition)
    said = kept_and_said(daemon, shown, daemon.task(task["taskArn"]))
    assert token in said and "TRACE" in said
    for hidden in (VALUE, KEY["aws_secret_access_key"]):
        assert hidden not in said


def test_a_secret_of_this_hosts_own_folder_goes_over_the_endpoints(daemon, moto, folder):
    name = fresh("token")
    moto.client("ssm").put_parameter(Name=name, Value="theirs", Type="String")
    definition = daemon.register(container(secrets=[secret("TOKEN", name)]))
    value = lambda: environment(daemon, daemon.running(daemon.run(definition=definition)))["TOKEN"]
    assert value() == "theirs"
    (folder / "ssm" / name).write_text("ours")
    assert value() == "ours"


def test_what_the_endpoint_does_not_have_fails_the_task_in_the_words_of_ecs(daemon, moto):
    arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:none-AbCdEf"
    has_json = moto.client("secretsmanager").create_secret(Name=fresh("json"), SecretString="{}")["ARN"]
    bucket = fresh("empty")
    moto.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    unable = "execution resource retrieval failed: unable to retrieve secret"
    for part, start, words in (
        (
            {"secrets": [secret("TOKEN", arn)]},
            f"unable to pull secrets or registry auth: {arn} (TOKEN of container web): {unable} from asm: ",
            "ResourceNotFoundException: Secrets Manager can't find the specified secret",
        ),
        (
            {"secrets": [secret("TOKEN", "/shop/none")]},
            f"unable to pull secrets or registry auth: /shop/none (TOKEN of container web): {unable}s from ssm: ",
            "invalid parameters: /shop/none",
        ),
        ({"secrets": [secret("TOKEN", f"{has_json}:none::")]}, "unable to pull secrets", "it has no key none"),
        (
            {"environmentFiles": [{"type": "s3", "value": f"arn:aws:s3:::{bucket}/none.env"}]},
            f"failed to download env files: arn:aws:s3:::{bucket}/none.env of container web: ",
            "NoSuchKey",
        ),
    ):
        task = daemon.stopped(daemon.run(container(**part)))
        assert task["stopCode"] == "TaskFailedToStart"
        reason = task["stoppedReason"]
        assert reason.startswith(f"ResourceInitializationError: {start}"), reason
        assert words in reason


def test_an_endpoint_that_hangs_is_waited_for_while_all_else_goes_on(daemon, moto):
    name = fresh("token")
    moto.client("ssm").put_parameter(Name=name, Value=VALUE, Type="String")
    waiting, plain = daemon.register(container(secrets=[secret("TOKEN", name)])), daemon.register()
    moto.process.send_signal(signal.SIGSTOP)
    try:
        arn = daemon.run(definition=waiting)
        # Nobody else waits for it.
        other = daemon.running(daemon.run(definition=plain))
        # It gives up in the end: what takes longer than that is for afterwards.
        assert daemon.task(arn)["lastStatus"] in ("PROVISIONING", "PENDING")
    finally:
        moto.process.send_signal(signal.SIGCONT)
    assert environment(daemon, daemon.running(arn))["TOKEN"] == VALUE
    daemon.ecs.stop_task(task=other["taskArn"])


def test_without_a_key_the_task_says_which_to_set(daemons, moto, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    part = container(secrets=[secret("TOKEN", "token")])
    without = daemons(MAINSTAY_SECRETS_ENDPOINT=moto.url).start()
    reason = without.stopped(without.run(part))["stoppedReason"]
    assert "AWS_ACCESS_KEY_ID" in reason and "[secrets]" in reason
    moto.client("ssm").put_parameter(Name="of-the-environment", Value="yes", Type="String")
    part = container(secrets=[secret("TOKEN", "of-the-environment")])
    of_environment = daemons(
        MAINSTAY_SECRETS_ENDPOINT=moto.url,
        MAINSTAY_SECRETS_REGION=REGION,
        AWS_ACCESS_KEY_ID=KEY["aws_access_key_id"],
        AWS_SECRET_ACCESS_KEY=KEY["aws_secret_access_key"],
    ).start()
    assert environment(of_environment, of_environment.running(of_environment.run(part)))["TOKEN"] == "yes"
