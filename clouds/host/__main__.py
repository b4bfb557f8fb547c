"""One AgentKeys deployment on a Linux host that somebody made, top to bottom in the runbook's order."""

import sys
from pathlib import Path

# Pulumi runs this program in its own folder; what clouds share is in the folder above them.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from components import advice

advice.when_interrupted("--folder", "clouds/host")

import pulumi

from clouds.host import limits
from clouds.host.left import left_behind
from clouds.host.settings import HostSettings
from clouds.limits import rows, tell
from components import issuer
from components.checks import zone
from components.checks.state import own
from components.dns import Records, RecordsArgs, cloudflare_zone, mail_by_host, mail_by_nobody
from components.hostsetup import HostSetup, HostSetupArgs
from settings import VERSION, load

advice.when_failed("--folder", "clouds/host")
settings = load(HostSettings)
names = settings.names

if settings.dns == "cloudflare":
    cloudflare_zone(settings.zone, settings.cloudflare_zone_id)
    found = zone.records_at_cloudflare(settings.cloudflare_zone_id)
    zone.require_room(found, names, own(), zone.CLOUDFLARE)
    if settings.uses_lets_encrypt:
        zone.require_authority(found, names, zone.LETS_ENCRYPT)
tell(limits.APPLIED, limits.NO_EQUAL)
limits.warn(settings.store_endpoint)

address = pulumi.Output.from_input(settings.host_address)
records = Records(
    "dns",
    RecordsArgs(
        names=names,
        keeper=settings.dns,
        zone_id=settings.dns_zone_id,
        mail=(mail_by_host if settings.mail == "receive" else mail_by_nobody)(names, settings.spf),
        address=address,
        reachable=[],
        doh_urls=settings.doh_urls,
    ),
)
setup = HostSetup(
    "setup",
    HostSetupArgs(
        site=settings.site,
        copied=settings.copied_to_host,
        address=address,
        host_id=settings.host,
        private_key=pulumi.Output.secret(settings.login_key),
        public_keys=[],
        login_user=settings.login_user,
        reachable=[],
        addresses=records.addresses,
        acme_eab_kid=settings.acme_eab_kid,
        acme_eab_hmac_key=pulumi.Output.secret(settings.acme_eab_hmac_key.get_secret_value()),
        doh_urls=settings.doh_urls,
        store_key_id=settings.store_access_key_id,
        store_key=pulumi.Output.secret(settings.store_secret_access_key.get_secret_value()),
    ),
)
thumbprint = issuer.check(
    "federation",
    names.broker_host,
    host_id=settings.host,
    doh_urls=settings.doh_urls,
    ca_bundle=settings.ca_bundle,
    opts=pulumi.ResourceOptions(depends_on=[setup.done]),
)
left = left_behind("host", settings)

pulumi.export("programVersion", VERSION)
pulumi.export("urls", {key: f"https://{name}" for key, name in names.public_hosts.items()})
pulumi.export("address", settings.host_address)
pulumi.export("buckets", settings.buckets)
pulumi.export("mailDomain", names.mail_domain)
pulumi.export("dnsRecords", records.listed)
pulumi.export("issuer", {"url": names.issuer, "audience": settings.issuer_audience, "thumbprint": thumbprint})
pulumi.export("release", setup.release)
pulumi.export("sshPrivateKey", pulumi.Output.secret(settings.login_key))
pulumi.export("sshPublicKeys", [])
pulumi.export("sshHostKey", setup.host_key)
pulumi.export("noEqual", rows(limits.NO_EQUAL))
pulumi.export("installed", left)
