"""One AgentKeys deployment on Google Cloud, top to bottom in the runbook's order."""

import sys
from pathlib import Path

# Pulumi runs this program in its own folder; what clouds share is in the folder above them.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from clouds import sdk
from components import advice

advice.when_interrupted("--folder", "clouds/gcp")
sdk.require("pulumi_gcp", "gcp")

import pulumi
import pulumi_gcp as gcp

from clouds.gcp import limits, places, records
from clouds.gcp.buckets import Buckets, BucketsArgs
from clouds.gcp.federation import Federation
from clouds.gcp.host import Host, HostArgs, service_account
from clouds.gcp.names import TOKENS
from clouds.gcp.settings import GcpSettings
from clouds.limits import rows, tell
from components import issuer
from components.checks import zone
from components.checks.state import own
from components.dns import Records, RecordsArgs, cloudflare_zone, mail_by_host, mail_by_nobody
from components.hostsetup import HostSetup, HostSetupArgs
from settings import VERSION, load

advice.when_failed("--folder", "clouds/gcp")
settings = load(GcpSettings)
names = settings.names

provider = gcp.Provider("gcp", project=settings.project_id, region=settings.region, zone=settings.compute_zone)
here = pulumi.ResourceOptions(provider=provider)
inside = pulumi.ResourceOptions(providers=[provider])
places.require(settings, provider)
places.require_pool(settings)
if settings.dns == "cloudflare":
    cloudflare_zone(settings.zone, settings.cloudflare_zone_id)
if settings.dns != "manual":
    at_cloudflare = settings.dns == "cloudflare"
    found = zone.records_at_cloudflare(settings.cloudflare_zone_id) if at_cloudflare else places.records(settings)
    zone.require_room(found, names, own(), zone.CLOUDFLARE if at_cloudflare else places.CLOUD_DNS)
    if settings.uses_lets_encrypt:
        zone.require_authority(found, names, zone.LETS_ENCRYPT)
tell(limits.APPLIED, limits.NO_EQUAL)

account = service_account("host", names, here)
buckets = Buckets(
    "buckets",
    BucketsArgs(
        names=names,
        location=settings.region,
        versioning=settings.versioning,
        force_destroy=settings.buckets_on_destroy == "delete",
        project_guard=settings.organization_policy,
        writer=account.email,
    ),
    inside,
)
host = Host(
    "host",
    HostArgs(
        names=names,
        region=settings.region,
        compute_zone=settings.compute_zone,
        machine_type=settings.machine_type,
        image=settings.image,
        disk_gib=settings.disk_gib,
        login_user=settings.login_user,
        ssh_cidrs=settings.ssh_cidrs,
        receives_mail=settings.mail == "receive",
        protect=settings.protect,
        account=account.email,
    ),
    inside,
)
listed = Records(
    "dns",
    RecordsArgs(
        names=names,
        keeper=records.keep if settings.dns == "clouddns" else settings.dns,
        zone_id=settings.dns_zone_id,
        mail=(mail_by_host if settings.mail == "receive" else mail_by_nobody)(names, settings.spf),
        address=host.address,
        reachable=host.reachable,
        doh_urls=settings.doh_urls,
    ),
    inside,
)
setup = HostSetup(
    "setup",
    HostSetupArgs(
        site=settings.site,
        copied=settings.copied_to_host,
        address=host.address,
        host_id=host.instance_id,
        private_key=host.private_key,
        public_keys=[],
        login_user=settings.login_user,
        reachable=host.reachable,
        addresses=listed.addresses,
        acme_eab_kid=settings.acme_eab_kid,
        acme_eab_hmac_key=pulumi.Output.secret(settings.acme_eab_hmac_key.get_secret_value()),
        doh_urls=settings.doh_urls,
    ),
    # Mail is written to the bucket by the host, which may do so only then.
    pulumi.ResourceOptions(depends_on=[buckets]),
)
thumbprint = issuer.check(
    "federation",
    names.broker_host,
    host_id=host.instance_id,
    doh_urls=settings.doh_urls,
    ca_bundle=settings.ca_bundle,
    opts=pulumi.ResourceOptions(depends_on=[setup.done]),
)
federation = Federation(
    "federation",
    names,
    settings.issuer_audience,
    pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[setup.done])),
)

pulumi.export("programVersion", VERSION)
pulumi.export("urls", {key: f"https://{name}" for key, name in names.public_hosts.items()})
pulumi.export("address", host.address)
pulumi.export("instanceId", host.instance_id)
pulumi.export("buckets", buckets.bucket_names)
pulumi.export("mailDomain", names.mail_domain)
pulumi.export("dnsRecords", listed.listed)
pulumi.export("issuer", {"url": names.issuer, "audience": settings.issuer_audience, "thumbprint": thumbprint})
pulumi.export(
    "exchange",
    {"url": f"{TOKENS}/v1/token", "audience": names.exchange_audience, "principals": names.actor("<actor>")},
)
pulumi.export("release", setup.release)
pulumi.export("sshPrivateKey", host.private_key)
# Google's guest agent keeps the login user's authorized_keys file.
pulumi.export("sshPublicKeys", [])
pulumi.export("sshHostKey", setup.host_key)
pulumi.export("noEqual", rows(limits.NO_EQUAL))
