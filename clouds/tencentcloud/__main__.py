"""One AgentKeys deployment in a Tencent Cloud account, top to bottom in the runbook's order."""

import sys
from pathlib import Path

# Pulumi runs this program in its own folder; what clouds share is in the folder above them.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from clouds import sdk
from components import advice

advice.when_interrupted("--folder", "clouds/tencentcloud")
sdk.require("tencentcloud_iac_pulumi", "tencentcloud")

import pulumi
import tencentcloud_iac_pulumi as tencentcloud

from clouds.launched import PrivateBucketArgs
from clouds.limits import rows, tell
from clouds.tencentcloud import limits, policies, preflight
from clouds.tencentcloud.buckets import PrivateBucket
from clouds.tencentcloud.dns import keep
from clouds.tencentcloud.host import Host, HostArgs
from clouds.tencentcloud.identities import Daemon, DataRoles, IdentitiesArgs
from clouds.tencentcloud.mail import sender
from clouds.tencentcloud.settings import SMTP_PORT, SMTP_SERVERS, TencentCloudSettings
from components import issuer
from components.checks import zone
from components.checks.state import own
from components.dns import Records, RecordsArgs, cloudflare_zone, mail_by_host, mail_by_nobody
from components.hostsetup import HostSetup, HostSetupArgs
from components.naming import BUCKET_KEYS, INBOUND_DAYS, INBOUND_PREFIX, STS_AUDIENCE
from settings import VERSION, load

advice.when_failed("--folder", "clouds/tencentcloud")
settings = load(TencentCloudSettings)
names = settings.names

provider = tencentcloud.Provider("tencentcloud", region=settings.region)
preflight.account(provider, settings.uin, settings.app_id)
image_id = preflight.image(provider, settings)
found: list[zone.Found] = []
if settings.dns == "dnspod":
    found = preflight.records(provider, settings.zone)
    zone.require_room(found, names, own(), preflight.DNSPOD)
elif settings.dns == "cloudflare":
    cloudflare_zone(settings.zone, settings.cloudflare_zone_id)
    found = zone.records_at_cloudflare(settings.cloudflare_zone_id)
    zone.require_room(found, names, own(), zone.CLOUDFLARE)
if settings.uses_lets_encrypt:
    zone.require_authority(found, names, zone.LETS_ENCRYPT)
tell(limits.APPLIED, limits.NO_EQUAL)

here = pulumi.ResourceOptions(providers=[provider])
kept = pulumi.ResourceOptions(providers=[provider], protect=settings.protect)

host = Host(
    "host",
    HostArgs(
        names=names,
        uin=settings.uin,
        availability_zone=settings.availability_zone,
        instance_type=settings.instance_type,
        image_id=image_id,
        root_volume_gib=settings.root_volume_gib,
        ssh_cidrs=settings.ssh_cidrs,
        receives_mail=settings.mail == "receive",
        protect=settings.protect,
    ),
    opts=kept,
)
identities = IdentitiesArgs(names=names, uin=settings.uin, region=settings.region)
daemon = Daemon("daemon", identities, opts=here)
roles = DataRoles("roles", identities, opts=here)
smtp_password = pulumi.Output.secret(settings.smtp_password.get_secret_value())
mail = (mail_by_host if settings.mail == "receive" else mail_by_nobody)(names, settings.spf)
if settings.sending == "ses":
    sending = (
        provider
        if settings.sending_region == settings.region
        else tencentcloud.Provider("tencentcloud-mail", region=settings.sending_region)
    )
    dkim = sender(
        "mail",
        names.mail_domain,
        names.email_from,
        smtp_password,
        pulumi.ResourceOptions(provider=sending, protect=settings.protect),
    )
    mail = [dkim, *mail]
records = Records(
    "dns",
    RecordsArgs(
        names=names,
        keeper=keep if settings.dns == "dnspod" else settings.dns,
        zone_id=settings.dns_zone_id,
        mail=mail,
        address=host.address,
        reachable=[host.association],
        doh_urls=settings.doh_urls,
    ),
    opts=here,
)
buckets = {
    key: PrivateBucket(
        "inbox" if key == "mail" else key,
        PrivateBucketArgs(
            bucket=names.bucket(key),
            policy=policies.bucket(names, settings.region, key),
            # Deleted mail must be gone: an old version would keep its body.
            versioning=settings.versioning and key != "mail",
            on_destroy=settings.buckets_on_destroy,
            expire_days={INBOUND_PREFIX: INBOUND_DAYS} if key == "mail" else {},
        ),
        opts=kept,
    )
    for key in BUCKET_KEYS
}
setup = HostSetup(
    "setup",
    HostSetupArgs(
        site=settings.site,
        copied=settings.copied_to_host,
        address=host.address,
        host_id=host.instance_id,
        private_key=host.private_key,
        public_keys=[host.public_key],
        login_user=settings.logs_in_as,
        # The step `mail` writes to the bucket.
        reachable=[host.association, buckets["mail"].policy],
        addresses=records.addresses,
        acme_eab_kid=settings.acme_eab_kid,
        acme_eab_hmac_key=pulumi.Output.secret(settings.acme_eab_hmac_key.get_secret_value()),
        doh_urls=settings.doh_urls,
        store_key_id=daemon.key_id,
        store_key=daemon.key,
        smtp_password=smtp_password,
    ),
    opts=here,
)
thumbprint = issuer.check(
    "federation",
    names.broker_host,
    host_id=host.instance_id,
    doh_urls=settings.doh_urls,
    ca_bundle=settings.ca_bundle,
    opts=pulumi.ResourceOptions(depends_on=[setup.done]),
)

pulumi.export("programVersion", VERSION)
pulumi.export("urls", {key: f"https://{name}" for key, name in names.public_hosts.items()})
pulumi.export("address", host.address)
pulumi.export("instanceId", host.instance_id)
pulumi.export("buckets", {key: names.bucket(key) for key in BUCKET_KEYS})
pulumi.export("roleArns", roles.arns)
pulumi.export("sessionPolicies", settings.session_policies)
pulumi.export("mailDomain", names.mail_domain)
if settings.sending == "ses":
    pulumi.export("smtp", {"host": SMTP_SERVERS[settings.sending_region], "port": SMTP_PORT, "user": names.email_from})
pulumi.export("dnsRecords", records.listed)
pulumi.export("issuer", {"url": names.issuer, "audience": STS_AUDIENCE, "thumbprint": thumbprint})
pulumi.export("release", setup.release)
pulumi.export("sshPrivateKey", host.private_key)
pulumi.export("sshPublicKeys", [host.public_key])
pulumi.export("sshHostKey", setup.host_key)
pulumi.export("noEqual", rows(limits.NO_EQUAL))
