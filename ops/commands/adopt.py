"""Adopts a running account: finds existing resources, their import ids, and what an `up` after the import would change.

Owns how each type of resource is found in AWS, and a rehearsal of the import and the preview on a temporary state. Only
reads the account and the stack. Leaves out the list of resources, which comes from the program's preview on an empty
stack.
"""

import json
import os
import secrets
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import click
import yaml
from botocore.exceptions import ClientError
from pulumi.runtime.rpc import UNKNOWN

from components import arns
from components.naming import RECEIPT_RULE_SET, ROLE_KEYS, Names
from ops import clients, exits, options, session, snapshots, verdicts
from ops.options import PROJECT
from ops.stack import Stack, ask, called, read
from ops.traces import ALIVE, BY_NAME, Inputs
from settings import MASKED, public_ipv4

#: Lookup of a resource with a fixed name, by type: service, operation, and arguments from the resource's inputs.
LOOKUPS: dict[str, tuple[str, str, Callable[[Inputs], dict[str, Any]]]] = {
    "aws:iam/instanceProfile:InstanceProfile": (
        "iam",
        "get_instance_profile",
        lambda i: {"InstanceProfileName": i["name"]},
    ),
    "aws:iam/role:Role": ("iam", "get_role", lambda i: {"RoleName": i["name"]}),
    "aws:iam/rolePolicy:RolePolicy": (
        "iam",
        "get_role_policy",
        lambda i: {"RoleName": i["role"], "PolicyName": i["name"]},
    ),
    "aws:iam/user:User": ("iam", "get_user", lambda i: {"UserName": i["name"]}),
    "aws:iam/userPolicy:UserPolicy": (
        "iam",
        "get_user_policy",
        lambda i: {"UserName": i["user"], "PolicyName": i["name"]},
    ),
    **{
        f"aws:s3/{kind}": ("s3", operation, lambda i: {"Bucket": i["bucket"]})
        for kind, operation in {
            "bucket:Bucket": "head_bucket",
            "bucketPolicy:BucketPolicy": "get_bucket_policy",
            "bucketPublicAccessBlock:BucketPublicAccessBlock": "get_public_access_block",
            "bucketOwnershipControls:BucketOwnershipControls": "get_bucket_ownership_controls",
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "get_bucket_encryption",
            "bucketLifecycleConfiguration:BucketLifecycleConfiguration": "get_bucket_lifecycle_configuration",
        }.items()
    },
    "aws:ses/receiptRule:ReceiptRule": (
        "ses",
        "describe_receipt_rule",
        lambda i: {"RuleSetName": i["ruleSetName"], "RuleName": i["name"]},
    ),
    "aws:sesv2/emailIdentity:EmailIdentity": (
        "sesv2",
        "get_email_identity",
        lambda i: {"EmailIdentity": i["emailIdentity"]},
    ),
}

#: Types that the `up` creates and that are never imported. Commands, generated keys, tags and the locks on policies
#: have nothing in AWS to import. The secret of an access key cannot be read again. Settings name an existing host and
#: its address instead. An alarm or a topic of the same name is taken over by the call that creates it.
MADE_ANEW = (
    *("command:", "tls:", "pulumi:", "aws:ec2/tag:", "aws:iam/accessKey:", "aws:iam/rolePolicyAttachment:"),
    *("aws:iam/rolePoliciesExclusive:", "aws:iam/rolePolicyAttachmentsExclusive:"),
    *("aws:iam/userPoliciesExclusive:", "aws:iam/userPolicyAttachmentsExclusive:"),
    *("aws:ec2/eip:", "aws:ec2/instance:", "aws:ec2/keyPair:", "aws:ec2/securityGroup:"),
    *("aws:cloudwatch/", "aws:sns/", "aws:route53/healthCheck:"),
)


class AdoptError(click.ClickException):
    """The account cannot be matched. The message says what was requested, what was seen and what to do."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the report. ``state`` is one of STATES."""

    state: str
    what: str
    detail: str = ""


#: States in the order of the report, the most urgent first.
STATES = ("replaced", "deleted", "foreign", "different", "missing", "matched")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource that the program would create in an empty stack."""

    name: str
    type: str
    inputs: Inputs


@dataclass(kw_only=True)
class Lookup:
    """Looks up one stack's names in the account. ``of`` returns a service's client."""

    names: Names
    zone_id: str
    of: Callable[[str], Any]

    def identifier(self, wanted: Wanted) -> str | None:
        """The resource's import id, or None if it does not exist. Raises AdoptError and ClientError."""
        kind, inputs = wanted.type, wanted.inputs
        if kind == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
            arn = arns.oidc_provider(self.names.account_id, inputs["url"].removeprefix("https://"))
            return arn if self.has("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn) else None
        if kind == "aws:ec2/eipAssociation:EipAssociation":
            return self._association(inputs)
        if kind == "aws:s3/bucketVersioning:BucketVersioning":
            versioned = self.has("s3", "head_bucket", Bucket=inputs["bucket"]) and (
                "Status" in self.of("s3").get_bucket_versioning(Bucket=inputs["bucket"])
            )
            return BY_NAME[kind](inputs) if versioned else None
        if kind == "aws:dlm/lifecyclePolicy:LifecyclePolicy":
            return self._schedule(inputs)
        if kind == "aws:route53/record:Record":
            there = (f"{inputs['name']}.", inputs["type"]) in self.records
            return BY_NAME[kind](inputs) if there else None
        if kind not in LOOKUPS:
            raise AdoptError(
                f"{wanted.name} is a {kind}, and LOOKUPS in ops/commands/adopt.py has no row that finds one"
            )
        service, operation, arguments = LOOKUPS[kind]
        return BY_NAME[kind](inputs) if self.has(service, operation, **arguments(inputs)) else None

    def _association(self, inputs: Inputs) -> str | None:
        if UNKNOWN in (inputs["allocationId"], inputs["instanceId"]):
            return None
        found = self.of("ec2").describe_addresses(AllocationIds=[inputs["allocationId"]])["Addresses"]
        return next(
            (item["AssociationId"] for item in found if item.get("InstanceId") == inputs["instanceId"]),
            None,
        )

    def _schedule(self, inputs: Inputs) -> str | None:
        found = snapshots.policies(self.of("dlm"), inputs["policyDetails"]["targetTags"])
        return str(found[0]["PolicyId"]) if found else None

    @cached_property
    def records(self) -> dict[tuple[str, str], list[str]]:
        """The values of all records in the zone, by name and type."""
        pages = self.of("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.zone_id)
        return {
            (item["Name"], item["Type"]): [value["Value"] for value in item.get("ResourceRecords", [])]
            for page in pages
            for item in page["ResourceRecordSets"]
        }

    @cached_property
    def tokens(self) -> list[str]:
        """The mail domain's DKIM tokens, which name three records. Empty if the identity does not exist yet."""
        if not self.has("sesv2", "get_email_identity", EmailIdentity=self.names.mail_domain):
            return []
        identity = self.of("sesv2").get_email_identity(EmailIdentity=self.names.mail_domain)
        return list(identity["DkimAttributes"].get("Tokens", []))

    def has(self, service: str, operation: str, **arguments: Any) -> bool:
        """Whether the resource exists. Raises ClientError for any error but "not found"."""
        try:
            getattr(self.of(service), operation)(**arguments)
        except ClientError as error:
            if clients.is_absent(error):
                return False
            raise
        return True

    def keys(self, user: str) -> list[str]:
        """Ids of the user's access keys."""
        if not self.has("iam", "get_user", UserName=user):
            return []
        found = self.of("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
        return [str(key["AccessKeyId"]) for key in found]

    def machine(self) -> tuple[str, str]:
        """Instance id and elastic IP that serve the broker's name now. Each is empty if there is none.

        The order is the runbook's: the address in the A record or on the instance, then the tagged address. A public
        address that is not an elastic IP is not adopted, because EC2 releases it at the next stop. Raises AdoptError
        for a record with an address that can never be public.
        """
        values = self.records.get((f"{self.names.broker_host}.", "A"), [])
        instance = ""
        for address in values:
            try:
                public_ipv4(address)
            except ValueError as error:
                raise AdoptError(
                    f"the A record of {self.names.broker_host} has {address}, which {error}. Correct the record."
                ) from None
            if found := self._addresses("public-ip", address):
                return str(found[0].get("InstanceId", "")), address
            instance = instance or self._instance({"Name": "ip-address", "Values": [address]})
        profile = f"arn:aws:iam::{self.names.account_id}:instance-profile/{self.names.host}"
        instance = instance or self._instance({"Name": "iam-instance-profile.arn", "Values": [profile]})
        attached = self._addresses("instance-id", instance) if instance else []
        found = attached or self._addresses("tag:Name", self.names.elastic_ip)
        return instance, str(found[0]["PublicIp"]) if found else ""

    def _addresses(self, name: str, value: str) -> list[dict[str, Any]]:
        found = self.of("ec2").describe_addresses(Filters=[{"Name": name, "Values": [value]}])
        return list(found["Addresses"])

    def _instance(self, condition: Mapping[str, Any]) -> str:
        alive = {"Name": "instance-state-name", "Values": list(ALIVE)}
        found = self.of("ec2").describe_instances(Filters=[condition, alive])["Reservations"]
        return next((str(one["InstanceId"]) for several in found for one in several["Instances"]), "")


def implied(stack: Stack, account: Lookup) -> dict[str, Any]:
    """Settings that the existing resources require and that the stack does not have yet."""
    instance, address = account.machine()
    wanted: dict[str, Any] = {}
    if instance and stack.settings.host_instance_id != instance:
        wanted["hostInstanceId"] = instance
    if address and stack.settings.elastic_ip != address:
        wanted["elasticIp"] = address
    users = {"daemon": stack.names.daemon_user, "broker": stack.names.broker_user}
    keyless = [key for key in stack.settings.access_key_users if not account.keys(users[key])]
    if keyless != stack.settings.access_key_users:
        # The secret of an existing key cannot be read, and a second key would count towards IAM's limit of two.
        wanted["accessKeyUsers"] = keyless
    return wanted


def foreign(account: Lookup, matched: Sequence[Wanted]) -> Iterator[Line]:
    """Resources with this stack's names that are not the program's. An `up` removes the policies among them. The others
    are only reported.
    """
    iam, names = account.of("iam"), account.names
    known = {(item.inputs.get("role"), item.inputs["name"]) for item in matched if "rolePolicy:" in item.type}
    for role in (names.host, *(names.role(key) for key in ROLE_KEYS)):
        if not account.has("iam", "get_role", RoleName=role):
            continue
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            yield Line(state="foreign", what=f"{policy['PolicyArn']} on {role}", detail="the up detaches it")
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            if (role, policy) not in known:
                yield Line(state="foreign", what=f"inline policy {policy} of {role}", detail="the up deletes it")
    for user in (names.daemon_user, names.broker_user):
        for key in account.keys(user):
            yield Line(
                state="foreign",
                what=f"access key {key} of {user}",
                detail="is kept; rotate it with accessKeyUsers and accessKeyEpochs",
            )
    if account.has("ses", "describe_receipt_rule_set", RuleSetName=RECEIPT_RULE_SET):
        rules = account.of("ses").describe_receipt_rule_set(RuleSetName=RECEIPT_RULE_SET)["Rules"]
        for rule in rules:
            if names.mail_domain in rule.get("Recipients", []) and rule["Name"] != names.receipt_rule:
                yield Line(state="foreign", what=f"receipt rule {rule['Name']}", detail="also takes this stack's mail")


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Runs the engine on a temporary state, with a copy of the stack's settings without secrets."""

    folder: Path
    stack: str

    def begin(self, settings: Mapping[str, Any]) -> None:
        project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]
        text = (PROJECT / f"Pulumi.{self.stack}.yaml").read_text()
        self._file.write_text(copied(text, {f"{project}:{key}": value for key, value in settings.items()}, project))
        bare = self.folder / "init"
        bare.mkdir()
        (bare / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        self._engine("stack", "init", folder=bare)

    def preview(self, *arguments: str) -> tuple[list[dict[str, Any]], list[str]]:
        """The steps and warnings of a preview. Raises AdoptError with the errors of the program or of AWS."""
        told = json.loads(self._engine("preview", "--json", "--config-file", str(self._file), *arguments))
        return list(told["steps"]), _said(told, "warning")

    def import_resources(self, file: Path) -> None:
        self._engine(
            *("import", "--file", str(file), "--yes", "--skip-preview", "--protect=false", "--generate-code=false"),
            *("--config-file", str(self._file)),
        )

    @property
    def _file(self) -> Path:
        return self.folder / f"Pulumi.{self.stack}.yaml"

    def _engine(self, *arguments: str, folder: Path = PROJECT) -> str:
        command = ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"]
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PULUMI_CONFIG_PASSPHRASE_FILE"},
            "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
        }
        done = called(command, folder=folder, env=environment)
        if done.returncode:
            said = _diagnostics(done.stdout) or done.stderr.strip()
            raise AdoptError(f"`pulumi {arguments[0]}` of the rehearsal failed; nothing was changed:\n{said}")
        return done.stdout


def copied(text: str, settings: Mapping[str, Any], project: str) -> str:
    """The text of a stack file with ``settings`` set and MASKED in place of every secret.

    Unchanged scalars keep their spelling. PyYAML follows YAML 1.1 and Pulumi follows YAML 1.2, so a plain scalar may
    have different types in the two: for example an account id with a leading zero, or a time such as 14:30.
    """
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = _children(document).get("config") or _node({})
    values = {
        key: _node(MASKED) if "secure" in _children(value) else value for key, value in _children(entries).items()
    }
    values.update({key: _node(value) for key, value in settings.items()})
    if f"{project}:hostInstanceId" in settings:
        values.setdefault(f"{project}:hostPrivateKey", _node(MASKED))
    entries.value = [(_node(key), value) for key, value in values.items()]
    whole = _node({})
    whole.value = [(_node("config"), entries)]
    # A plain 14:30 would need quotes in a flow mapping.
    whole.flow_style = entries.flow_style = False
    return yaml.serialize(whole, Dumper=yaml.SafeDumper)


def _children(node: Any) -> dict[str, Any]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _node(value: Any) -> Any:
    """A YAML node for a value. Goes through JSON, which is valid in both YAML versions and quotes every string."""
    return yaml.compose(json.dumps(value), Loader=yaml.SafeLoader)


#: Passphrase of the temporary state, which exists for seconds.
_PASSPHRASE = secrets.token_hex(16)


def _diagnostics(output: str) -> str:
    """The errors in a preview's JSON, or the end of the output if there are none."""
    try:
        told = _said(json.loads(output), "error")
    except (ValueError, AttributeError):
        return output.strip()[-2000:]
    said = [line for line in told if "program exited with non-zero exit code" not in line]
    return "\n".join(said) or output.strip()[-2000:]


def _said(told: Mapping[str, Any], severity: str) -> list[str]:
    return [str(item["message"]).strip() for item in told.get("diagnostics", []) if item["severity"] == severity]


def wanted(steps: Sequence[Mapping[str, Any]], tokens: Sequence[str], names: Names) -> list[Wanted]:
    """The resources in a preview of an empty stack. Values that are unknown in the preview come from the account."""
    made = []
    buckets = {
        step["newState"]["parent"]: step["newState"]["inputs"]["bucket"]
        for step in steps
        if step["newState"]["type"] == "aws:s3/bucket:Bucket"
    }
    for step in steps:
        state = step["newState"]
        name, inputs = state["urn"].rsplit("::", 1)[-1], dict(state.get("inputs") or {})
        if state["type"].startswith("aws:s3/bucket") and inputs.get("bucket") == UNKNOWN:
            inputs["bucket"] = buckets[state["parent"]]
        if state["type"] == "aws:route53/record:Record" and inputs.get("name") == UNKNOWN and tokens:
            number = int(name.rpartition("-")[2])
            inputs["name"] = f"{tokens[number - 1]}._domainkey.{names.mail_domain}"
        if step["op"] == "create" and state.get("custom"):
            made.append(Wanted(name=name, type=state["type"], inputs=inputs))
    return made


def import_file(template: Mapping[str, Any], identifiers: Mapping[str, str]) -> dict[str, Any]:
    """The engine's import file with the ids that were found. Resources that do not exist are left out."""
    kept = [
        {**item, "id": identifiers[item["name"]]} if item["name"] in identifiers else item
        for item in template["resources"]
        if item["name"] in identifiers or item.get("component") or item["type"].startswith("pulumi:providers:")
    ]
    return {**template, "resources": kept}


def differences(steps: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Changes that an `up` after the import makes to existing resources."""
    for step in steps:
        name, reasons = step["urn"].rsplit("::", 1)[-1], ", ".join(step.get("diffReasons") or [])
        if step["op"] in ("replace", "create-replacement"):
            yield Line(state="replaced", what=name, detail=", ".join(step.get("replaceReasons") or []) or reasons)
        elif step["op"] == "delete":
            yield Line(state="deleted", what=name)
        elif step["op"] == "update":
            yield Line(state="different", what=name, detail=f"the up changes {reasons}")


@click.command()
@options.stack("Stack that adopts the account.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the import file goes (default: here).",
)
@options.as_json()
def command(name: str, directory: Path, as_json: bool) -> None:
    """Match a running account with a stack: what exists, what is missing, what an `up` would change.

    Writes the file that `pulumi import` takes and prints the commands to run next. The account and the stack are only
    read. Exit code 1: an `up` after the import would replace or delete something, or the program rejects what exists.
    """
    stack = read(name)
    directory.mkdir(parents=True, exist_ok=True)
    account = Lookup(
        names=stack.names,
        zone_id=stack.settings.parent_zone_id,
        of=cache(partial(clients.of, session.of(stack.settings))),
    )
    settings = implied(stack, account)
    lines, document = _rehearsed(stack, account, settings)
    target = directory / f"adopt.{name}.json"
    target.write_text(json.dumps(document, indent=2) + "\n")
    lines.sort(key=lambda line: STATES.index(line.state))
    commands = _next(name, settings, target.resolve(), stack)
    verdicts.listing(("", "what", ""), ((line.state, line.what, line.detail) for line in lines), to_stderr=as_json)
    counts = {state: sum(line.state == state for line in lines) for state in reversed(STATES)}
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()), err=as_json)
    if as_json:
        verdicts.print_json(name, settings=settings, lines=[asdict(line) for line in lines], next=commands)
    else:
        click.echo("\n".join(["", f"Next, in {PROJECT}:", *(f"  {line}" for line in commands)]))
    harmed = any(line.state in ("replaced", "deleted") for line in lines)
    raise SystemExit(exits.WRONG if harmed else exits.OK)


def _rehearsed(stack: Stack, account: Lookup, settings: Mapping[str, Any]) -> tuple[list[Line], dict[str, Any]]:
    """The report's lines, and the import file. Resources that the stack already has are left out of the file."""
    with tempfile.TemporaryDirectory() as folder:
        rehearsal = Rehearsal(folder=Path(folder), stack=stack.name)
        rehearsal.begin(settings)
        _say("previewing the program on an empty stack")
        template = Path(folder) / "template.json"
        steps, _ = rehearsal.preview("--import-file", str(template))
        resources = wanted(steps, account.tokens, stack.names)
        _say(f"looking up {len(resources)} resources")
        owned = _owned(stack)
        sought = [item for item in resources if not item.type.startswith(MADE_ANEW)]
        identifiers = {item.name: found for item in sought if (found := account.identifier(item)) is not None}
        lines = list(_looked_for(sought, identifiers))
        lines.append(
            Line(
                state="missing",
                what=f"{len(resources) - len(sought)} others",
                detail="host steps, gates, tags and locks on policies have nothing to import; the up creates them",
            )
        )
        document = import_file(json.loads(template.read_text()), identifiers)
        file = Path(folder) / "import.json"
        file.write_text(json.dumps(document, indent=2))
        _say(f"rehearsing the import of {len(identifiers)} resources and the preview after it")
        rehearsal.import_resources(file)
        steps, warnings = rehearsal.preview()
    for warning in warnings:
        _say(f"warning: {warning}")
    lines += differences(steps)
    lines += foreign(account, [item for item in sought if item.name in identifiers])
    return lines, import_file(document, {key: value for key, value in identifiers.items() if key not in owned})


def _looked_for(sought: Sequence[Wanted], identifiers: Mapping[str, str]) -> Iterator[Line]:
    for item in sought:
        if item.name in identifiers:
            yield Line(state="matched", what=item.name, detail=identifiers[item.name])
        else:
            yield Line(state="missing", what=item.name, detail=f"the up creates it ({item.type})")


def _owned(stack: Stack) -> set[str]:
    """Names of the resources that the stack already has."""
    state = ask(stack.name, "stack", "export")["deployment"] or {}
    return {item["urn"].rsplit("::", 1)[-1] for item in state.get("resources") or []}


def _next(name: str, settings: Mapping[str, Any], target: Path, stack: Stack) -> list[str]:
    """Shell commands that can be run unchanged. They read the private key from the file in the variable HOST_KEY."""
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]
    commands = []
    for key, value in settings.items():
        if isinstance(value, list):
            # `config set` accepts no empty list. Without objectValue, `set-all` sets a string (CLI 3.259.0).
            item = {"value": json.dumps(value), "secret": False, "objectValue": value}
            document = json.dumps({f"{project}:{key}": item})
            commands.append(f"pulumi config set-all -s {name} --json {shlex.quote(document)}")
        else:
            commands.append(f"pulumi config set -s {name} {key} {shlex.quote(str(value))}")
    if "hostInstanceId" in settings and not stack.settings.host_private_key.get_secret_value():
        commands.append(
            f'pulumi config set -s {name} --secret hostPrivateKey < "${{HOST_KEY:?is not set: give it the file with '
            f'the private key of {stack.settings.login_user}}}"'
        )
    return [
        *commands,
        f"pulumi import -s {name} --file {shlex.quote(str(target))} --protect=false --generate-code=false",
        f"pulumi preview -s {name} --diff",
        f"pulumi up -s {name}",
    ]


def _say(line: str) -> None:
    click.echo(line, err=True)
