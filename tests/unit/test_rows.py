"""One row is all it takes: a copy of the program gets one more data class and one more service, and nothing else.

The rows are those of the running deployment's newer scripts: class and host ``config``, host ``mcp``.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

from components import naming
from dev.recorder import PROJECT
from hostsetup.services import SERVICES, Service, check

#: What a program is made of; the rest of the repository is not needed to run it under mocks.
PARTS = ("account", "components", "dev", "gates", "hostsetup", "ops", "policypack", "settings.py", "__main__.py")

CLASS_ROW = '    DataClass(key="config", prefix="config"),\n'
SERVICE_ROWS = """\
    Service(
        unit="agentkeys-worker-config",
        binary="agentkeys-worker-config",
        arguments=("--bucket", "{site.buckets[config]}"),
        port=9096,
        memory_mib=64,
        public="config",
        requires_broker=True,
        environment={"WORKER_BIND": "{bind}", "CONFIG_BUCKET": "{site.buckets[config]}"},
        secret=Secret(variable="AGENTKEYS_CONFIG_KEK_HEX", file=ETC_DIR / "worker-config-kek.env"),
    ),
    Service(
        unit="agentkeys-mcp", binary="agentkeys-mcp", arguments=(), port=9097, memory_mib=64, public="mcp"
    ),
"""

#: Prints what the program and the operator's commands make of the rows.
SEEN = """
import json, sys
import boto3
from botocore.config import Config
from dev.recorder import run
from hostsetup.steps import installed_files
from ops.commands import audit, env
from ops.proof import matrix
from tests.support.stacks import a_stack

release = json.loads(sys.argv[1])
program = run("test", changed=release)
stack = a_stack("test", release, dohUrls='["http://127.0.0.1:9/"]')

# Nothing answers there: an audit lists every line, also those that it cannot check.
NOWHERE = "http://127.0.0.1:9/"

def ask(service):
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=NOWHERE, aws_access_key_id="x", aws_secret_access_key="x",
        config=Config(retries={"max_attempts": 0}),
    )

audit.stack.ask = lambda *_asked: {"deployment": {"resources": []}}
lines = audit.Audit(stack=stack, ask=ask).lines()
own = matrix.Scope(names=stack.names, federated=list(program.outputs["roleArns"]))
cast = matrix.Cast(a="a" * 64, b="b" * 64, run="run")
print(json.dumps({
    "resources": [
        [one.type, one.name, one.inputs.get("bucket") or one.inputs.get("name") or ""] for one in program.registered
    ],
    "outputs": {key: program.outputs[key] for key in ("buckets", "roleArns", "urls")},
    "records": [one.inputs["name"] for one in program.of("aws:route53/record:Record")],
    "files": {path: file.content for path, file in installed_files(stack.settings.site, []).items()},
    "env": env._operator(stack),
    "audit": [f"{line.subject}: {line.claim}" for line in lines],
    "proof": [row.target for row in matrix.rows(own, cast)],
}))
"""


def copy(folder, *, classes="", services=""):
    """The program with these rows appended to its two tables; nothing else is edited."""
    for part in PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("venv", "__pycache__"))
        else:
            shutil.copy(source, folder)
    for path in (*PROJECT.glob("Pulumi*.yaml"), PROJECT / "pyproject.toml"):
        shutil.copy(path, folder)
    (folder / "tests").mkdir()
    shutil.copytree(PROJECT / "tests/support", folder / "tests/support", ignore=shutil.ignore_patterns("__pycache__"))
    for name, table, row in (
        ("components/naming.py", "DATA_CLASSES", classes),
        ("hostsetup/services.py", "SERVICES", services),
    ):
        path = folder / name
        before, start, rest = path.read_text().partition(f"\n{table} = (\n")
        body, end, after = rest.partition("\n)\n")
        path.write_text(f"{before}{start}{body}\n{row}{end.lstrip()}{after}")
    return folder


def run(folder, code, *arguments):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, env={**environment, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory, release):
    folder = copy(tmp_path_factory.mktemp("rows"), classes=CLASS_ROW, services=SERVICE_ROWS)
    done = run(folder, SEEN, json.dumps(release))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


BUCKET = "agentkeys-config-test-429071895007"


def test_a_class_row_makes_bucket_role_and_policies(seen):
    of = {(kind, name): physical for kind, name, physical in seen["resources"]}
    assert of["aws:s3/bucket:Bucket", "config-bucket"] == BUCKET
    assert of["aws:iam/role:Role", "roles-config"] == "agentkeys-config-role-test"
    assert ("aws:iam/rolePolicy:RolePolicy", "roles-config-inline") in of
    assert any(kind == "aws:s3/bucketPolicy:BucketPolicy" and name.startswith("config-") for kind, name in of)


def test_a_class_row_is_in_outputs_env_audit_and_proof(seen):
    assert seen["outputs"]["buckets"]["config"] == BUCKET
    assert "config" in seen["outputs"]["roleArns"]
    assert seen["env"]["CONFIG_BUCKET"] == BUCKET
    assert seen["env"]["CONFIG_ROLE_ARN"].endswith(":role/agentkeys-config-role-test")
    assert [line for line in seen["audit"] if BUCKET in line]
    assert [line for line in seen["audit"] if "agentkeys-config-role-test" in line]
    assert [target for target in seen["proof"] if target.startswith(f"s3://{BUCKET}")]


@pytest.mark.parametrize(
    ("host", "unit", "port"), [("config", "agentkeys-worker-config", 9096), ("mcp", "agentkeys-mcp", 9097)]
)
def test_a_service_row_makes_unit_health_vhost_record_and_url(seen, host, unit, port):
    name = f"{host}-test.litentry.org"
    files = seen["files"]
    assert "ExecStart=" in files[f"/etc/systemd/system/{unit}.service"]
    assert f"{unit} {port} " in files["/usr/local/share/agentkeys/services"]
    assert f"{host} {name}\n" in files["/usr/local/share/agentkeys/hosts"]
    assert f"127.0.0.1:{port}" in files[f"/usr/local/share/agentkeys/nginx/{host}.https.conf"]
    assert f"{unit}\n" in files["/usr/local/share/agentkeys/binaries"] or unit == "agentkeys-worker-config"
    assert name in seen["records"]
    assert seen["outputs"]["urls"][host] == f"https://{name}"
    assert seen["env"][f"{host.upper()}_HOST"] == name
    assert [line for line in seen["audit"] if name in line]


def test_a_service_row_gives_its_variables_arguments_and_secret(seen):
    files = seen["files"]
    assert f"CONFIG_BUCKET={BUCKET}\n" in files["/etc/agentkeys/worker-config.env"]
    assert "WORKER_BIND=127.0.0.1:9096\n" in files["/etc/agentkeys/worker-config.env"]
    unit = files["/etc/systemd/system/agentkeys-worker-config.service"]
    assert f"agentkeys-worker-config --bucket {BUCKET}" in unit
    assert "EnvironmentFile=/etc/agentkeys/worker-config-kek.env" in unit
    assert "CONFIG_HOST=config-test.litentry.org\n" in files["/etc/agentkeys/broker.env"]


def test_a_bucket_that_no_class_has_is_refused_before_the_first_resource(tmp_path, release):
    """The service row without the class row."""
    folder = copy(tmp_path, services=SERVICE_ROWS)
    done = run(folder, SEEN, json.dumps(release))
    assert (
        "the row of agentkeys-worker-config has the template '{site.buckets[config]}', and there is no 'config'"
        in done.stderr
    )
    assert "Buckets are mail, vault, memory" in done.stderr


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"port": 8091}, "2 rows have the port 8091"),
        ({"public": "broker"}, "2 rows have the public host 'broker'"),
        ({"unit": "agentkeys-broker"}, "2 rows have the unit 'agentkeys-broker'"),
    ],
)
def test_two_rows_with_one_claim_are_refused(changed, said):
    row = {"unit": "u", "binary": "b", "arguments": (), "port": 1, "memory_mib": 1, "public": None}
    with pytest.raises(ValueError, match=said):
        check((*SERVICES, Service(**{**row, **changed})))


@pytest.mark.parametrize(
    ("key", "prefix", "said"),
    [
        ("vault", "other", "the key 'vault' is taken"),
        ("mail", "other", "the key 'mail' is taken"),
        ("data", "other", "the key 'data' is taken"),
        ("other", "credentials", "the prefix 'credentials' is taken"),
    ],
)
def test_a_class_that_takes_what_another_has_is_refused(key, prefix, said):
    with pytest.raises(ValueError, match=said):
        naming.check((*naming.DATA_CLASSES, naming.DataClass(key=key, prefix=prefix)))
