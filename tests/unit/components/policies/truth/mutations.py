"""Every one-element weakening of a policy document, and of every grant its removal.

A weakening makes a statement say more: a wider principal, action or resource, a condition less, a refusal that refuses
less. A removed grant must be missed as well, so no grant is there without a row that needs it. Partition and service of
an ARN stay as they are: they are not part of any scope.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from typing import Any

from components import arns
from components.naming import GITHUB_ISSUER, Names
from components.policies.document import Document, Statement
from tests.unit.components.policies.truth.callers import ACCOUNT, STRANGER
from tests.unit.components.policies.truth.evaluator import Request


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """``document`` with one element of the statement ``sid`` changed; ``what`` says which and how."""

    sid: str
    what: str
    document: Document
    before: Statement
    after: Statement | None

    @property
    def seen_alone(self) -> bool:
        """Whether the statement grants on a bucket: inside an account S3 adds layers up, so what it grants shows
        without the other one.
        """
        return self.before["Effect"] == "Allow" and "Principal" in self.before and "Resource" in self.before

    def concerns(self, subject: "Subject") -> bool:
        """Whether the statement speaks of it, before or after: no other request can be decided otherwise."""
        return any(_speaks_of(item, subject) for item in (self.before, self.after) if item is not None)


@dataclass(frozen=True)
class Subject:
    """What a statement's principal, action and resource are held against."""

    principals: frozenset[str]
    action: str
    resource: str


def subject(request: Request) -> Subject:
    session = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.*", request.principal or "")
    role = [arns.iam_role(session.group(1), session.group(2))] if session else []
    return Subject(frozenset([request.principal or "", *role]), request.action, request.resource)


def neighbours(mine: Names, theirs: Names) -> dict[str, str]:
    """Each name of a stack with the other stack's."""
    plain = (
        "broker_host",
        "mail_domain",
        "email_from",
        "daemon_user",
        "broker_user",
        "host",
        "receipt_rule",
        "snapshot_role",
    )
    return (
        {getattr(mine, name): getattr(theirs, name) for name in plain}
        | {mine.role(key): theirs.role(key) for key in ("data", "vault", "memory")}
        | {mine.bucket(key): theirs.bucket(key) for key in ("mail", "vault", "memory")}
    )


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def mutants(document: Document, others: Mapping[str, str]) -> Iterator[Mutant]:
    """``others`` is what ``neighbours`` gives, empty for the account's project."""
    for index, before in enumerate(document["Statement"]):
        for what, after in _changes(before, others):
            changed = deepcopy(document)
            changed["Statement"][index : index + 1] = [] if after is None else [after]
            yield Mutant(sid=before["Sid"], what=what, document=changed, before=before, after=after)


def _changes(item: Statement, others: Mapping[str, str]) -> Iterator[tuple[str, Statement | None]]:
    yield "statement removed", None
    yield from _fewer(item, "Action")
    yield from _fewer(item, "Resource")
    if item["Effect"] == "Deny":
        yield "Effect: Allow", {**item, "Effect": "Allow"}
        yield from _weaker_refusal(item)
        return
    yield from _principals(item, others)
    yield from _actions(item)
    if item.get("Resource", "*") != "*":
        for value in listed(item["Resource"]):
            rest = [other for other in listed(item["Resource"]) if other != value]
            for what, wider in _wider_arns(value, others):
                yield f"Resource: {what}", {**item, "Resource": [wider, *rest]}
    yield from _conditions(item, others)


def _fewer(item: Statement, element: str) -> Iterator[tuple[str, Statement]]:
    values = listed(item.get(element, []))
    for value in values if len(values) > 1 else []:
        yield f"{element}: without {value}", {**item, element: [other for other in values if other != value]}


def _weaker_refusal(item: Statement) -> Iterator[tuple[str, Statement]]:
    yield "Principal: one role", {**item, "Principal": {"AWS": arns.iam_role(ACCOUNT, "somebody-else")}}
    if item["Action"] == "s3:*":
        for action in ("s3:*Object", "s3:Get*", "s3:Put*", "s3:List*"):
            yield f"Action: {action}", {**item, "Action": action}
    for value in listed(item["Resource"]):
        if value.endswith("/*"):
            rest = [other for other in listed(item["Resource"]) if other != value]
            yield "Resource: below bots", {**item, "Resource": [f"{value[:-1]}bots/*", *rest]}
            yield "Resource: below inbound", {**item, "Resource": [f"{value[:-1]}inbound/*", *rest]}
    for operator, keys in item["Condition"].items():
        for key, value in keys.items():
            turned = {"true": "false", "false": "true"}[value]
            yield f"Condition: {operator} {key} {turned}", {**item, "Condition": {operator: {key: turned}}}


def _principals(item: Statement, others: Mapping[str, str]) -> Iterator[tuple[str, Statement]]:
    if "Principal" not in item:
        return
    yield "Principal: *", {**item, "Principal": "*"}
    for kind, named in item["Principal"].items():
        more = {
            "AWS": {
                "*": "*",
                "the account": f"arn:aws:iam::{ACCOUNT}:root",
                "another role": arns.iam_role(ACCOUNT, "somebody-else"),
                "a stranger's account": f"arn:aws:iam::{STRANGER}:root",
                "the other stack's": _exchanged(listed(named)[0], others),
            },
            "Federated": {
                "GitHub's provider": arns.oidc_provider(ACCOUNT, GITHUB_ISSUER),
                "the other stack's provider": _exchanged(listed(named)[0], others),
                "a stranger's provider": listed(named)[0].replace(ACCOUNT, STRANGER),
            },
            "Service": {"another service": "lambda.amazonaws.com"},
        }[kind]
        for what, value in more.items():
            if value not in listed(named):
                yield f"Principal: and {what}", {**item, "Principal": {kind: [*listed(named), value]}}


def _actions(item: Statement) -> Iterator[tuple[str, Statement]]:
    """Every action of the service, and every one with the same verb."""
    for action in listed(item["Action"]):
        service, name = action.split(":")
        verb = re.match(r"[A-Z][a-z]+", name).group()
        for wider in (f"{service}:*", f"{service}:{verb}*"):
            rest = [other for other in listed(item["Action"]) if other != action]
            yield f"Action: {wider} for {name}", {**item, "Action": [wider, *rest]}
    yield "Action: *", {**item, "Action": "*"}


def _conditions(item: Statement, others: Mapping[str, str]) -> Iterator[tuple[str, Statement]]:
    condition = item.get("Condition", {})

    def having(operators: Mapping[str, Any]) -> Statement:
        kept = {operator: keys for operator, keys in operators.items() if keys}
        made = {name: value for name, value in item.items() if name != "Condition"}
        return {**made, "Condition": kept} if kept else made

    if sum(map(len, condition.values())) > 1:
        yield "Condition: none", having({})
    for operator, keys in condition.items():
        if len(condition) > 1 and len(keys) > 1:
            yield f"Condition: no {operator}", having({**condition, operator: {}})
        if operator != "Null" and ":" not in operator:
            yield (
                f"Condition: {operator}IfExists",
                having(
                    {
                        **{other: value for other, value in condition.items() if other != operator},
                        f"{operator}IfExists": keys,
                    }
                ),
            )
        if operator.startswith("ForAllValues:"):
            any_value = operator.replace("ForAllValues", "ForAnyValue")
            yield (
                f"Condition: {any_value}",
                having({**{other: value for other, value in condition.items() if other != operator}, any_value: keys}),
            )
        for key, value in keys.items():
            rest = {other: kept for other, kept in keys.items() if other != key}
            yield f"Condition: no {operator} {key}", having({**condition, operator: rest})
            if operator == "Null":
                turned = {"true": "false", "false": "true"}[value]
                yield f"Condition: Null {key} {turned}", having({**condition, operator: {**rest, key: turned}})
                continue
            # A wildcard is one for StringLike only, so the value moves there, beside what is there already.
            like = operator.replace("Equals", "Like")
            there = condition.get(like, {}) if like != operator else {}
            without = {**condition, operator: rest}
            if key not in there:
                for what, wider in _wider_values(listed(value), others):
                    merged = {**(rest if like == operator else there), key: wider}
                    yield f"Condition: {like} {key} {what}", having({**without, like: merged})


def _wider_values(values: list[str], others: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    yield "*", ["*"]
    for value in values:
        rest = [other for other in values if other != value]
        if not value.endswith("*"):
            yield f"{_short(value)} and more", [f"{value}*", *rest]
        if len(values) > 1:
            yield f"without {_short(value)}", rest
        exchanged = _exchanged(value, others)
        if exchanged != value:
            yield f"and the other stack's for {_short(value)}", [*values, exchanged]
        if set(value) == {"?"}:
            yield "one character fewer", [value[1:], *rest]
            yield "one character more", [f"{value}?", *rest]
            yield "one character left open", [f"{value[1:]}*", *rest]
        elif len(re.split(r"[:/]", value)) > 1:
            yield from ((what, [wider, *rest]) for what, wider in _wider_segments(value))


def _wider_arns(arn: str, others: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield f"* for {_short(arn)}", "*"
    yield from _wider_segments(arn)
    exchanged = _exchanged(arn, others)
    if exchanged != arn:
        yield f"the other stack's for {_short(arn)}", exchanged


def _wider_segments(text: str) -> Iterator[tuple[str, str]]:
    """Each part between colons and slashes as a star and going on; of an ARN the region and the account as a star."""
    parts = re.split(r"(:(?!PrincipalTag)|/(?!agentkeys_actor_omni))", text)
    region, path = (6, 10) if text.startswith("arn:") else (0, 0)
    for index in range(region, len(parts), 2):
        part = parts[index]
        if part.endswith("*") or not part:
            continue
        yield f"{_short(part)} as * in {_short(text)}", "".join([*parts[:index], "*", *parts[index + 1 :]])
        # A value that is not an ARN already has a mutant that continues at its very end.
        if index >= path and (path or index + 1 < len(parts)):
            yield f"{_short(part)} going on in {_short(text)}", "".join([*parts[: index + 1], "*", *parts[index + 1 :]])
    if parts[-1] == "*" and len(parts) > path + 1:
        # One part less to match.
        yield f"up to {_short(parts[-3])} in {_short(text)}", "".join([*parts[:-3], "*"])


def _exchanged(text: str, others: Mapping[str, str]) -> str:
    """The other stack's neighbour of a value: the longest name in it exchanged."""
    for mine in sorted(others, key=len, reverse=True):
        if re.search(rf"(?<![\w.-]){re.escape(mine)}(?![\w.-])", text):
            return text.replace(mine, others[mine])
    return text


def _short(text: str) -> str:
    """An ARN or pattern as a person would say it, the same in both stacks."""
    said = text.replace("${aws:PrincipalTag/agentkeys_actor_omni}", "<tag>").replace("?" * 64, "?{64}")
    said = said.replace("-test", "").replace("test-broker.", "broker.")
    return said.rsplit(":::", 1)[-1]


def _speaks_of(item: Statement, asked: Subject) -> bool:
    return (
        any(_like(asked.action, pattern) for pattern in listed(item["Action"]))
        and _names(item, asked.principals)
        and any(_like(asked.resource, pattern) for pattern in listed(item.get("Resource", "*")))
    )


def _names(item: Statement, principals: frozenset[str]) -> bool:
    principal = item.get("Principal", "*")
    if principal == "*":
        return True
    named = [name for names in principal.values() for name in listed(names)]
    return any(name == "*" or name.endswith(":root") or name in principals for name in named)


@cache
def _like(text: str, pattern: str) -> bool:
    """Wide on purpose: a variable stands for anything, letters for both cases."""
    return _compiled(pattern).match(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(re.sub(r"\$\{[^}]*\}", "*", pattern)), re.IGNORECASE)
