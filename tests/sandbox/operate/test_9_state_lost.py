"""A stack whose state is lost, and no version of it is left: docs/state.md, "Begin again when the state is lost".

After the other tests of this folder, because the stack's host becomes one that the stack did not launch.
"""

import json

import pytest

from tests.support.typed import Operator

BROKER = "test-broker.litentry.org"


@pytest.fixture
def operator(ground, tmp_path):
    return Operator(ground, tmp_path)


def test_the_account_is_adopted_and_an_up_leaves_nothing_to_do(ground, operator, tmp_path):
    ground.bring_up("test")
    before = ground.outputs("test")
    key = tmp_path / "key"
    key.touch(mode=0o600)
    operator.types(f"pulumi stack output sshPrivateKey --show-secrets -s test >{key}")
    operator.types("pulumi stack rm test --force --yes --preserve-config; pulumi stack init test")
    adopted = json.loads(operator.types("venv/bin/python -m ops adopt -s test --json").stdout)
    assert {line["state"] for line in adopted["lines"]} == {"matched", "missing", "different", "foreign"}
    *first, preview, up = adopted["next"]
    for line in first:
        operator.types(f"HOST_KEY={key}\n{line}")
    steps = json.loads(operator.types(f"{preview} --json").stdout)["steps"]
    assert {step["op"] for step in steps} == {"same", "update", "create"}
    operator.types(f"{up} --yes --skip-preview")
    operator.types("pulumi preview -s test --expect-no-changes")
    operator.types("pulumi preview -s test --refresh --expect-no-changes")
    after = ground.outputs("test")
    assert {name: after[name] for name in ("instanceId", "elasticIp")} == {
        name: before[name] for name in ("instanceId", "elasticIp")
    }
    assert ground.get(BROKER, "/healthz").status == 200
    operator.types("venv/bin/python -m ops drift -s test")
    said = operator.types("venv/bin/python -m ops doctor -s test || true")
    assert "terminate-instances" not in said.stdout + said.stderr
    assert "delete-security-group" not in said.stdout + said.stderr
