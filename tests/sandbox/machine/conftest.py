"""A real host of the sandbox, set up by the steps as ``components/hostsetup.py`` carries them, without the engine.

``machine`` is one that is done, for all files of this folder: whoever breaks something on it puts it right again.
``launched`` makes further ones, each from zero. Both go with the folder's sandbox.
"""

import dataclasses
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components.naming import Names, default_broker_host, default_email_from, default_mail_domain
from sandbox import layout, supervisor
from sandbox.aws import seed
from sandbox.hosts.image import ensure_image
from sandbox.rehearsal import say
from sandbox.standin.archive import build_archive
from tests.support import emulation
from tests.support.host_over_ssh import SSH_SECONDS, Host
from tests.support.live import home  # noqa: F401 - a fixture of this folder
from tests.support.sites import a_site

#: Those of a stack (``components/host.py``); 22 and 80 are the usual ways in.
OPEN_PORTS = (22, 80, 443)


class Machine(Host):
    """An instance of the emulated account behind its elastic address, its names in DNS: what the steps find."""

    _all: list["Machine"] = []  # noqa: RUF012 - the ones to end

    def __init__(self, suffix: str, image: seed.MachineImage = seed.UBUNTU) -> None:
        """Made in the account; returns when its cloud-init has ended."""
        self.image, self.login_user = image, image.login_user
        # What may take a minute is done here, where its progress is seen.
        ensure_image(image.base, say)
        emulated = supervisor.emulated()
        mail_domain = default_mail_domain(emulated.zone, suffix)
        self.names = Names(
            account_id=emulated.account_id,
            region=emulated.region,
            zone=emulated.zone,
            suffix=suffix,
            broker_host=default_broker_host(emulated.zone, suffix),
            mail_domain=mail_domain,
            email_from=default_email_from(mail_domain, suffix),
        )
        self.archive, digest = build_archive(layout.HOME / "release", say)
        self.site = dataclasses.replace(
            a_site("test"),
            issuer=self.names.issuer,
            public_names=self.names.public_hosts,
            release="",
            release_sha256=digest,
            acme_directory=f"https://{layout.ACME_HOST}:{layout.PORTS['acme']}/dir",
        )
        self.folder = layout.HOME / "machines" / self.names.host
        self.folder.mkdir(parents=True)
        Machine._all.append(self)
        self._ec2 = supervisor.client("ec2")
        self._records: dict[str, str] = {}
        self.key = self.new_key("login")
        self._launch()
        for key in self.names.public_hosts:
            self.point(key, self.address)
        self.wait_for_boot()

    def new_key(self, name: str) -> Path:
        """A key pair of its own; the path of the private key, with the public one beside it as ``.pub``."""
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        return path

    def point(self, key: str, address: str) -> None:
        """The A record of that public host, away from this machine or back to it."""
        name = self.names.public_hosts[key]
        self._change_records("UPSERT", {name: address})
        self._records[name] = address

    def reboot(self) -> None:
        """Returns when the host has started up again, whether or not all of it did."""
        started = "systemctl show --property UserspaceTimestampMonotonic"
        before = self.said(started)
        self.ssh("sudo systemctl reboot")

        def is_another() -> bool:
            done = self.ssh(f"{started}; systemctl is-system-running --wait >/dev/null", seconds=60)
            return bool(done.stdout) and before not in done.stdout

        assert emulation.eventually(is_another, SSH_SECONDS), "the host does not come back from its reboot"

    def replace(self) -> None:
        """Another instance behind the same address, as when a stack replaces its host; nothing is set up on it."""
        self._ec2.terminate_instances(InstanceIds=[self.instance_id])
        self._start_instance()
        self.wait_for_boot()

    def end(self) -> None:
        """Everything of it away, also after it was made in part."""
        Machine._all.remove(self)
        if self._records:
            self._change_records("DELETE", self._records)
        if hasattr(self, "instance_id"):
            self._ec2.terminate_instances(InstanceIds=[self.instance_id])
        if hasattr(self, "_allocation_id"):
            self._ec2.release_address(AllocationId=self._allocation_id)
        if hasattr(self, "_group_id"):
            self._ec2.delete_security_group(GroupId=self._group_id)
        self._ec2.delete_key_pair(KeyName=self.names.host)
        shutil.rmtree(self.folder)

    @classmethod
    def end_all(cls) -> None:
        for machine in list(cls._all):
            machine.end()

    def _launch(self) -> None:
        name = self.names.host
        self._ec2.import_key_pair(KeyName=name, PublicKeyMaterial=self.key.with_suffix(".pub").read_bytes())
        self._group_id = self._ec2.create_security_group(GroupName=name, Description="test")["GroupId"]
        self._ec2.authorize_security_group_ingress(
            GroupId=self._group_id,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                for port in OPEN_PORTS
            ],
        )
        allocated = self._ec2.allocate_address(Domain="vpc")
        self._allocation_id, self.address = allocated["AllocationId"], allocated["PublicIp"]
        self._start_instance()

    def _start_instance(self) -> None:
        (instance,) = self._ec2.run_instances(
            ImageId=self.image.id,
            InstanceType="t3.small",
            MinCount=1,
            MaxCount=1,
            KeyName=self.names.host,
            SecurityGroupIds=[self._group_id],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": self.names.host}]}],
        )["Instances"]
        self.instance_id = instance["InstanceId"]
        self._ec2.associate_address(AllocationId=self._allocation_id, InstanceId=self.instance_id)

    def _change_records(self, action: str, addresses: dict[str, str]) -> None:
        changes = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": name, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": address}]
                },
            }
            for name, address in addresses.items()
        ]  # fmt: skip
        supervisor.client("route53").change_resource_record_sets(
            HostedZoneId=supervisor.emulated().zone_id, ChangeBatch={"Changes": changes}
        )


@pytest.fixture(scope="package")
def launched(request: pytest.FixtureRequest) -> Iterator[Callable[..., Machine]]:
    """Makes a machine of that suffix, ``-other`` for example; its names are its own."""
    request.getfixturevalue("home")
    supervisor.start(say)
    yield Machine
    Machine.end_all()


@pytest.fixture(scope="package")
def machine(launched: Callable[..., Machine]) -> Machine:
    """A machine on which every step has run."""
    began = time.monotonic()
    made = launched("-machine")
    booted = time.monotonic()
    made.set_up()
    say(f"a machine in {booted - began:.0f} s, set up in {time.monotonic() - booted:.0f} s")
    return made
