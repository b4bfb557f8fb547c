"""After an engine was killed: takes what it was just making into the state, so that the next ``up`` goes on from there.

The engine notes a create before it asks AWS, and the identifier after AWS has answered. A kill between the two leaves a
resource that nobody knows: a second create of a fixed name fails, one of an address or a machine makes a twin. This
finds each by name, tag or group, puts its identifier into the state and refreshes: what AWS does not have falls out
again. Two are deleted and made again: an access key, whose secret is lost, and a security group, which takes several
calls to make. Leaves out everything that is not in the state's list of unfinished operations.

Needs the ``pulumi`` and ``aws`` commands with the surroundings of the ``up``. ``python -m ops.commands.recover
--help``.
"""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import arns

Inputs = Mapping[str, Any]

#: Identifier, in the form that an import of the type takes, from the inputs alone.
BY_NAME: dict[str, Callable[[Inputs], str]] = {
    "aws:ec2/keyPair:KeyPair": lambda i: i["keyName"],
    "aws:ec2/tag:Tag": lambda i: f"{i['resourceId']},{i['key']}",
    "aws:iam/instanceProfile:InstanceProfile": lambda i: i["name"],
    "aws:iam/role:Role": lambda i: i["name"],
    "aws:iam/rolePolicy:RolePolicy": lambda i: f"{i['role']}:{i['name']}",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda i: f"{i['role']}/{i['policyArn']}",
    "aws:iam/user:User": lambda i: i["name"],
    "aws:iam/userPolicy:UserPolicy": lambda i: f"{i['user']}:{i['name']}",
    "aws:route53/record:Record": lambda i: f"{i['zoneId']}_{i['name']}_{i['type']}",
    "aws:s3/bucket:Bucket": lambda i: i["bucket"],
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda i: i["bucket"],
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": lambda i: i["bucket"],
    "aws:s3/bucketPolicy:BucketPolicy": lambda i: i["bucket"],
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda i: i["bucket"],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": lambda i: i["bucket"],
    "aws:s3/bucketVersioning:BucketVersioning": lambda i: i["bucket"],
    "aws:ses/receiptRule:ReceiptRule": lambda i: f"{i['ruleSetName']}:{i['name']}",
    "aws:ses/receiptRuleSet:ReceiptRuleSet": lambda i: i["ruleSetName"],
    "aws:ses/activeReceiptRuleSet:ActiveReceiptRuleSet": lambda i: i["ruleSetName"],
    "aws:sesv2/emailIdentity:EmailIdentity": lambda i: i["emailIdentity"],
}

#: States of an instance that is still somewhere.
ALIVE = ("pending", "running", "stopping", "stopped")

#: Types that leave nothing behind: they only run or compute, and are simply done again.
REPEATED = frozenset(
    {
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        "aws:iam/userPoliciesExclusive:UserPoliciesExclusive",
        "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        "command:local:Command",
        "command:remote:Command",
        "command:remote:CopyToRemote",
        "tls:index/privateKey:PrivateKey",
    }
)


#: A key that is not in the state counts as lost in the killed run when it is at most this much older than the state.
LOST_KEY_AGE = datetime.timedelta(minutes=15)


class RecoveryError(Exception):
    """The stack could not be repaired; the message says what was seen and how to go on."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Questions to AWS through its own command, in the stack's ``region``; no ``environment`` means this process's.

    ``known`` are identifiers of the state: a resource that was just being replaced has its predecessor there.
    """

    region: str
    environment: dict[str, str] | None
    known: frozenset[str] = frozenset()

    def ask(self, *arguments: str) -> Any:
        done = subprocess.run(
            ["aws", *arguments, "--region", self.region, "--output", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RecoveryError(f"`aws {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return json.loads(done.stdout or "null")

    def require(self, account_ids: Sequence[str]) -> None:
        """What is deleted or taken in must be the stack's. Raises RecoveryError for credentials of another account."""
        found = self.ask("sts", "get-caller-identity")["Account"]
        if found not in account_ids:
            raise RecoveryError(
                f"the stack is in account {' '.join(account_ids)}, and the credentials belong to {found}; nothing was "
                "changed. Select the right profile (AWS_PROFILE)."
            )

    def delete_security_group(self, inputs: Inputs) -> None:
        """A group that was cut off may still have EC2's own rule for everything out, and nothing uses it yet."""
        filters = [f"Name=group-name,Values={inputs['name']}", f"Name=description,Values={inputs['description']}"]
        for group in self.ask("ec2", "describe-security-groups", "--filters", *filters)["SecurityGroups"]:
            if group["GroupId"] not in self.known:
                self.ask("ec2", "delete-security-group", "--group-id", group["GroupId"])

    def delete_lost_keys(self, user: str, since: datetime.datetime) -> None:
        """Keys of the user that are not in the state and were made in the killed run; older ones are somebody's."""
        for key in self.ask("iam", "list-access-keys", "--user-name", user)["AccessKeyMetadata"]:
            made = datetime.datetime.fromisoformat(key["CreateDate"])
            if key["AccessKeyId"] not in self.known and made >= since:
                self.ask("iam", "delete-access-key", "--user-name", user, "--access-key-id", key["AccessKeyId"])
                print(f"deleted access key {key['AccessKeyId']} of {user}: its secret was never read")

    def address(self, inputs: Inputs) -> Iterable[str]:
        name = inputs["tags"]["Name"]
        found = self.ask("ec2", "describe-addresses", "--filters", f"Name=tag:Name,Values={name}")
        return (address["AllocationId"] for address in found["Addresses"])

    def instance(self, inputs: Inputs) -> Iterable[str]:
        found = self.ask(
            "ec2",
            "describe-instances",
            "--filters",
            f"Name=tag:Name,Values={inputs['tags']['Name']}",
            f"Name=instance-state-name,Values={','.join(ALIVE)}",
        )
        return (
            instance["InstanceId"] for reservation in found["Reservations"] for instance in reservation["Instances"]
        )

    def association(self, inputs: Inputs) -> Iterable[str]:
        found = self.ask("ec2", "describe-addresses", "--allocation-ids", inputs["allocationId"])
        return (address["AssociationId"] for address in found["Addresses"] if "AssociationId" in address)

    def oidc_provider(self, inputs: Inputs) -> Iterable[str]:
        account_id = self.ask("sts", "get-caller-identity")["Account"]
        return [arns.oidc_provider(account_id, inputs["url"].removeprefix("https://"))]

    def identifier(self, kind: str, inputs: Inputs) -> str | None:
        """What to take in for an unfinished create, None when it is to be done again. Raises RecoveryError."""
        found: Iterable[str] = []
        match kind:
            case "aws:ec2/securityGroup:SecurityGroup":
                self.delete_security_group(inputs)
            case "aws:ec2/eip:Eip":
                found = self.address(inputs)
            case "aws:ec2/instance:Instance":
                found = self.instance(inputs)
            case "aws:ec2/eipAssociation:EipAssociation":
                found = self.association(inputs)
            case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
                found = self.oidc_provider(inputs)
            case _ if kind in BY_NAME:
                found = [BY_NAME[kind](inputs)]
            case _ if kind not in REPEATED:
                raise RecoveryError(
                    f"nothing is known of how to find an unfinished {kind}. Look for it in the account; delete it, or "
                    "import it, then clear the operation with `pulumi refresh --clear-pending-creates`."
                )
        return next((one for one in found if one not in self.known), None)


ACCESS_KEY = "aws:iam/accessKey:AccessKey"


def recover(stack: str, folder: Path, environment: dict[str, str] | None = None) -> bool:
    """Repair the state of a stack; False when there was nothing to do. Raises RecoveryError."""

    def pulumi(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--stack", stack],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RecoveryError(f"`pulumi {arguments[0]} --stack {stack}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    exported = json.loads(pulumi("stack", "export"))
    deployment = exported["deployment"]
    pending = deployment.pop("pending_operations", None) or []
    if not pending:
        return False
    taken_in(deployment, pending, environment)
    # `pulumi refresh --import-pending-creates` is made for this, and engine 3.259 drops what it is given.
    with tempfile.NamedTemporaryFile("w", suffix=".json") as repaired:
        json.dump(exported, repaired)
        repaired.flush()
        pulumi("stack", "import", "--file", repaired.name)
    pulumi("refresh", "--yes", "--skip-preview", "--suppress-outputs")
    return True


def taken_in(deployment: dict[str, Any], pending: list[dict[str, Any]], environment: dict[str, str] | None) -> None:
    """Puts what the unfinished operations made into the exported ``deployment``. Raises RecoveryError."""
    state = deployment.setdefault("resources", [])
    providers = [resource["inputs"] for resource in state if resource["type"] == "pulumi:providers:aws"]
    # The engine also notes components and providers; there is nothing of them anywhere but in the state.
    ours = [operation for operation in pending if _is_somewhere(operation["resource"])]
    if not providers or not ours:
        return
    account = Account(
        region=providers[0]["region"],
        environment=environment,
        known=frozenset(resource["id"] for resource in state if "id" in resource),
    )
    account.require(json.loads(providers[0]["allowedAccountIds"]))
    since = datetime.datetime.fromisoformat(deployment["manifest"]["time"]) - LOST_KEY_AGE
    for operation in ours:
        resource = operation["resource"]
        name = resource["urn"].rsplit("::", 1)[-1]
        if operation["type"] != "creating":
            print(f"{name}: {operation['type']} was cut off; AWS is asked what there is")
            continue
        found = None
        if resource["type"] == ACCESS_KEY:
            account.delete_lost_keys(resource["inputs"]["user"], since)
        else:
            found = account.identifier(resource["type"], resource["inputs"])
        print(
            f"{name}: creating was cut off; {f'{found} is taken in, if it is there' if found else 'it is done again'}"
        )
        if found:
            for earlier in state:
                if earlier["urn"] == resource["urn"]:
                    # It was being replaced: the engine deletes the predecessor in the next up.
                    earlier["delete"] = True
            state.append({**resource, "id": found})


def _is_somewhere(resource: dict[str, Any]) -> bool:
    return bool(resource.get("custom")) and not resource["type"].startswith("pulumi:")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ops.commands.recover", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack whose up was killed")
    parser.add_argument("--folder", type=Path, default=Path(), help="the stack's project (default: this folder)")
    given = parser.parse_args()
    try:
        if not recover(given.stack, given.folder):
            print(f"stack {given.stack} has no unfinished operation")
    except RecoveryError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
