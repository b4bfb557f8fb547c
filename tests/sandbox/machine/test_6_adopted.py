"""A host as the bash scripts leave it is taken over: its secrets and certificates stay as they are, and it serves."""

import pytest

from hostsetup.services import KEYS_DIR, SERVICES
from tests.sandbox.machine.test_1_again import changed
from tests.support.former_host import (
    AFTER,
    BEFORE,
    FORMER_KEYS,
    as_the_scripts_leave_it,
    certificates,
    healthy,
    keys,
    values,
)


@pytest.fixture(scope="module")
def former(launched):
    machine = launched("-former")
    as_the_scripts_leave_it(machine)
    return machine


def test_a_host_of_the_scripts_keeps_its_secrets_and_certificates_and_serves(former):
    assert healthy(former) == ["200"] * len(SERVICES)
    secrets, public, certified = values(former, BEFORE), keys(former), certificates(former)
    assert "kty" in public
    former.set_up()
    assert values(former, AFTER) == secrets
    assert certificates(former) == certified
    assert healthy(former) == ["200"] * len(SERVICES)
    assert keys(former) == public
    left = former.sudo("ls /etc/nginx/sites-enabled /etc/nginx/conf.d; cat /etc/agentkeys/worker-*.env")
    assert [line for line in left.splitlines() if line.endswith(".conf")] == ["agentkeys.conf"]
    assert left.count("_KEK_HEX=") == 2, "in files of their own alone"


def test_its_second_run_changes_nothing(former):
    before = former.footprint()
    assert changed(former.set_up()) == []
    assert former.footprint() == before


def test_a_host_of_the_scripts_that_lost_a_secret_gets_no_new_one(former):
    former.sudo(f"mv {KEYS_DIR}/oidc-keypair.json /root/kept; mv {FORMER_KEYS}/oidc-keypair.json /root/former")
    try:
        done = former.run(former.steps()["secrets"])
        assert done.returncode == 1
        assert "oidc-keypair.json is missing, but this host has served before" in done.stderr
    finally:
        former.sudo(f"mv /root/kept {KEYS_DIR}/oidc-keypair.json; mv /root/former {FORMER_KEYS}/oidc-keypair.json")
