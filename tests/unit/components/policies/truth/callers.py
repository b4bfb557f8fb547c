"""Everybody who might ask: sessions with every kind of tag, users, hosts, services, tokens, strangers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from components import arns
from components.naming import ACTOR_TAG, DEPLOY_ROLE, E2E_ROLE, RECEIPT_RULE_SET, STS_AUDIENCE, Names

ACCOUNT, STRANGER = "429071895007", "444455556666"
A, B = "a1" * 32, "b2" * 32
#: 64 characters, as an actor's id has, and a slash. That an id is hexadecimal is the broker's to see to.
SLASHED = f"{A[:52]}/credentials"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """``arn`` has the identity policies; ``principal`` is what a request names, a session of a role for example."""

    label: str
    principal: str | None
    arn: str = ""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    issuer: str | None = None
    tag: str = ""
    #: The stack whose caller this is, and for sessions of the three roles the role's key.
    stack: str = ""
    role: str = ""
    #: An administrator's grant, of this account or of a stranger's, for rows in which only the other side can refuse.
    unlimited: bool = False


def session(label: str, role_arn: str, **more: object) -> Caller:
    name, account_id = role_arn.rsplit("/", 1)[-1], role_arn.split(":")[4]
    principal = f"arn:aws:sts::{account_id}:assumed-role/{name}/session"
    return Caller(label=label, principal=principal, arn=role_arn, **more)


#: Tags a session might carry. The trust policies refuse the odd ones; the data policies are asked about them all the
#: same, so that neither leans on the other.
SESSION_TAGS = {
    "tagged A": {ACTOR_TAG: A},
    "tagged B": {ACTOR_TAG: B},
    "untagged": {},
    "with an empty tag": {ACTOR_TAG: ""},
    "with a short tag": {ACTOR_TAG: "abc"},
    "with a slash in the tag": {ACTOR_TAG: f"{A}/credentials"},
    "with 64 characters and a slash": {ACTOR_TAG: SLASHED},
    "tagged A and more": {ACTOR_TAG: A, "role": "admin"},
}


def sessions(stack: str, names: Names, role: str) -> list[Caller]:
    return [
        session(
            f"{stack} {role} session {label}",
            names.role_arn(role),
            context={f"aws:PrincipalTag/{key}": value for key, value in tags.items()},
            tag=tags.get(ACTOR_TAG, ""),
            stack=stack,
            role=role,
        )
        for label, tags in SESSION_TAGS.items()
    ]


def users_and_hosts(stack: str, names: Names) -> list[Caller]:
    daemon, operator = (arns.iam_user(ACCOUNT, user) for user in (names.daemon_user, names.broker_user))
    return [
        Caller(label=f"{stack} daemon", principal=daemon, arn=daemon, stack=stack, role="daemon"),
        Caller(label=f"{stack} SSH user", principal=operator, arn=operator, stack=stack, role="operator"),
        session(f"{stack} host", arns.iam_role(ACCOUNT, names.host), stack=stack, role="host"),
        session(f"{stack} snapshots", arns.iam_role(ACCOUNT, names.snapshot_role), stack=stack, role="snapshots"),
    ]


def snapshot_services(names: Names) -> Iterator[Caller]:
    """Data Lifecycle Manager for our policies, which comes first, and services that are not it."""
    for label, principal, account_id, region in (
        ("the snapshot service", "dlm.amazonaws.com", ACCOUNT, names.region),
        ("the snapshot service for a stranger", "dlm.amazonaws.com", STRANGER, names.region),
        ("the snapshot service of another region", "dlm.amazonaws.com", ACCOUNT, "us-west-2"),
        ("another service for our snapshots", "lambda.amazonaws.com", ACCOUNT, names.region),
    ):
        arn = arns.lifecycle_policy(region, account_id, "policy-0123456789abcdef0")
        context = {"aws:SourceAccount": account_id, "aws:SourceArn": arn}
        yield Caller(label=label, principal=principal, context=context)


ANYBODY = [
    Caller(label="nobody signed in", principal=None),
    session(
        "another role tagged A",
        arns.iam_role(ACCOUNT, "somebody-else"),
        context={f"aws:PrincipalTag/{ACTOR_TAG}": A},
        tag=A,
    ),
    Caller(label="another service", principal="lambda.amazonaws.com"),
    Caller(label="EC2", principal="ec2.amazonaws.com"),
    session("CI e2e", arns.iam_role(ACCOUNT, E2E_ROLE), role="e2e"),
    session("CI deploy", arns.iam_role(ACCOUNT, DEPLOY_ROLE), role="deploy"),
]
#: Has a grant of everything, so it goes as far as the resource's own policy lets it.
ADMINISTRATOR = session("administrator", arns.iam_role(ACCOUNT, "administrator"), unlimited=True)


def namesakes(stack: str, names: Names) -> list[Caller]:
    """Roles of a stranger's account with our names, and everything granted there."""
    return [
        replace(
            session(f"a stranger's {stack} {key} session tagged A", arns.iam_role(STRANGER, names.role(key))),
            context={f"aws:PrincipalTag/{ACTOR_TAG}": A},
            unlimited=True,
        )
        for key in ("data", "vault", "memory")
    ]


def mail_service(
    label: str, rule: str, *, account_id: str = ACCOUNT, region: str = "us-east-1", rule_set: str = RECEIPT_RULE_SET
) -> Caller:
    arn = arns.receipt_rule(region, account_id, rule_set, rule)
    context = {"aws:SourceAccount": account_id, "aws:SourceArn": arn}
    return Caller(label=label, principal="ses.amazonaws.com", context=context)


def mail_services(stack: str, stacks: Mapping[str, Names]) -> Iterator[Caller]:
    rule = stacks[stack].receipt_rule
    yield replace(mail_service(f"SES for {stack}'s rule", rule), stack=stack, role="ses")
    for other, names in stacks.items():
        if other != stack:
            yield mail_service(f"SES for {other}'s rule", names.receipt_rule)
    yield replace(mail_service(f"another service for {stack}'s rule", rule), principal="lambda.amazonaws.com")
    yield mail_service(f"SES for a rule beginning like {stack}'s", f"{rule}-old")
    yield mail_service("SES for a rule of that name in another set", rule, rule_set="agentkeys-old")
    yield mail_service("SES for a rule of that name in another region", rule, region="us-west-2")
    yield mail_service("SES for a stranger's rule of that name", rule, account_id=STRANGER)


def everybody(stacks: Mapping[str, Names]) -> list[Caller]:
    """Each who has policies of his own, and one who has none."""
    tagged = [
        sessions(stack, names, role)[0] for stack, names in stacks.items() for role in ("data", "vault", "memory")
    ]
    hosts = chain.from_iterable(users_and_hosts(stack, names) for stack, names in stacks.items())
    return [*tagged, *hosts, *(caller for caller in ANYBODY if caller.arn)]


def token(label: str, provider: str, tags: Mapping[str, str], aud: str = STS_AUDIENCE, **claims: str) -> Caller:
    """A web identity; ``claims`` are what STS reads of the token beside its audience."""
    issuer = provider.split("oidc-provider/")[1]
    context: dict[str, str | Sequence[str]] = {f"{issuer}:aud": aud}
    context |= {f"{issuer}:{claim}": value for claim, value in claims.items()}
    if tags:
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        context["aws:TagKeys"] = list(tags)
    return Caller(label=label, principal=provider, context=context, issuer=issuer)
