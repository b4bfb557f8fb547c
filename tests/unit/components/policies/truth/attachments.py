"""The account as the programs register it: every IAM document, and what it is attached to.

Nothing is written down twice: documents, role names and attachments are read off recorded runs, so a policy that the
program gives to the wrong role is wrong here too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from components import arns
from components.policies.document import Document
from dev.recorder import Recorder

Kind = Literal["identity", "resource", "trust"]


@dataclass(frozen=True)
class Attachments:
    """``documents`` by ``<program>/<resource name>``; ``identity`` maps the ARN of a role or user to the ids of its
    documents, ``policy`` the ARN of a bucket or role to the id of its own.
    """

    account_id: str
    documents: dict[str, tuple[Kind, Document]] = field(default_factory=dict)
    identity: dict[str, tuple[str, ...]] = field(default_factory=dict)
    policy: dict[str, str] = field(default_factory=dict)


def read(account_id: str, programs: Mapping[str, Recorder]) -> Attachments:
    """The account in which these programs ran. Raises AssertionError for a document attached to nothing known."""
    made = Attachments(account_id)
    for program, recorded in programs.items():
        buckets = {f"{item.name}-id": item.inputs["bucket"] for item in recorded.of("aws:s3/bucket:Bucket")}
        for item in recorded.custom:
            name, inputs = f"{program}/{item.name}", item.inputs
            if item.type == "aws:iam/role:Role":
                arn = arns.iam_role(account_id, inputs["name"])
                made.identity.setdefault(arn, ())
                made.policy[arn] = f"{name}-trust"
                made.documents[f"{name}-trust"] = ("trust", json.loads(inputs["assumeRolePolicy"]))
            elif item.type == "aws:s3/bucketPolicy:BucketPolicy":
                made.policy[arns.bucket(buckets[inputs["bucket"]])] = name
                made.documents[name] = ("resource", json.loads(inputs["policy"]))
            elif item.type in {"aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy"}:
                owner = (
                    arns.iam_role(account_id, inputs["role"])
                    if "role" in inputs
                    else arns.iam_user(account_id, inputs["user"])
                )
                made.identity[owner] = (*made.identity.get(owner, ()), name)
                made.documents[name] = ("identity", json.loads(inputs["policy"]))
            else:
                assert not {"policy", "assumeRolePolicy"} & set(inputs), f"{item.type} {name} holds an unknown document"
                assert not item.type.endswith("PolicyAttachment"), f"{name} attaches what is not read here"
            assert not {"managedPolicyArns", "inlinePolicies"} & set(inputs), (
                f"{name} has policies that are not read here"
            )
    return made
