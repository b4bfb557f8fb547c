"""Wrong input with the real engine: one clear error, no traceback, and nothing in the account that was not there."""

import pytest

from sandbox import rehearsal
from sandbox.aws.seed import PRIVATE_ZONE_ID

KEY = "agentkeys-cloud:"


def config(**values):
    return [part for key, value in values.items() for part in ("--config", f"{KEY}{key}={value}")]


REFUSED = {
    "unknown key": (config(relase="x"), {}, "relase: no such key (value 'x')"),
    "account id": (config(accountId="12345"), {}, "accountId: '12345'"),
    "credentials of another account": ([], {"AWS_PROFILE": "other-account"}, "accountId: the stack is for"),
    "private zone": (config(parentZoneId=PRIVATE_ZONE_ID), {}, "is a private hosted zone"),
    "zone without the broker host": (config(brokerHost="broker.example.com"), {}, "brokerHost: 'broker.example.com'"),
    "mail domain outside the zone": (config(mailDomain="bots.example.com"), {}, "mailDomain: 'bots.example.com'"),
    "refused address": (config(elasticIp="198.18.0.7"), {}, "elasticIp: '198.18.0.7' is in 198.18.0.0/15"),
    "address of nobody": (config(elasticIp="3.208.12.34"), {}, "elasticIp: '3.208.12.34' is no elastic IP of account"),
    "archive with another digest": ([], {"AGENTKEYS_RELEASE_SHA256": "0" * 64}, "is not the SHA-256 of"),
    "region without SES receiving": (config(region="eu-north-1"), {}, "region: 'eu-north-1' must be a region"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_input_is_one_clear_error_before_anything_is_created(ground, what):
    arguments, surroundings, sentence = REFUSED[what]
    before = ground.listing()
    done = ground.pulumi("prod", "up", "--yes", "--skip-preview", *arguments, check=False, **surroundings)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert sentence in said, said
    assert "Traceback" not in said
    assert ground.listing() == before
    made = {resource["type"] for resource in ground.state("prod").get("resources") or []}
    assert made <= {"pulumi:pulumi:Stack", "pulumi:providers:aws", "pulumi:providers:pulumi"}


@pytest.fixture(autouse=True, scope="module")
def _stack(ground):
    ground.engine.init(rehearsal.deployment("prod"))


def test_a_missing_key_is_named(ground, tmp_path):
    stack_file = (rehearsal.layout.CHECKOUT / "Pulumi.prod.yaml").read_text()
    copy = tmp_path / "Pulumi.prod.yaml"
    copy.write_text("\n".join(line for line in stack_file.splitlines() if "parentZoneId" not in line))
    done = ground.pulumi("prod", "up", "--yes", "--skip-preview", "--config-file", str(copy), check=False)
    assert done.returncode != 0
    assert "parentZoneId" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
