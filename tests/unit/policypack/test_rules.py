"""Every rule of the policy pack: quiet over the real programs, and loud over each of them weakened at one place."""

import copy
import dataclasses
import json
import re
from functools import partial

import pytest

from components.naming import ACTOR_TAG
from dev.recorder import ADDRESS, PROJECT, run
from policypack import facts as facts_module
from policypack.buckets import BUCKET, GUARDS
from policypack.facts import FactsError, configuration, facts
from policypack.network import GROUP, RECORDS
from policypack.planned import UNKNOWN, Resource, ResourceRule
from policypack.table import RULES

OTHER_ACCOUNT = "111122223333"


def stack_facts(stack, **changed):
    project, folder = "agentkeys-cloud", facts_module.CHECKOUT
    if stack == "litentry":
        project, folder = "agentkeys-account", PROJECT / "account"
    given = {**configuration(folder, stack), **{f"{project}:{key}": value for key, value in changed.items()}}
    return facts(project, stack, given)


def seen(resources, told, rule=None):
    """Name of the rule, name of the resource, what was seen."""
    found = []
    for each in RULES:
        if rule in (None, each.name):
            if isinstance(each, ResourceRule):
                found += [(each.name, item.name, saw) for item in resources for saw in each.check(item, told)]
            else:
                found += [(each.name, item.name if item else "stack", saw) for item, saw in each.check(resources, told)]
    return found


@pytest.fixture(scope="module")
def plans(programs, account):
    return {stack: recorded.planned() for stack, recorded in {**programs, "litentry": account}.items()}


@pytest.mark.parametrize("stack", ["prod", "test", "litentry"])
def test_the_real_programs_break_no_rule(plans, stack):
    assert seen(plans[stack], stack_facts(stack)) == []


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_alarms_break_no_rule(release, stack):
    recorded = run(stack, changed={**release, "alarmEmail": "ops@litentry.org"})
    assert recorded.of("aws:sns/topicPolicy:TopicPolicy")
    assert seen(recorded.planned(), stack_facts(stack)) == []


def test_a_preview_of_a_first_up_breaks_no_rule(release):
    resources = run("test", changed=release, preview=True).planned(known=False)
    assert any(UNKNOWN in item.props.get("records", []) for item in resources), "the addresses are not known yet"
    assert seen(resources, stack_facts("test")) == []


def test_static_trust_breaks_no_rule_where_it_is_the_setting(release):
    resources = run("test", changed={**release, "trust": "static"}).planned()
    assert seen(resources, stack_facts("test", trust="static")) == []
    ((rule, name, _),) = seen(resources, stack_facts("test"))
    assert (rule, name) == ("iam-trust-own-issuer", "roles-data")


def test_an_address_that_exists_is_the_stacks_own(release):
    resources = run("test", changed={**release, "elasticIp": "3.208.99.99"}).planned()
    assert seen(resources, stack_facts("test", elasticIp="3.208.99.99")) == []
    assert {rule for rule, _, _ in seen(resources, stack_facts("test", elasticIp="3.208.99.98"))} == {"dns-own-address"}


def test_raw_mail_readers_are_named_by_a_setting(release):
    reader = "agentkeys-mail-mover"
    resources = run("test", changed={**release, "rawMailReaders": json.dumps([reader])}).planned()
    assert seen(resources, stack_facts("test", rawMailReaders=json.dumps([reader]))) == []
    assert {rule for rule, _, _ in seen(resources, stack_facts("test"))} == {"names-of-own-stack"}


# Weakenings: each takes the resources of a stack and gives them back with one of them changed.


def changed(resources, name, change):
    made = []
    for item in resources:
        if item.name == name:
            props = copy.deepcopy(dict(item.props))
            item = dataclasses.replace(item, props=props, **(change(props) or {}))
        made.append(item)
    assert any(item.name == name for item in resources), name
    return made


def put(name, *path, value):
    def change(props):
        holder = props
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value

    return partial(changed, name=name, change=change)


def without(name, *path):
    def change(props):
        holder = props
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]

    return partial(changed, name=name, change=change)


def unprotected(name):
    return partial(changed, name=name, change=lambda _props: {"protect": False})


def edited(name, change, key="policy", sid=None):
    """One statement of the resource's document goes through ``change``: the first, or the one with that Sid."""

    def edit(props):
        document = json.loads(props[key])
        change(next(item for item in document["Statement"] if sid in (None, item["Sid"])))
        props[key] = json.dumps(document)

    return partial(changed, name=name, change=edit)


def updated(**members):
    return lambda statement: statement.update(members)


def conditioned(operator, key, value):
    """Sets a condition's key, or drops it for None."""

    def change(statement):
        conditions = statement["Condition"][operator]
        conditions.pop(key) if value is None else conditions.update({key: value})

    return change


def added(kind, name, protect=False, **props):
    def change(resources):
        return [*resources, Resource(type=kind, name=name, urn=f"urn::{name}", props=props, protect=protect)]

    return change


def gone(name):
    def change(resources):
        assert any(item.name == name for item in resources), name
        return [item for item in resources if item.name != name]

    return change


trust = partial(edited, key="assumeRolePolicy")
GITHUB = "token.actions.githubusercontent.com"
BROKER = "test-broker.litentry.org"
CLOUDFLARE = "cloudflare:index/dnsRecord:DnsRecord"
PLAIN_HTTP = "DenyPlainHttp"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

#: Rule, stack, weakening, part of what must be told.
WEAKENED = [
    ("iam-no-wildcard", "test", edited("vault-policy", updated(Principal="*")), "principal AWS '*'"),
    ("iam-no-wildcard", "prod", edited("vault-policy", updated(Principal={"AWS": ["*"]})), "principal AWS '*'"),
    ("iam-no-wildcard", "prod", edited("roles-vault-inline", updated(Action="s3:*")), "action 's3:*'"),
    ("iam-no-wildcard", "prod", edited("roles-vault-inline", updated(Action=["s3:Get*"])), "action 's3:Get*'"),
    ("iam-no-wildcard", "prod", edited("roles-vault-inline", updated(NotAction="s3:PutObject")), "NotAction"),
    ("iam-no-wildcard", "prod", edited("vault-policy", updated(NotPrincipal={"AWS": "x"})), "NotPrincipal"),
    (
        "iam-no-wildcard",
        "prod",
        trust("roles-data", updated(Principal={"Federated": "arn:aws:iam::*:x"})),
        "'arn:aws:iam::*:x'",
    ),
    ("iam-no-wildcard", "prod", put("vault-policy", "policy", value="{"), "no JSON document"),
    (
        "iam-no-wildcard",
        "prod",
        put(
            "roles-data",
            "inlinePolicies",
            value=[{"policy": json.dumps({"Statement": {"Effect": "Allow", "Action": "*"}})}],
        ),
        "action '*'",
    ),
    (
        "iam-no-broad-managed-policy",
        "test",
        added(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "legacy",
            policyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess",
        ),
        "AmazonS3FullAccess",
    ),
    (
        "iam-no-broad-managed-policy",
        "test",
        added(
            "aws:iam/userPolicyAttachment:UserPolicyAttachment",
            "legacy",
            policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
        "AdministratorAccess",
    ),
    (
        "iam-no-broad-managed-policy",
        "test",
        put("host-role", "managedPolicyArns", value=["arn:aws:iam::aws:policy/job-function/PowerUserAccess"]),
        "PowerUserAccess",
    ),
    (
        "iam-no-broad-managed-policy",
        "test",
        added(
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "all",
            policyArns=["arn:aws:iam::aws:policy/IAMFullAccess"],
        ),
        "IAMFullAccess",
    ),
    (
        "iam-trust-own-issuer",
        "prod",
        trust("roles-data", updated(Principal={"Federated": f"arn:aws:iam::429071895007:oidc-provider/{BROKER}"})),
        f"oidc-provider/{BROKER}",
    ),
    (
        "iam-trust-own-issuer",
        "test",
        trust("roles-data", updated(Principal={"Federated": f"arn:aws:iam::429071895007:oidc-provider/{GITHUB}"})),
        GITHUB,
    ),
    (
        "iam-trust-own-issuer",
        "test",
        trust("roles-vault", updated(Principal={"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"})),
        OTHER_ACCOUNT,
    ),
    (
        "iam-trust-own-issuer",
        "test",
        trust("roles-vault", updated(Principal={"AWS": "arn:aws:iam::429071895007:user/agentkeys-daemon-test"})),
        "agentkeys-daemon-test",
    ),
    (
        "iam-trust-own-issuer",
        "test",
        trust("host-role", updated(Principal={"Service": "lambda.amazonaws.com"})),
        "lambda.amazonaws.com",
    ),
    (
        "iam-trust-own-issuer",
        "litentry",
        trust("ci-e2e", updated(Principal={"Federated": f"arn:aws:iam::{OTHER_ACCOUNT}:oidc-provider/{GITHUB}"})),
        OTHER_ACCOUNT,
    ),
    (
        "iam-trust-bounded",
        "test",
        trust("roles-data", conditioned("StringEquals", f"{BROKER}:aud", None)),
        "audience sts.amazonaws.com",
    ),
    (
        "iam-trust-bounded",
        "test",
        trust("roles-data", conditioned("StringEquals", f"{BROKER}:aud", ["sts.amazonaws.com", "x"])),
        "audience",
    ),
    (
        "iam-trust-bounded",
        "test",
        trust("roles-data", conditioned("Null", f"aws:RequestTag/{ACTOR_TAG}", None)),
        "Null aws:RequestTag",
    ),
    ("iam-trust-bounded", "test", trust("roles-data", conditioned("Null", "aws:TagKeys", None)), "Null aws:TagKeys"),
    (
        "iam-trust-bounded",
        "test",
        trust("roles-data", conditioned("StringLike", f"aws:RequestTag/{ACTOR_TAG}", "*")),
        "StringLike aws:RequestTag",
    ),
    (
        "iam-trust-bounded",
        "test",
        trust("roles-data", conditioned("ForAllValues:StringEquals", "aws:TagKeys", [ACTOR_TAG, "role"])),
        "ForAllValues:StringEquals aws:TagKeys",
    ),
    (
        "iam-trust-bounded",
        "test",
        trust("host-role", updated(Action=["sts:AssumeRole", "sts:TagSession"])),
        "choose the actor",
    ),
    (
        "iam-trust-bounded",
        "litentry",
        trust("ci-e2e", conditioned("StringLike", f"{GITHUB}:sub", None)),
        "does not name the repository",
    ),
    (
        "iam-trust-bounded",
        "litentry",
        trust("ci-e2e", conditioned("StringLike", f"{GITHUB}:sub", "repo:litentry/*")),
        "repo:litentry/*",
    ),
    (
        "iam-actor-tag-on-sessions-only",
        "prod",
        put("roles-data", "tags", value={"AgentKeys_Actor_Omni": "x"}),
        "AgentKeys_Actor_Omni",
    ),
    ("iam-actor-tag-on-sessions-only", "prod", put("identities-broker", "tags", value={ACTOR_TAG: "x"}), ACTOR_TAG),
    (
        "iam-actor-tag-on-sessions-only",
        "prod",
        put("aws", "defaultTags", value=json.dumps({"tags": {ACTOR_TAG: "x"}})),
        "default tags",
    ),
    (
        "bucket-guard-strength",
        "prod",
        put("vault-public-access", "restrictPublicBuckets", value=False),
        "restrictPublicBuckets is False",
    ),
    ("bucket-guard-strength", "prod", without("vault-public-access", "blockPublicAcls"), "blockPublicAcls is None"),
    (
        "bucket-guard-strength",
        "litentry",
        put("account-public-access", "blockPublicPolicy", value=False),
        "blockPublicPolicy is False",
    ),
    (
        "bucket-guard-strength",
        "prod",
        put("memory-ownership", "rule", "objectOwnership", value="ObjectWriter"),
        "ObjectWriter",
    ),
    ("bucket-guard-strength", "prod", put("inbox-encryption", "rules", value=[]), "default encryption is none"),
    (
        "bucket-guard-strength",
        "prod",
        edited("vault-policy", updated(Effect="Allow"), sid=PLAIN_HTTP),
        "plain HTTP",
    ),
    (
        "bucket-guard-strength",
        "prod",
        edited("vault-policy", updated(Action="s3:GetObject"), sid=PLAIN_HTTP),
        "plain HTTP",
    ),
    (
        "bucket-guard-strength",
        "prod",
        edited("vault-policy", updated(Principal={"AWS": "arn:aws:iam::429071895007:role/x"}), sid=PLAIN_HTTP),
        "plain HTTP",
    ),
    (
        "bucket-guard-strength",
        "prod",
        edited("vault-policy", updated(Resource="arn:aws:s3:::agentkeys-vault-429071895007"), sid=PLAIN_HTTP),
        "plain HTTP",
    ),
    ("bucket-guard-strength", "prod", added("aws:s3/bucketAcl:BucketAcl", "acl", acl="private"), "access list"),
    ("bucket-guards-present", "prod", gone("vault-public-access"), "block of public access"),
    ("bucket-guards-present", "prod", gone("vault-ownership"), "enforced owner"),
    ("bucket-guards-present", "prod", gone("vault-encryption"), "default encryption"),
    ("bucket-guards-present", "prod", gone("vault-policy"), "refusal of plain HTTP"),
    (
        "bucket-guards-present",
        "prod",
        added("aws:s3/bucket:Bucket", "new", bucket="agentkeys-new", protect=True),
        "has no",
    ),
    (
        "firewall-three-ports",
        "test",
        added(INGRESS, "open", ipProtocol="tcp", fromPort=8091.0, toPort=8091.0, cidrIpv4="0.0.0.0/0"),
        "opens tcp port 8091 to 0.0.0.0/0",
    ),
    (
        "firewall-three-ports",
        "test",
        added(INGRESS, "open", ipProtocol="tcp", fromPort=80.0, toPort=443.0, cidrIpv4="0.0.0.0/0"),
        "ports 80 to 443",
    ),
    ("firewall-three-ports", "test", added(INGRESS, "open", ipProtocol="-1", cidrIpv4="10.0.0.0/8"), "opens -1"),
    (
        "firewall-three-ports",
        "test",
        added(INGRESS, "open", ipProtocol="udp", fromPort=443.0, toPort=443.0, cidrIpv6="::/0"),
        "opens udp",
    ),
    (
        "firewall-three-ports",
        "test",
        put("host-firewall", "ingress", 0, "cidrBlocks", value=["0.0.0.0/0", "198.51.100.0/24"]),
        "sshCidrs",
    ),
    (
        "firewall-three-ports",
        "test",
        put(
            "host-firewall",
            "ingress",
            value=[{"protocol": "tcp", "fromPort": 3306.0, "toPort": 3306.0, "cidrBlocks": ["0.0.0.0/0"]}],
        ),
        "3306",
    ),
    (
        "firewall-three-ports",
        "test",
        added(
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            "open",
            type="ingress",
            protocol="tcp",
            fromPort=9090.0,
            toPort=9090.0,
            cidrBlocks=["0.0.0.0/0"],
        ),
        "9090",
    ),
    ("firewall-complete", "test", without("host-firewall", "ingress", 2), "port 443 is not open"),
    (
        "metadata-token-required",
        "test",
        put("host-instance", "metadataOptions", "httpTokens", value="optional"),
        "optional",
    ),
    ("metadata-token-required", "test", without("host-instance", "metadataOptions"), "httpTokens is None"),
    (
        "metadata-token-required",
        "test",
        put("host-instance", "metadataOptions", "httpPutResponseHopLimit", value=2.0),
        "HopLimit is 2",
    ),
    (
        "metadata-token-required",
        "test",
        added("aws:ec2/launchTemplate:LaunchTemplate", "template", namePrefix="t-"),
        "httpTokens is None",
    ),
    ("dns-own-address", "test", put("dns-signer", "records", value=["3.208.99.99"]), "leads to 3.208.99.99"),
    ("dns-own-address", "test", put("dns-signer", "records", value=[ADDRESS, "3.208.99.99"]), "leads to"),
    ("dns-own-address", "test", added(CLOUDFLARE, "away", type="A", content="3.208.99.99"), "leads to 3.208.99.99"),
    ("dns-own-address", "test", added(CLOUDFLARE, "past", type="A", content=ADDRESS, proxied=True), "leads to a proxy"),
    ("dns-own-address", "test", without("dns-signer", "records"), "leads to no address"),
    (
        "dns-own-address",
        "test",
        partial(
            changed,
            name="dns-signer",
            change=lambda props: (
                props.update(records=[UNKNOWN])
                or {"sources": {"records": ["urn:aws:ec2/instance:Instance::host-instance"]}}
            ),
        ),
        "does not come from the stack's elastic address",
    ),
    (
        "names-of-own-stack",
        "prod",
        put("host-instance", "tags", value={"Name": "broker-test"}),
        "'broker-test', which has",
    ),
    (
        "names-of-own-stack",
        "prod",
        put("inbox-bucket", "bucket", value="agentkeys-mail-test-429071895007"),
        "agentkeys-mail-test-429071895007",
    ),
    (
        "names-of-own-stack",
        "prod",
        put("dns-signer", "name", value="signer-test.litentry.org"),
        "signer-test.litentry.org",
    ),
    (
        "names-of-own-stack",
        "prod",
        put("identities-daemon-assume-role", "name", value="agentkeys-daemon-test-assume-role"),
        "suffix '-test'",
    ),
    (
        "names-of-own-stack",
        "prod",
        edited("vault-policy", updated(Principal={"AWS": "arn:aws:iam::429071895007:role/agentkeys-vault-role-test"})),
        "agentkeys-vault-role-test",
    ),
    (
        "names-of-own-stack",
        "test",
        put("roles-data", "name", value="agentkeys-data-role"),
        "'agentkeys-data-role', which belongs",
    ),
    ("names-of-own-stack", "test", put("dns-mx", "name", value="bots.litentry.org"), "bots.litentry.org"),
    (
        "names-of-own-stack",
        "test",
        put("roles-vault-inline", "name", value="agentkeys-vault-role-inline"),
        "suffix '-test'",
    ),
    (
        "names-of-own-stack",
        "test",
        put("setup-health", "create", value="curl https://broker.litentry.org"),
        "broker.litentry.org",
    ),
    ("kept-is-protected", "prod", unprotected("vault-bucket"), "is not protected"),
    ("kept-is-protected", "prod", unprotected("host-address"), "is not protected"),
    ("kept-is-protected", "prod", unprotected("host-instance"), "is not protected"),
    ("kept-is-protected", "prod", unprotected("federation-provider"), "is not protected"),
    ("kept-is-protected", "prod", unprotected("mail-domain"), "is not protected"),
    ("kept-is-protected", "prod", unprotected("host-ssh-key"), "is not protected"),
    ("kept-is-protected", "litentry", unprotected("account-rule-set"), "is not protected"),
    ("kept-is-protected", "prod", put("vault-bucket", "forceDestroy", value=True), "emptied by destroy"),
]


@pytest.mark.parametrize(
    ("rule", "stack", "weaken", "told"), WEAKENED, ids=[f"{rule}-{told}" for rule, _, _, told in WEAKENED]
)
def test_a_weakening_is_told_by_its_rule(plans, rule, stack, weaken, told):
    found = seen(weaken(plans[stack]), stack_facts(stack), rule)
    assert any(told in saw for _, _, saw in found), found


def test_of_two_ssh_keys_neither_needs_protection(plans):
    both = dataclasses.replace(stack_facts("prod"), ssh_key_epochs=(1, 2))
    assert seen(unprotected("host-ssh-key")(plans["prod"]), both, "kept-is-protected") == []


def test_every_rule_has_a_weakening():
    assert {rule for rule, *_ in WEAKENED} == {rule.name for rule in RULES}


def test_a_rule_says_what_it_forbids_and_the_fix():
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[a-z-]+", rule.name)
        assert len(rule.forbids.split()) > 4
        assert not rule.forbids.endswith(".")
        assert rule.fix.endswith(".")


def test_the_page_tells_every_rule_as_it_is():
    page = (PROJECT / "docs/policy-pack.md").read_text()
    told = re.findall(r"^\| `([a-z-]+)` \| ([a-z ]+) \| (.+) \|$", page, re.MULTILINE)
    assert told == [(rule.name, rule.over, rule.forbids) for rule in RULES]


@pytest.fixture
def third_stack(tmp_path, monkeypatch):
    """A stack beside the two, with a suffix of its own."""

    def add(suffix):
        for path in ("Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.test.yaml"):
            (tmp_path / path).write_text((PROJECT / path).read_text())
        third = (PROJECT / "Pulumi.test.yaml").read_text().replace("suffix: -test", f"suffix: {suffix}")
        (tmp_path / "Pulumi.third.yaml").write_text(third)
        monkeypatch.setattr(facts_module, "CHECKOUT", tmp_path)

    return add


@pytest.mark.parametrize("suffix", ["-test2", "-t"])
def test_a_third_stack_is_kept_apart_from_both(third_stack, release, plans, suffix):
    third_stack(suffix)
    for stack in ("prod", "test"):
        assert seen(plans[stack], stack_facts(stack)) == []
    own = run("test", changed={**release, "suffix": suffix}).planned()
    assert stack_facts("third").others_suffixes == ["-test"]
    assert seen(own, stack_facts("third")) == []
    for name in (f"agentkeys-data-role{suffix}", f"agentkeys-data-role{suffix}-inline", f"somebody{suffix}"):
        strayed = put("roles-data", "name", value=name)(plans["prod"])
        assert "names-of-own-stack" in {rule for rule, _, _ in seen(strayed, stack_facts("prod"))}
    strayed = put("roles-data", "name", value=f"agentkeys-data-role{suffix}")(plans["test"])
    assert "names-of-own-stack" in {rule for rule, _, _ in seen(strayed, stack_facts("test"))}


def test_another_project_is_refused_with_the_reason():
    with pytest.raises(FactsError, match="judges the stacks of its own repository"):
        facts("somebody-else", "dev", {"somebody-else:key": "value"})


def test_no_rule_fails_on_a_value_that_is_not_known_yet(plans):
    """A guard that is unknown in a preview may be reported; the rule itself must not end with an error."""
    for stack, resources in plans.items():
        told = stack_facts(stack)
        for item in resources:
            for where in places(item.props):
                props = copy.deepcopy(dict(item.props))
                holder = props
                for step in where[:-1]:
                    holder = holder[step]
                holder[where[-1]] = UNKNOWN
                unknown = dataclasses.replace(item, props=props)
                for rule in RULES:
                    if isinstance(rule, ResourceRule):
                        list(rule.check(unknown, told))
                    elif item.type in (BUCKET, GROUP, *GUARDS, *RECORDS):
                        list(rule.check([unknown], told))


def places(value, above=()):
    """Every path below a value."""
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield (*above, step)
            yield from places(value[step], (*above, step))
