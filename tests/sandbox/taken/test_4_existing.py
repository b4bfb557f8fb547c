"""A machine that Pulumi did not launch, with the real engine: its address ladder run by run, and what destroy leaves.

Only the host and the first steps over SSH are targets; ``tests/sandbox/machine`` sets such a machine up to its end.
"""

import subprocess

import pytest

from sandbox import layout, rehearsal, supervisor
from sandbox.aws import seed

KEY = "agentkeys-cloud:"
STACK = rehearsal.Project(name="agentkeys-cloud", folder=layout.CHECKOUT, stack="existing")
NAME = "agentkeys-broker-host-existing"
TARGETS = [
    f"--target=**{what}"
    for what in ("BrokerHost::host", "host-*", "HostSetup::setup", "setup-host-key", "setup-login", "setup-booted")
]


class Existing:
    """An instance with somebody else's key pair and firewall, and the stack that is configured to set it up."""

    def __init__(self, ground, folder):
        self.engine = ground.engine
        self.ec2 = supervisor.client("ec2")
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.ec2.import_key_pair(KeyName="by-hand", PublicKeyMaterial=key.with_suffix(".pub").read_bytes())
        self.group = self.ec2.create_security_group(GroupName="by-hand", Description="test")["GroupId"]
        rules = [
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            for port in (22, 80, 443)
        ]
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=rules)
        (run,) = self.ec2.run_instances(
            ImageId=seed.UBUNTU.id, InstanceType="t3.small", MinCount=1, MaxCount=1, KeyName="by-hand",
            SecurityGroupIds=[self.group], MetadataOptions={"HttpTokens": "optional"},
        )["Instances"]  # fmt: skip
        self.instance = run["InstanceId"]
        allocated = self.ec2.allocate_address(Domain="vpc")
        self.allocation, self.address = allocated["AllocationId"], allocated["PublicIp"]
        self.ec2.associate_address(AllocationId=self.allocation, InstanceId=self.instance)
        self.file = folder / "Pulumi.existing.yaml"
        text = (layout.CHECKOUT / "Pulumi.test.yaml").read_text()
        self.file.write_text(text.replace("suffix: -test", "suffix: -existing"))
        self.engine.up(rehearsal.ACCOUNT)
        self.engine.init(STACK)
        self.set("hostInstanceId", self.instance)
        self.set("hostInstanceProfile", "attach")
        self.set("hostPrivateKey", key.read_text(), "--secret")
        assert key.read_text().splitlines()[1] not in self.file.read_text()

    def set(self, key, value, *options):
        """By standard input, as a person gives a secret."""
        command = ["pulumi", "config", "set", *options, KEY + key, "--config-file", self.file, "--stack", STACK.stack]
        subprocess.run(
            command, input=value, text=True, env=self.engine.environment, cwd=STACK.folder, check=True,
            capture_output=True,
        )  # fmt: skip

    def pulumi(self, *arguments, check=True):
        done = self.engine.run(STACK, *arguments, "--config-file", str(self.file), capture=True, check=check)
        return done.stdout + done.stderr

    def up(self):
        return self.pulumi("up", "--yes", "--skip-preview", *TARGETS)

    def addresses(self):
        """Allocation, holder and tags of each address of this test."""
        return {
            found["PublicIp"]: (found.get("InstanceId"), {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])})
            for found in self.ec2.describe_addresses()["Addresses"]
            if found["AllocationId"] == self.allocation or NAME in str(found.get("Tags"))
        }

    def read(self):
        (instance,) = self.ec2.describe_instances(InstanceIds=[self.instance])["Reservations"][0]["Instances"]
        profile = (instance.get("IamInstanceProfile") or {}).get("Arn", "")
        return instance["State"]["Name"], profile.rpartition("/")[2], instance.get("Tags", [])

    def end(self):
        self.pulumi("destroy", "--yes", check=False)
        self.engine.run(STACK, "stack", "rm", "--yes", "--preserve-config", capture=True, check=False)
        self.ec2.terminate_instances(InstanceIds=[self.instance])
        self.ec2.release_address(AllocationId=self.allocation)
        self.ec2.delete_security_group(GroupId=self.group)
        self.ec2.delete_key_pair(KeyName="by-hand")


@pytest.fixture(scope="module")
def existing(ground, tmp_path_factory):
    made = Existing(ground, tmp_path_factory.mktemp("existing"))
    yield made
    made.end()


def test_an_attached_address_is_named_and_nothing_is_created_until_the_config_says_it(ground, existing):
    before = ground.listing()
    said = existing.pulumi("up", "--yes", "--skip-preview", *TARGETS, check=False)
    assert f"`pulumi config set -s existing elasticIp {existing.address}`" in said, said
    assert "Traceback" not in said
    assert ground.listing() == before


def test_with_it_the_machine_is_taken_as_it_is_and_the_second_run_changes_nothing(existing):
    existing.set("elasticIp", existing.address)
    said = existing.up()
    assert "--http-tokens required" in said, "IMDSv1 is warned of"
    assert existing.addresses() == {existing.address: (existing.instance, {"Name": "agentkeys-broker-eip-existing"})}
    state, profile, tags = existing.read()
    assert (state, profile) == ("running", NAME)
    assert {"Key": "agentkeys:set-up-by", "Value": NAME} in tags
    existing.pulumi("preview", "--expect-no-changes", *TARGETS)
    existing.pulumi("preview", "--refresh", "--expect-no-changes", *TARGETS)


def test_destroy_leaves_the_machine_and_its_address_where_they_were(existing):
    existing.pulumi("destroy", "--yes")
    ((holder, _),) = existing.addresses().values()
    assert holder == existing.instance
    assert existing.read() == ("running", "", [])


def test_an_allocated_address_stays_the_stacks_own_and_goes_with_it(existing):
    (found,) = existing.ec2.describe_addresses(AllocationIds=[existing.allocation])["Addresses"]
    existing.ec2.disassociate_address(AssociationId=found["AssociationId"])
    existing.ec2.delete_tags(Resources=[existing.allocation], Tags=[{"Key": "Name"}])
    existing.set("elasticIp", "")
    existing.up()
    mine = {address: seen for address, seen in existing.addresses().items() if address != existing.address}
    assert list(mine.values()) == [
        (existing.instance, {"Name": "agentkeys-broker-eip-existing", "agentkeys:owned-by": NAME})
    ]
    existing.pulumi("preview", "--expect-no-changes", *TARGETS)
    existing.pulumi("destroy", "--yes")
    assert list(existing.addresses()) == [existing.address]
