"""Rules about IAM: what no document may contain, whom a role may trust, and where the actor's tag key must not be."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from components import arns
from components.naming import ACTOR_LENGTH, ACTOR_TAG, GITHUB_ISSUER, ROLE_KEYS, STS_AUDIENCE
from policypack.facts import Facts
from policypack.planned import Resource, ResourceRule, known_list, listed, statements, titled

ROLE = "aws:iam/role:Role"

#: AWS-managed policies that hand out a whole service or account: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/
_BROAD = re.compile(r":policy/(?:[\w-]+/)*\w*(FullAccess|AdministratorAccess|PowerUserAccess)\w*$")

#: One repository, in the classic form of the subject or with immutable ids:
#: https://docs.github.com/en/actions/reference/security/oidc
_GITHUB_SUBJECT = re.compile(r"repo:[^*?:/]+/[^*?:/]+:.+")


def _wildcards(resource: Resource, _facts: Facts) -> Iterator[str]:
    for key, document in resource.documents():
        if document is None:
            yield f"{key} is no JSON document"
            continue
        for item in statements(document, "Allow"):
            for forbidden in ("NotPrincipal", "NotAction"):
                if forbidden in item:
                    yield f"{key}, {titled(item)}: {forbidden} allows everything but what it names"
            for kind, who in _principals(item):
                if "*" in who:
                    yield f"{key}, {titled(item)}: principal {kind} {who!r}"
            for action in listed(item.get("Action")):
                if "*" in action or "?" in action:
                    yield f"{key}, {titled(item)}: action {action!r}"


def _broad_grants(resource: Resource, _facts: Facts) -> Iterator[str]:
    if not resource.type.startswith("aws:iam/"):
        return
    attached = [resource.get("policyArn"), *known_list(resource.get("policyArns"))]
    attached += known_list(resource.get("managedPolicyArns"))
    for arn in attached:
        if isinstance(arn, str) and _BROAD.search(arn):
            yield f"attaches {arn}"


def _trusted(resource: Resource, facts: Facts) -> Iterator[str]:
    for item in _trust_statements(resource):
        for kind, who in _principals(item):
            if not _may_be_trusted(kind, who, resource, facts):
                yield f"{titled(item)} trusts {kind} {who!r}"


def _may_be_trusted(kind: str, who: str, resource: Resource, facts: Facts) -> bool:
    names = facts.names
    own_roles = {names.host, *_data_roles(facts)} if names else set()
    match kind:
        case "Service":
            copies = names is not None and resource.get("name") == names.snapshot_role
            return who == ("dlm.amazonaws.com" if copies else "ec2.amazonaws.com")
        case "Federated" if names and who == arns.oidc_provider(facts.account_id, names.broker_host):
            return True
        case "Federated":
            # Roles of CI: agents' data is never one token of a repository away.
            return who == arns.oidc_provider(facts.account_id, GITHUB_ISSUER) and resource.get("name") not in own_roles
        case "AWS" if names and facts.trust == "static":
            daemon = arns.iam_user(facts.account_id, names.daemon_user)
            return who == daemon and resource.get("name") == names.role("data")
    return False


def _data_roles(facts: Facts) -> set[str]:
    return {facts.names.role(key) for key in ROLE_KEYS} if facts.names else set()


def _bounded(resource: Resource, facts: Facts) -> Iterator[str]:
    for item in _trust_statements(resource):
        actions = listed(item.get("Action"))
        for kind, who in _principals(item):
            if kind != "Federated":
                continue
            issuer = who.partition(":oidc-provider/")[2]
            if _condition(item, "StringEquals", f"{issuer}:aud") != [STS_AUDIENCE]:
                yield f"{titled(item)} does not ask for the audience {STS_AUDIENCE} of {issuer}"
            if issuer == GITHUB_ISSUER:
                subjects = [
                    *_condition(item, "StringEquals", f"{issuer}:sub"),
                    *_condition(item, "StringLike", f"{issuer}:sub"),
                ]
                if not subjects or not all(_GITHUB_SUBJECT.fullmatch(subject) for subject in subjects):
                    yield f"{titled(item)} does not name the repository in {issuer}:sub (it has {subjects or 'none'})"
        if "sts:TagSession" in actions:
            yield from _tags_bounded(item, facts)


def _tags_bounded(item: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html"""
    own = arns.oidc_provider(facts.account_id, facts.names.broker_host) if facts.names else None
    if _principals(item) != [("Federated", own)]:
        yield f"{titled(item)} lets somebody else than this stack's issuer tag sessions and so choose the actor"
    wanted = {
        ("Null", f"aws:RequestTag/{ACTOR_TAG}"): ["false"],
        ("Null", "aws:TagKeys"): ["false"],
        ("StringLike", f"aws:RequestTag/{ACTOR_TAG}"): ["?" * ACTOR_LENGTH],
        ("ForAllValues:StringEquals", "aws:TagKeys"): [ACTOR_TAG],
    }
    for (operator, key), values in wanted.items():
        if _condition(item, operator, key) != values:
            yield f"{titled(item)} lacks the condition {operator} {key} = {values[0]}"


def _tag_keys(resource: Resource, _facts: Facts) -> Iterator[str]:
    if resource.type == "pulumi:providers:aws":
        default = resource.get("defaultTags")
        # The engine hands a provider's settings on as JSON texts.
        tags = (json.loads(default) if isinstance(default, str) else default) or {}
        yield from _named("the provider's default tags", tags.get("tags") if isinstance(tags, Mapping) else None)
    elif resource.type.startswith("aws:iam/"):
        for key in ("tags", "tagsAll"):
            yield from _named(key, resource.get(key))


def _named(where: str, tags: Any) -> Iterator[str]:
    for key in tags if isinstance(tags, Mapping) else ():
        if key.casefold() == ACTOR_TAG.casefold():
            yield f"{where} carry {key!r}"


def _trust_statements(resource: Resource) -> list[Mapping[str, Any]]:
    if resource.type != ROLE:
        return []
    documents = [document for key, document in resource.documents() if key == "assumeRolePolicy"]
    return [item for document in documents if document is not None for item in statements(document, "Allow")]


def _principals(statement: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Kind and name of each principal; a bare star is of the kind ``AWS``."""
    found = statement.get("Principal")
    if isinstance(found, str):
        return [("AWS", found)]
    return [(kind, who) for kind, several in (found or {}).items() for who in listed(several)]


def _condition(statement: Mapping[str, Any], operator: str, key: str) -> list[Any]:
    return listed((statement.get("Condition") or {}).get(operator, {}).get(key))


RULES = (
    ResourceRule(
        name="iam-no-wildcard",
        forbids="An IAM document that allows every principal or a pattern of actions",
        fix="Name the principals and the actions one by one (components/policies).",
        check=_wildcards,
    ),
    ResourceRule(
        name="iam-no-broad-managed-policy",
        forbids="A managed FullAccess, PowerUserAccess or AdministratorAccess policy on a role, user or group",
        fix="Take the attachment away and grant what is needed in an inline policy (components/policies).",
        check=_broad_grants,
    ),
    ResourceRule(
        name="iam-trust-own-issuer",
        forbids="A role that trusts anybody but this stack's issuer, EC2, Data Lifecycle Manager (snapshot role), "
        "GitHub (roles of CI) or, with static trust, this stack's daemon (data role)",
        fix="Trust the stack's own issuer (components/policies/trust.py).",
        check=_trusted,
    ),
    ResourceRule(
        name="iam-trust-bounded",
        forbids="A trust in an issuer without its audience, in GitHub without a repository, or with session tags that "
        "are not exactly one actor's id",
        fix="Keep all conditions of components/policies/trust.py.",
        check=_bounded,
    ),
    ResourceRule(
        name="iam-actor-tag-on-sessions-only",
        forbids=f"The tag key {ACTOR_TAG}, in any case, on a role or user or in the provider's default tags: a role's "
        "tags count as its sessions'",
        fix="Take the tag away; only the broker's tokens carry it.",
        check=_tag_keys,
    ),
)
