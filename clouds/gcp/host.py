"""The broker host on Compute Engine: its service account, network, firewall, address, SSH key and instance.

The service account has no key: the instance gets its tokens from the metadata server, for storage only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
import pulumi_tls as tls

from clouds.gcp.names import GcpNames
from clouds.launched import opened
from hostsetup.services import SSH_PORT

#: Network of the only subnet.
_RANGE = "10.80.0.0/24"

#: What the instance's tokens are good for, whatever its service account may do:
#: https://docs.cloud.google.com/storage/docs/oauth-scopes
SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)


def service_account(name: str, names: GcpNames, opts: pulumi.ResourceOptions) -> gcp.serviceaccount.Account:
    """The identity of the host. Nobody gets a key of it."""
    return gcp.serviceaccount.Account(
        f"{name}-account", account_id=names.host, display_name=f"AgentKeys broker host{names.suffix}", opts=opts
    )


@dataclass(frozen=True, kw_only=True)
class HostArgs:
    """Arguments of ``Host``. Their meanings are those of the settings of the same name."""

    #: Names of the stack.
    names: GcpNames
    #: Region of address and subnet.
    region: str
    #: Zone of the instance.
    compute_zone: str
    #: Machine type, for example ``e2-small``.
    machine_type: str
    #: Project and family of the image, for example ``debian-cloud/debian-12``. Its newest at the first `up`.
    image: str
    #: Size of the boot disk in GiB.
    disk_gib: int
    #: User that the SSH key lets in.
    login_user: str
    #: IPv4 networks that may reach port 22.
    ssh_cidrs: Sequence[str]
    #: Whether port 25 is open.
    receives_mail: bool
    #: Enable deletion protection, and keep the disk when the instance is deleted.
    protect: bool
    #: Address of the host's service account.
    account: pulumi.Output[str]


class Host(pulumi.ComponentResource):
    """One instance behind one static address (runbook quick start 1)."""

    #: Public IPv4 address.
    address: pulumi.Output[str]
    #: Google's id of the instance: another instance has another one.
    instance_id: pulumi.Output[str]
    #: Private key of the login user. Secret.
    private_key: pulumi.Output[str]
    #: What has to be there before the host can be reached.
    reachable: list[pulumi.Resource]

    def __init__(self, name: str, args: HostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("agentkeys:gcp:Host", name, None, opts)
        child, names = pulumi.ResourceOptions(parent=self), args.names
        # The default network opens port 22 to everyone.
        network = gcp.compute.Network(f"{name}-network", name=names.host, auto_create_subnetworks=False, opts=child)
        subnet = gcp.compute.Subnetwork(
            f"{name}-subnet",
            name=names.host,
            region=args.region,
            network=network.id,
            ip_cidr_range=_RANGE,
            opts=child,
        )
        rules = [
            gcp.compute.Firewall(
                f"{name}-firewall-{rule}",
                name=f"{names.host}-{rule}",
                network=network.id,
                direction="INGRESS",
                source_ranges=sorted(sources),
                allows=[{"protocol": "tcp", "ports": [str(port)]}],
                target_tags=[names.host],
                opts=child,
            )
            for port, sources in opened(args.ssh_cidrs, receives_mail=args.receives_mail).items()
            for rule in ("ssh" if port == SSH_PORT else f"tcp-{port}",)
        ]
        address = gcp.compute.Address(f"{name}-address", name=names.host, region=args.region, opts=child)
        key = tls.PrivateKey(f"{name}-ssh-key", algorithm="ED25519", opts=child)
        public_key = key.public_key_openssh.apply(str.strip)
        instance = gcp.compute.Instance(
            f"{name}-instance",
            name=names.host,
            zone=args.compute_zone,
            machine_type=args.machine_type,
            tags=[names.host],
            boot_disk={
                # This disk holds the only copy of the secrets that encrypt the stored data.
                "auto_delete": not args.protect,
                "initialize_params": {"image": args.image, "size": args.disk_gib, "type": "pd-balanced"},
            },
            network_interfaces=[{"subnetwork": subnet.id, "access_configs": [{"nat_ip": address.address}]}],
            metadata={
                "ssh-keys": public_key.apply(lambda line: f"{args.login_user}:{line}"),
                "block-project-ssh-keys": "TRUE",
                "enable-oslogin": "FALSE",
                "serial-port-enable": "FALSE",
            },
            service_account={"email": args.account, "scopes": list(SCOPES)},
            shielded_instance_config={
                "enable_secure_boot": True,
                "enable_vtpm": True,
                "enable_integrity_monitoring": True,
            },
            allow_stopping_for_update=True,
            deletion_protection=args.protect,
            # A newer image of the family must not replace a running host.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["bootDisk.initializeParams.image"]),
        )
        self.address = address.address
        self.instance_id = instance.instance_id
        self.private_key = key.private_key_openssh
        self.reachable = [instance, *rules]
        self.register_outputs({"address": self.address, "instanceId": self.instance_id})
