"""One AgentKeys deployment, top to bottom.

Each name below leads to its component, and the component leads to its policy text and its tests.
"""

from components import advice

advice.when_interrupted()

import pulumi
import pulumi_aws as aws

from components.alarms import Alarms, AlarmsArgs
from components.buckets import PrivateBucket, PrivateBucketArgs
from components.checks import ami, existing, network, permissions, preflight, snapshot, zone
from components.checks.state import own
from components.dns import Records, RecordsArgs, cloudflare_zone, mail_by_ses
from components.federation import Federation, FederationArgs
from components.host import BrokerHost, BrokerHostArgs, ExistingHost
from components.hostsetup import HostSetup, HostSetupArgs
from components.identities import Identities, IdentitiesArgs
from components.mail import InboundMail, InboundMailArgs, MailIdentities, MailIdentitiesArgs, identity_appears
from components.naming import BUCKET_KEYS, DATA_CLASSES, INBOUND_DAYS, INBOUND_PREFIX
from components.policies import grants
from components.roles import DataRoles, DataRolesArgs
from components.snapshots import Snapshots, SnapshotsArgs
from settings import VERSION, Settings, load

settings = load(Settings)
names = settings.names
advice.when_failed(unless=identity_appears(names.region))

preflight.account(settings.account_id, settings.region)
provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
caller_arn = preflight.caller(provider, settings.allowed_callers)
mine = own()
found: list[zone.Found] = []
if settings.dns == "route53":
    preflight.hosted_zone(provider, settings.zone, settings.parent_zone_id)
    found = zone.records(provider, settings.parent_zone_id, names)
    zone.require_room(found, names, mine)
elif settings.dns == "cloudflare":
    cloudflare_zone(settings.zone, settings.cloudflare_zone_id)
    found = zone.records_at_cloudflare(settings.cloudflare_zone_id)
    zone.require_room(found, names, mine, zone.CLOUDFLARE)
if settings.uses_lets_encrypt:
    zone.require_authority(found, names, zone.LETS_ENCRYPT)
permissions.require(
    provider,
    caller_arn,
    names,
    settings.dns_zone_id if settings.dns == "route53" else "",
    mine,
    snapshots=bool(settings.snapshots),
    alarms=bool(settings.alarm_email),
)
preflight.receipt_rule_set(provider, settings.region)
preflight.mail_readers(provider, settings.raw_mail_readers)
allocation_id = preflight.elastic_ip(provider, settings.elastic_ip, names, settings.host_instance_id, mine)
existing_host: ExistingHost | None = None
place = network.DEFAULT
if settings.host_instance_id:
    existing_host = ExistingHost(
        instance_id=settings.host_instance_id,
        private_key=settings.login_key,
        attach_profile=settings.host_instance_profile == "attach",
    )
    existing.require(
        provider,
        existing_host,
        settings.elastic_ip,
        names,
        mine,
        strict=settings.protect,
        sends_mail=settings.email_sender == "ses",
    )
else:
    place = network.place(provider, settings.subnet_id, settings.region)
    if not settings.elastic_ip:
        existing.no_other_address(provider, names)
    if settings.ami:
        ami.require(provider, settings.ami, settings.instance_type, settings.region, mine)
    if settings.restore_from:
        snapshot.require(provider, settings.restore_from, names, settings.root_volume_gib)

here = pulumi.ResourceOptions(providers=[provider])
kept = pulumi.ResourceOptions(providers=[provider], protect=settings.protect)

host = BrokerHost(
    "host",
    BrokerHostArgs(
        names=names,
        existing=existing_host,
        instance_type=settings.instance_type,
        image=settings.image,
        ami=settings.ami,
        vpc_id=place.vpc_id,
        subnet_id=place.subnet_id,
        root_volume_gib=settings.root_volume_gib,
        restore_from=settings.restore_from,
        elastic_ip=settings.elastic_ip,
        allocation_id=allocation_id,
        ssh_cidrs=settings.ssh_cidrs,
        ssh_key_epochs=settings.ssh_key_epochs,
        ssm_managed=settings.ssm_managed,
        puts_metrics=bool(settings.alarm_email),
        protect=settings.protect,
    ),
    opts=kept,
)
if settings.snapshots:
    Snapshots(
        "snapshots",
        SnapshotsArgs(names=names, kept=settings.snapshots, host_tag=settings.host_tag),
        opts=here,
    )
identities = Identities(
    "identities",
    IdentitiesArgs(
        names=names,
        instance_id=host.instance_id,
        access_key_users=settings.access_key_users,
        access_key_epochs=settings.access_key_epochs,
    ),
    opts=here,
)
mail = MailIdentities("mail", MailIdentitiesArgs(names=names), opts=kept)
records = Records(
    "dns",
    RecordsArgs(
        names=names,
        keeper=settings.dns,
        zone_id=settings.dns_zone_id,
        mail=mail_by_ses(names, mail.dkim_tokens),
        address=host.address,
        reachable=[host.association],
        doh_urls=settings.doh_urls,
        identity=[mail],
    ),
    opts=here,
)
setup = HostSetup(
    "setup",
    HostSetupArgs(
        site=settings.site,
        copied=settings.copied_to_host,
        address=host.address,
        host_id=host.instance_id,
        private_key=host.private_key,
        public_keys=host.public_keys,
        login_user=settings.login_user,
        reachable=[host.association],
        addresses=records.addresses,
        acme_eab_kid=settings.acme_eab_kid,
        acme_eab_hmac_key=pulumi.Output.secret(settings.acme_eab_hmac_key.get_secret_value()),
        doh_urls=settings.doh_urls,
    ),
    opts=here,
)
if settings.alarm_email:
    Alarms(
        "alarms",
        AlarmsArgs(
            names=names,
            email=settings.alarm_email,
            instance_id=host.instance_id,
            may_restart=not settings.host_instance_id,
            served=setup.done,
        ),
        opts=here,
    )
federation = Federation(
    "federation",
    FederationArgs(
        names=names,
        served=setup.done,
        instance_id=host.instance_id,
        doh_urls=settings.doh_urls,
        ca_bundle=settings.ca_bundle,
    ),
    opts=kept,
)
roles = DataRoles(
    "roles",
    DataRolesArgs(names=names, trust=settings.trust, daemon=identities.daemon, provider=federation.provider),
    opts=here,
).by_key

for row in DATA_CLASSES:
    PrivateBucket(
        row.key,
        PrivateBucketArgs(
            bucket=names.bucket(row.key),
            policy=grants.bucket(row.key, names, settings.trust, settings.raw_mail_readers),
            readers=[roles[row.key]],
            versioning=settings.versioning,
            on_destroy=settings.buckets_on_destroy,
            expire_days={},
        ),
        opts=kept,
    )
mail_bucket = PrivateBucket(
    "inbox",
    PrivateBucketArgs(
        bucket=names.bucket("mail"),
        policy=grants.bucket("mail", names, settings.trust, settings.raw_mail_readers),
        readers=[roles["data"]],
        # Deleted mail must be gone: an old version would keep its body.
        versioning=False,
        on_destroy=settings.buckets_on_destroy,
        expire_days={INBOUND_PREFIX: INBOUND_DAYS},
    ),
    opts=kept,
)
InboundMail(
    "inbound",
    InboundMailArgs(names=names, tls=settings.inbound_tls, bucket_policy=mail_bucket.policy, mx=records.mx),
    opts=here,
)

pulumi.export("programVersion", VERSION)
pulumi.export("urls", {key: f"https://{name}" for key, name in names.public_hosts.items()})
pulumi.export("elasticIp", host.address)
pulumi.export("instanceId", host.instance_id)
pulumi.export("buckets", {key: names.bucket(key) for key in BUCKET_KEYS})
pulumi.export("roleArns", {key: role.arn for key, role in roles.items()})
pulumi.export("oidcProviderArn", federation.provider.arn)
pulumi.export("mailDomain", names.mail_domain)
pulumi.export("dnsRecords", records.listed)
pulumi.export("release", setup.release)
pulumi.export("accessKeys", identities.access_keys)
pulumi.export("sshPrivateKey", host.private_key)
pulumi.export("sshPublicKeys", host.public_keys)
pulumi.export("sshHostKey", setup.host_key)
