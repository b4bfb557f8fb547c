"""Runs a Pulumi program of this repository under mocks and records every resource that it registers.

Owns the table of AWS's and the engine's answers. A lookup that is not in the table is an error, so the tests of a
program with a new lookup fail until the table has a row for it.
"""

import asyncio
import json
import runpy
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import config, get_root_resource, rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.proto import resource_pb2

from policypack.facts import configuration
from policypack.planned import UNKNOWN, Resource

PROJECT = Path(__file__).resolve().parent.parent
#: The SDK uses the thread's current event loop, and an earlier test may have closed that.
LOOP = asyncio.new_event_loop()
#: Marks a secret value on the wire.
SECRET_KEY = "4dabf18193072939515e22adb298388d"
#: What the SDK sends for a value that is not known yet.
UNKNOWN_VALUE = rpc.UNKNOWN
ADDRESS = "3.208.12.34"
INSTANCE_ID = "i-0123456789abcdef0"
#: GitHub's ids of the repository and its owner, for tests that set them.
OWNER_ID, REPOSITORY_ID = "11", "22"

#: The lookup of who asks.
CALLER = "aws:index/getCallerIdentity:getCallerIdentity"

#: AWS's answer, the text of its error, or a function that returns either for the lookup's arguments.
Answer = dict[str, Any] | str | Callable[[dict[str, Any]], "dict[str, Any] | str"]

LOOKUPS: dict[str, Answer] = {
    CALLER: {
        "accountId": "429071895007",
        "arn": "arn:aws:iam::429071895007:user/agentkeys-admin",
        "userId": "AIDAEXAMPLE",
    },
    "aws:route53/getZone:getZone": {"name": "litentry.org", "privateZone": False, "zoneId": "Z09723983CFJOHAE3VC65"},
    "aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet": {"ruleSetName": "agentkeys"},
    "aws:ec2/getEips:getEips": {"publicIps": []},
    "aws:ec2/getVpc:getVpc": {"id": "vpc-0default"},
    "aws:ec2/getSubnets:getSubnets": {"ids": ["subnet-0default"]},
    "aws:route53/getRecords:getRecords": {"resourceRecordSets": []},
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": "couldn't find resource",
    "pulumi:pulumi:readStackResourceOutputs": {"outputs": {}},
    "aws:iam/getPrincipalPolicySimulation:getPrincipalPolicySimulation": {"allAllowed": True, "results": []},
    "aws:iam/getSessionContext:getSessionContext": "AccessDenied",
    "aws:iam/getRole:getRole": lambda asked: {"name": asked["name"]},
    "aws:ec2/getAmi:getAmi": {"id": "ami-0123456789abcdef0", "architecture": "x86_64"},
    "aws:ec2/getElasticIp:getElasticIp": {"id": "eipalloc-0fedcba9876543210", "publicIp": "3.208.99.99", "tags": {}},
}

#: What AWS adds to a resource's inputs.
COMPUTED: dict[str, dict[str, Any]] = {
    "aws:sesv2/emailIdentity:EmailIdentity": {"dkimSigningAttributes": {"tokens": ["one", "two", "three"]}},
    "aws:ec2/eip:Eip": {"publicIp": ADDRESS},
    "aws:iam/accessKey:AccessKey": {"secret": "not-a-real-secret"},
    "aws:iam/role:Role": {"arn": "arn:aws:iam::429071895007:role/mocked"},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"arn": "arn:aws:iam::429071895007:oidc-provider/mocked"},
    "tls:index/privateKey:PrivateKey": {
        "publicKeyOpenssh": "ssh-ed25519 AAAAmocked\n",
        "privateKeyOpenssh": {SECRET_KEY: "1b47061264138c4ac30d75fd1eb44270", "value": "mocked private key"},
    },
    "command:local:Command": {"stdout": "mocked\n", "stderr": ""},
    "command:remote:Command": {"stdout": "changed\nrelease sha256:mocked\n", "stderr": ""},
}


@dataclass(frozen=True)
class Registered:
    """One resource as the engine would receive it. ``parent`` is a component's name, or empty at the top level."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    request: Any = field(repr=False)

    @property
    def policy(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.inputs["policy"])
        return document


class Answers(Mocks):
    def __init__(
        self, lookups: Mapping[str, Answer], computed: Mapping[str, Mapping[str, Any]], *, preview: bool
    ) -> None:
        self.lookups, self.computed, self.preview = lookups, computed, preview

    @property
    def account(self) -> str | None:
        """The account id of the credentials, None if AWS does not take them."""
        answer = self.lookups.get(CALLER)
        return answer["accountId"] if isinstance(answer, dict) else None

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        computed = self.computed.get(args.typ, {})
        outputs = {**args.inputs, **({} if self.preview and args.typ.startswith("command:") else computed)}
        if self.preview:
            return None, {key: value for key, value in outputs.items() if key not in {"arn", "publicIp"}}
        return (INSTANCE_ID if args.typ == "aws:ec2/instance:Instance" else f"{args.name}-id"), outputs

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token not in self.lookups:
            raise AssertionError(f"the program looked up {args.token}, which LOOKUPS does not answer")
        answer = self.lookups[args.token]
        if callable(answer):
            answer = answer(args.args)
        return ({}, [("", answer)]) if isinstance(answer, str) else (answer, [])


class Recorder(MockMonitor):
    """Keeps every registration; read it after the program ended."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.registered: list[Registered] = []
        #: The stack's outputs, empty in a preview.
        self.outputs: dict[str, Any] = {}

    def GetDeploymentInfo(self, request: Any) -> Any:
        """What the engine can do, without what it does by calling the program: nothing here listens for it."""
        told = super().GetDeploymentInfo(request)
        told.supportedFeatures.remove(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)
        return told

    def RegisterResource(self, request: Any) -> Any:
        if request.type == "pulumi:pulumi:Stack":
            return super().RegisterResource(request)
        self.registered.append(
            Registered(
                type=request.type,
                name=request.name,
                parent="" if "::pulumi:pulumi:Stack::" in request.parent else request.parent.rsplit("::", 1)[-1],
                inputs=json_format.MessageToDict(request.object),
                request=request,
            )
        )
        return super().RegisterResource(request)

    def of(self, kind: str) -> list[Registered]:
        return [resource for resource in self.registered if resource.type == kind]

    def named(self, name: str) -> Registered:
        (found,) = [resource for resource in self.registered if resource.name == name]
        return found

    def planned(self, *, known: bool = True) -> list[Resource]:
        """The resources for rules and linters: inputs, and AWS's outputs if ``known``. A bucket's id is its name."""
        ids = {f"{item.name}-id": item.inputs["bucket"] for item in self.of("aws:s3/bucket:Bucket")}
        return [
            Resource(
                type=item.type,
                name=item.name,
                urn=_urn(item.type, item.name),
                props=_plain(
                    {key: ids.get(str(value), value) for key, value in item.inputs.items()}
                    | (COMPUTED.get(item.type, {}) if known else {})
                ),
                protect=item.request.protect,
                sources={
                    key: [_urn(urn.split("::")[2].rpartition("$")[2], urn.split("::")[3]) for urn in several.urns]
                    for key, several in item.request.propertyDependencies.items()
                },
            )
            for item in self.registered
        ]

    @property
    def custom(self) -> list[Registered]:
        return [resource for resource in self.registered if resource.request.custom]


def _urn(kind: str, name: str) -> str:
    return f"urn:{kind}::{name}"


def _plain(value: Any) -> Any:
    """A value without the wire format's marks. Secrets and assets become their values, unknowns become UNKNOWN."""
    if value == UNKNOWN_VALUE:
        return UNKNOWN
    if isinstance(value, dict):
        return _plain(value.get("value")) if SECRET_KEY in value else {key: _plain(item) for key, item in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def run(
    stack: str,
    *,
    folder: Path = PROJECT,
    preview: bool = False,
    changed: dict[str, str] | None = None,
    lookups: Mapping[str, Answer] | None = None,
    secret: Sequence[str] = (),
    computed: Mapping[str, Mapping[str, Any]] | None = None,
) -> Recorder:
    """Run the program in ``folder`` for one stack and return the recorder.

    ``changed`` overrides settings in the project's namespace, and ``lookups`` overrides AWS's answers (see ``Answer``),
    ``computed`` what a cloud adds to a resource's inputs. ``secret`` are the keys that are encrypted in the stack's
    file.
    """
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"]
    asyncio.set_event_loop(LOOP)
    answers = Answers({**LOOKUPS, **(lookups or {})}, {**COMPUTED, **(computed or {})}, preview=preview)
    recorder = Recorder(answers)
    set_mocks(recorder.mocks, project=project, stack=stack, preview=preview, monitor=recorder)
    # The SDK keeps the root resource, with the outputs of an earlier run.
    get_root_resource().outputs.clear()
    config.set_all_config(
        {**configuration(folder, stack), **{f"{project}:{key}": value for key, value in (changed or {}).items()}},
        [f"{project}:{key}" for key in secret],
    )

    @pulumi.runtime.test
    def program() -> Any:
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")
        return pulumi.Output.all(**get_root_resource().outputs).apply(recorder.outputs.update)

    # A program sets its own handler, which is for a process of its own.
    handler = signal.getsignal(signal.SIGINT)
    try:
        # The program asks AWS STS itself before it has a provider.
        with mock.patch("components.checks.credentials.account", return_value=answers.account):
            program()
    finally:
        signal.signal(signal.SIGINT, handler)
    return recorder
