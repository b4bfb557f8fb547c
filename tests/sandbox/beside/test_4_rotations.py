"""What is rotated on a stack that runs: its SSH key, its address, the chain of its certificates' authority.

Each preview is held against the runbook's. The last before test goes: its stack ends with settings that are not in its
file.
"""

import json
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from gates import issuer
from ops.commands.ssh import ephemeral_key
from sandbox import layout
from tests.support.documented import expected
from tests.support.emulation import eventually
from tests.support.live import ACTOR

BROKER = "test-broker.litentry.org"
NAMES = [BROKER, *(f"{key}-test.litentry.org" for key in ("signer", "audit", "email", "cred", "memory"))]


class Rotated:
    """The stack test with settings beside those of its file, and a line of an operator's own on its host."""

    def __init__(self, ground, folder):
        self.ground = ground
        self.file = folder / "Pulumi.test.yaml"
        self.surroundings = {}
        self.settings = {}
        self.public_key = ephemeral_key()[1]
        ground.on_host("test", f"echo {shlex.quote(self.public_key)} >>.ssh/authorized_keys")
        self.instance = ground.outputs("test")["instanceId"]

    def set(self, **settings):
        self.settings.update(settings)
        content = yaml.safe_load((layout.CHECKOUT / "Pulumi.test.yaml").read_text())
        content["config"] |= {f"agentkeys-cloud:{key}": value for key, value in self.settings.items() if value}
        self.file.write_text(yaml.safe_dump(content))

    def pulumi(self, *arguments):
        return self.ground.pulumi("test", *arguments, "--config-file", str(self.file), **self.surroundings).stdout

    def changes(self):
        """What an `up` would do, counted; the machine is never touched by it."""
        told = json.loads(self.pulumi("preview", "--json"))
        assert not [step["op"] for step in told["steps"] if step["urn"].endswith("::host-instance")]
        return {kind: count for kind, count in told["changeSummary"].items() if kind != "same"}

    def up(self):
        self.pulumi("up", "--yes", "--skip-preview")
        self.pulumi("preview", "--expect-no-changes")
        assert self.ground.outputs("test")["instanceId"] == self.instance

    def ops(self, *arguments):
        return subprocess.run(
            [sys.executable, "-m", "ops", *arguments],
            cwd=layout.CHECKOUT, env=self.ground.engine.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def keys(self):
        """The keys that the login user is let in with."""
        lines = self.ground.on_host("test", "cat .ssh/authorized_keys").splitlines()
        return [line.split()[1] for line in lines]

    def thumbprint(self):
        return issuer.thumbprint(self.ground.address(BROKER), BROKER)

    def registered(self):
        arn = self.ground.outputs("test")["oidcProviderArn"]
        return self.ground.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ThumbprintList"]


@pytest.fixture(scope="module")
def rotated(ground, tmp_path_factory):
    return Rotated(ground, tmp_path_factory.mktemp("rotated"))


def blobs(public_keys):
    return [key.split()[1] for key in public_keys]


def test_a_second_ssh_key_is_let_in_beside_the_first(ground, rotated):
    first = ground.outputs("test")["sshPublicKeys"]
    operator = rotated.public_key.split()[1]
    assert rotated.keys() == [*blobs(first), operator]
    rotated.set(sshKeyEpochs=[1, 2])
    assert rotated.changes() == expected("Rotate the SSH key")[0]
    rotated.up()
    both = ground.outputs("test")["sshPublicKeys"]
    assert both[0] == first[0]
    assert rotated.keys() == [*blobs(first), operator, *blobs(both[1:])]


def test_a_moved_address_takes_names_and_certificates_along_and_the_machine_stays(ground, rotated):
    ec2 = ground.client("ec2")
    before, serial = ground.outputs("test")["elasticIp"], certificates(ground)
    address = ec2.allocate_address(Domain="vpc")["PublicIp"]
    rotated.set(elasticIp=address)
    assert rotated.changes() == expected("Move the address")[0]
    rotated.up()
    assert {ground.address(name) for name in NAMES} == {address}
    assert [ground.get(name, "/healthz").status for name in NAMES] == [200] * 6
    assert certificates(ground) == serial
    held = {found["PublicIp"]: found.get("InstanceId") for found in ec2.describe_addresses()["Addresses"]}
    assert held[address] == rotated.instance
    assert before not in held
    ground.assume("vault", "test", ground.token(BROKER, ACTOR))


def certificates(ground):
    return ground.on_host("test", "sudo sh -c 'sha256sum /etc/letsencrypt/live/*/cert.pem'")


def test_the_first_key_goes_while_the_address_goes_back_to_one_of_the_stacks_own(ground, rotated):
    """Two events in one run. Each preview is the same as for one event."""
    given, moved = rotated.settings["elasticIp"], expected("Move the address")[1]
    old, new = blobs(ground.outputs("test")["sshPublicKeys"])
    ec2 = ground.client("ec2")
    (left,) = ec2.describe_addresses(PublicIps=[given])["Addresses"]
    ec2.delete_tags(Resources=[left["AllocationId"]], Tags=[{"Key": "Name"}])
    rotated.set(elasticIp="")
    assert rotated.changes() == moved
    rotated.set(elasticIp=given, sshKeyEpochs=[2])
    assert rotated.changes() == expected("Rotate the SSH key")[1]
    rotated.set(elasticIp="")
    rotated.up()
    (left,) = ec2.describe_addresses(PublicIps=[given])["Addresses"]
    assert not left.get("InstanceId"), "it stays the account's"
    ec2.release_address(AllocationId=left["AllocationId"])
    assert old != new
    assert blobs(ground.outputs("test")["sshPublicKeys"]) == [new]
    assert rotated.keys() == [rotated.public_key.split()[1], new]
    (pair,) = ec2.describe_key_pairs(KeyNames=["agentkeys-broker-host-test"], IncludePublicKey=True)["KeyPairs"]
    assert new in pair["PublicKey"], "a machine that is launched now has it"
    assert [ground.get(name, "/healthz").status for name in NAMES] == [200] * 6


def test_the_operators_commands_use_the_new_key(rotated):
    done = rotated.ops("ssh", "-s", "test", "--fallback", "--", "id", "-un")
    assert done.stdout == "ubuntu\n", done.stderr
    done = rotated.ops("drift", "-s", "test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_prod_does_not_give_up_its_only_key(ground, tmp_path):
    """The first number of the list is one that the host has: prod refuses to skip the two-key stage."""
    file = tmp_path / "Pulumi.prod.yaml"
    content = yaml.safe_load((layout.CHECKOUT / "Pulumi.prod.yaml").read_text())
    content["config"]["agentkeys-cloud:sshKeyEpochs"] = [2]
    file.write_text(yaml.safe_dump(content))
    done = ground.pulumi("prod", "preview", "--config-file", str(file), check=False)
    assert done.returncode != 0
    assert re.search(r"host-ssh-key\b.*protect", done.stdout + done.stderr, re.DOTALL)


def test_a_key_that_the_host_does_not_have_is_told_before_any_step_with_the_way_back(ground, rotated):
    outputs = ground.outputs("test")
    known, target = outputs["sshHostKey"].strip(), f"ubuntu@{outputs['elasticIp']}"
    done = subprocess.run(
        [sys.executable, "-m", "gates", "login", "--timeout", "1", "--host-key", known, target],
        cwd=layout.CHECKOUT, input=ephemeral_key()[0], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert "for example [1, 2]" in done.stderr


#: The sandbox's authority forgets its accounts when it starts, as no other does; the renewal is certbot's own.
RENEWED = """\
rm -rf /etc/letsencrypt/accounts
certbot register --quiet --non-interactive --agree-tos --email a@litentry.org --server {directory}
account=$(basename "$(dirname "$(find /etc/letsencrypt/accounts -name regr.json)")")
sed -i "s/^account = .*/account = $account/" /etc/letsencrypt/renewal/{name}.conf
certbot renew --quiet --force-renewal --no-random-sleep-on-renew --cert-name {name}
"""


def test_a_renewal_with_another_chain_is_no_change_and_a_private_authoritys_is_registered_on_demand(ground, rotated):
    """The sandbox was started again since the certificates were issued (test_4_comes_back)."""
    chain = rotated.thumbprint()
    assert rotated.registered() == [chain]
    script = RENEWED.format(directory=ground.engine.environment["AGENTKEYS_ACME_DIRECTORY"], name=BROKER)
    ground.on_host("test", f"sudo sh -euc {shlex.quote(script)}")
    assert eventually(lambda: rotated.thumbprint() != chain), "nginx reads its files again by itself"
    rotated.pulumi("preview", "--expect-no-changes")
    assert rotated.registered() == [chain]
    ground.assume("vault", "test", ground.token(BROKER, ACTOR))
    renew = ("--target-replace=**federation-issuer-check", "--target=**federation-provider")
    told = json.loads(rotated.pulumi("preview", "--json", *renew))["changeSummary"]
    private = expected("Another certificate authority")[1]
    assert {kind: count for kind, count in told.items() if kind != "same"} == private
    rotated.pulumi("up", "--yes", "--skip-preview", *renew)
    assert rotated.registered() == [rotated.thumbprint()]
    rotated.pulumi("preview", "--expect-no-changes")


def test_another_authority_issues_every_certificate_anew(ground, rotated):
    before = certificates(ground).splitlines()
    directory = ground.engine.environment["AGENTKEYS_ACME_DIRECTORY"]
    rotated.surroundings = {"AGENTKEYS_ACME_DIRECTORY": f"{directory}?another"}
    assert rotated.changes() == expected("Another certificate authority")[0]
    rotated.up()
    assert len(set(before) | set(certificates(ground).splitlines())) == 12
    assert [ground.get(name, "/healthz").status for name in NAMES] == [200] * 6
    ground.assume("vault", "test", ground.token(BROKER, ACTOR))
