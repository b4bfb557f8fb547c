"""An account as a probe sees it: clients, names of the run's own, and the deletion of everything that was made.

Every deletion is in the journal before the call that makes the resource, so the next run can delete what a killed one
left. A resource whose id only AWS knows is entered right after its creation.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import jmespath  # type: ignore[import-untyped]
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

#: Start of every name that a probe gives.
PREFIX = "agentkeys-probe-"

#: What a deletion answers if there is nothing to delete.
_GONE = ("NoSuch", "NotFound", "404", "InvalidAllocationID", "InvalidAssociationID", "DoesNotExist", "not found")

#: What a deletion answers while AWS still sees something attached.
_BUSY = ("DeleteConflict", "DependencyViolation", "InUse", "IncorrectState", "HostedZoneNotEmpty", "BucketNotEmpty")


class NotHereError(Exception):
    """The account lacks what the probe needs. The message says what."""


class LeftError(Exception):
    """Something that a probe made could not be deleted. The message names each, with AWS's reason."""


class Ground:
    """One account. Use it as a context: at its end, everything that was made is deleted, also after an error."""

    def __init__(
        self,
        *,
        keys: Mapping[str, str] | None,
        account_id: str,
        region: str,
        zone: str,
        endpoint: str | None = None,
        journal: Path | None = None,
        patience: float = 0.0,
        other: Mapping[str, str] | None = None,
    ) -> None:
        """``keys`` are boto3's arguments, None for its own chain of credentials. ``zone`` is a domain of the account's.

        ``endpoint`` replaces AWS's. ``patience`` is how many seconds a call is repeated until AWS is consistent.
        ``other`` are keys of a second account.
        """
        self.account_id = account_id
        self.region = region
        #: Start of the names of this run.
        self.run = f"{PREFIX}{secrets.token_hex(4)}"
        self._zone = zone
        self.other = other
        self.endpoint = endpoint
        self._keys = keys
        self._journal = journal
        self._patience = patience
        self._session = boto3.Session(region_name=region)
        self._clients: dict[tuple[str, str], Any] = {}
        self._undo: list[tuple[str, str, dict[str, Any]]] = []
        self._image = ""
        self.begin(0)

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def begin(self, number: int) -> None:
        """Give names for the probe of this number from now on."""
        self.prefix = f"{self.run}-{number}"
        """Start of every name."""
        self.domain = f"{self.prefix}.{self._zone}"
        """A domain of the run's own, below the account's zone."""
        self._named = 0

    def client(
        self, service: str, keys: Mapping[str, str] | None = None, *, signed: bool = True, protocol: str = ""
    ) -> Any:
        """A client of this account, by default with the run's own credentials and the SDK's choice of protocol."""
        keys = self._keys if keys is None else keys
        known = (f"{service} {protocol}", str(sorted(keys.items())) if keys and signed else str(signed))
        if known not in self._clients:
            config: dict[str, Any] = {
                # AWS decides whether a parameter is valid.
                "parameter_validation": False,
                "retries": {"mode": "standard", "total_max_attempts": 6 if self._patience else 1},
                **({} if signed else {"signature_version": UNSIGNED}),
                **({"s3": {"addressing_style": "path"}} if self.endpoint else {}),
            }
            session = speaking(protocol, region_name=self.region) if protocol else self._session
            made = session.client(
                service, endpoint_url=self.endpoint, config=Config(**config), **(keys or {} if signed else {})
            )
            if self.endpoint:
                # SDKs put the account before the endpoint's host for S3 Control, which no resolver knows.
                made.meta.events.register_first("request-created.s3-control", self._without_account)
            self._clients[known] = made
        return self._clients[known]

    def rehearse(self, endpoint: str) -> None:
        """Use this endpoint, which is not AWS's and is consistent at once."""
        self.endpoint, self._patience = endpoint, 0.0
        self._clients.clear()

    def _without_account(self, request: Any, **_: Any) -> None:
        request.url = request.url.replace(f"//{self.account_id}.", "//")

    def name(self) -> str:
        """A name that nothing else has."""
        self._named += 1
        return f"{self.prefix}-{self._named}"

    def settled(self, call: Callable[..., Any], *codes: str, **arguments: Any) -> Any:
        """The call's answer. While AWS's code contains one of ``codes``, the call is repeated. Raises ClientError."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return call(**arguments)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if not any(one in code for one in codes) or time.monotonic() > until:
                    raise
            time.sleep(2)

    def eventually(self, look: Callable[[], Any]) -> Any:
        """The first true answer of ``look``, or its last one when patience is over."""
        until = time.monotonic() + self._patience
        while not (seen := look()) and time.monotonic() < until:
            time.sleep(2)
        return seen

    # --- what probes make

    def undo(self, service: str, operation: str, **arguments: Any) -> None:
        """Call this at the end. Later entries are called first."""
        self._undo.append((service, operation, arguments))
        self._write()

    def user(self) -> str:
        """A user's name."""
        name = self.name()
        self.undo("iam", "delete_user", UserName=name)
        self.client("iam").create_user(UserName=name)
        return name

    def key(self, user: str) -> dict[str, str]:
        """An access key of a user, as boto3's arguments."""
        made = self.client("iam").create_access_key(UserName=user)["AccessKey"]
        self.undo("iam", "delete_access_key", UserName=user, AccessKeyId=made["AccessKeyId"])
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def role(self, trust: str = "") -> str:
        """A role's name. By default the account's own users may assume it."""
        name = self.name()
        self.undo("iam", "delete_role", RoleName=name)
        document = trust or trusting({"AWS": self.account_arn("root")}, "sts:AssumeRole")
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return name

    def session(self, role: str, **arguments: Any) -> dict[str, str]:
        """Keys of a session of a role, as boto3's arguments. The caller may assume the role by its trust policy."""
        arn = self.account_arn(f"role/{role}")
        call = self.client("sts").assume_role
        given = self.settled(call, "AccessDenied", RoleArn=arn, RoleSessionName="probe", **arguments)["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def caller(self) -> str:
        """ARN of the identity that runs the probes."""
        return str(self.client("sts").get_caller_identity()["Arn"])

    def bucket(self, **configuration: Any) -> str:
        """A bucket's name. ``configuration`` is that of CreateBucket, without the region."""
        name = self.name()
        self.undo("s3", "delete_bucket", Bucket=name)
        if self.region != "us-east-1":
            configuration["LocationConstraint"] = self.region
        given = {"CreateBucketConfiguration": configuration} if configuration else {}
        self.client("s3").create_bucket(Bucket=name, **given)
        return name

    def put(self, bucket: str, key: str) -> None:
        """An empty object."""
        self.undo("s3", "delete_object", Bucket=bucket, Key=key)
        self.client("s3").put_object(Bucket=bucket, Key=key)

    def identity(self, **arguments: Any) -> str:
        """An SES identity: a domain below the account's own zone."""
        name = f"{self.name()}.{self.domain}"
        self.undo("sesv2", "delete_email_identity", EmailIdentity=name)
        self.client("sesv2").create_email_identity(EmailIdentity=name, **arguments)
        return name

    def rule_set(self) -> str:
        """A receipt rule set, which is not active."""
        name = self.name()
        self.undo("ses", "delete_receipt_rule_set", RuleSetName=name)
        self.client("ses").create_receipt_rule_set(RuleSetName=name)
        return name

    def hosted_zone(self) -> tuple[str, str]:
        """Id and name of a zone. AWS charges nothing for one that is deleted within 12 hours."""
        name = f"{self.name()}.{self.domain}"
        made = self.client("route53").create_hosted_zone(Name=name, CallerReference=name)
        zone_id = str(made["HostedZone"]["Id"].removeprefix("/hostedzone/"))
        self.undo("route53", "delete_hosted_zone", Id=zone_id)
        return zone_id, name

    def address(self) -> str:
        """Allocation id of an elastic address."""
        made = self.client("ec2").allocate_address(Domain="vpc", TagSpecifications=self.tagged("elastic-ip"))
        self.undo("ec2", "release_address", AllocationId=made["AllocationId"])
        return str(made["AllocationId"])

    def interface(self) -> str:
        """A network interface in a default subnet. Raises NotHereError."""
        ec2 = self.client("ec2")
        subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        if not subnets:
            raise NotHereError(f"region {self.region} has no default subnet")
        made = ec2.create_network_interface(
            SubnetId=subnets[0]["SubnetId"], TagSpecifications=self.tagged("network-interface")
        )["NetworkInterface"]["NetworkInterfaceId"]
        self.undo("ec2", "delete_network_interface", NetworkInterfaceId=made)
        return str(made)

    def associate(self, address: str, interface: str) -> str:
        """Association id of an address with an interface."""
        ec2 = self.client("ec2")
        made = self.settled(
            ec2.associate_address, "InvalidNetworkInterfaceID", AllocationId=address, NetworkInterfaceId=interface
        )["AssociationId"]
        self.undo("ec2", "disassociate_address", AssociationId=made)
        return str(made)

    def instance(self, **arguments: Any) -> str:
        """A running instance. It costs money, so no safe probe makes one."""
        ec2 = self.client("ec2")
        if not self._image:
            self._image = ec2.describe_images()["Images"][0]["ImageId"]
        wanted = {"ImageId": self._image, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small", **arguments}
        made = str(ec2.run_instances(**wanted)["Instances"][0]["InstanceId"])
        self.undo("ec2", "terminate_instances", InstanceIds=[made])
        return made

    def group(self) -> str:
        """Id of a security group."""
        name = self.name()
        made = str(self.client("ec2").create_security_group(GroupName=name, Description=name)["GroupId"])
        self.undo("ec2", "delete_security_group", GroupId=made)
        return made

    def tagged(self, kind: str) -> list[dict[str, Any]]:
        """Tags of an EC2 resource: its name starts with the run's prefix."""
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": self.prefix}]}]

    def account_arn(self, what: str) -> str:
        """ARN of something of IAM's in this account."""
        return f"arn:aws:iam::{self.account_id}:{what}"

    # --- deletion

    def clear(self) -> None:
        """Delete everything that was made. Raises LeftError."""
        left = []
        for entry in reversed(list(self._undo)):
            # An interrupt leaves the entry in the journal.
            if reason := self._undone(*entry):
                left.append(f"{entry[0]} {entry[1]} {json.dumps(entry[2])}: {reason}")
            else:
                self._undo.remove(entry)
        self._write()
        if left:
            raise LeftError("\n".join(left))

    def take_over(self) -> int:
        """Read the journal of a killed run, to be cleared with this one. Returns how many entries it has."""
        if self._journal is None or not self._journal.exists():
            return 0
        found = [(one["service"], one["operation"], one["arguments"]) for one in json.loads(self._journal.read_text())]
        self._undo[:0] = found
        return len(found)

    def _undone(self, service: str, operation: str, arguments: dict[str, Any]) -> str:
        """Empty, or why the call failed."""
        try:
            self.settled(getattr(self.client(service), operation), *_BUSY, **arguments)
        except ClientError as error:
            said = f"{error.response['Error']['Code']}: {error.response['Error'].get('Message')}"
            return "" if any(gone in said for gone in _GONE) else said
        except (BotoCoreError, ResponseParserError) as error:
            return str(error)
        return ""

    def _write(self) -> None:
        if self._journal is None:
            return
        if not self._undo:
            self._journal.unlink(missing_ok=True)
            return
        lines = [dict(zip(("service", "operation", "arguments"), entry, strict=True)) for entry in self._undo]
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        partial = self._journal.with_suffix(".partial")
        partial.write_text(json.dumps(lines, indent=1))
        partial.replace(self._journal)


class _Models(Loader):  # type: ignore[misc]
    """botocore's models, in which a service has only the one protocol."""

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self._protocol = protocol

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        if self._protocol not in model.get("metadata", {}).get("protocols", ()):
            return model
        return {**model, "metadata": {**model["metadata"], "protocols": [self._protocol]}}


def speaking(protocol: str, **arguments: Any) -> boto3.Session:
    """A session whose clients use ``protocol`` for services that have it. boto3 has no setting for that."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _Models(protocol))
    return boto3.Session(botocore_session=session, **arguments)


def observe(call: Callable[..., Any], *shown: str, **arguments: Any) -> dict[str, Any]:
    """What a call answers: the fields at the JMESPath expressions ``shown``, or the error."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        said, status = error.response["Error"], error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return {"error": said["Code"], "status": status, "message": said.get("Message", "")}
    except (ResponseParserError, LookupError):
        # Plain moto's answer to a call that it lacks; botocore fails with a KeyError on some.
        return {"error": "unreadable"}
    return {"answer": {expression: jmespath.search(expression, answer) for expression in shown}}


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(action: Any, resource: Any = "*", effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    """A statement of a policy."""
    return {"Effect": effect, "Action": action, "Resource": resource, **elements}


def trusting(principal: Any, *actions: str, **elements: Any) -> str:
    """A trust policy."""
    return policy({"Effect": "Allow", "Principal": principal, "Action": list(actions), **elements})
