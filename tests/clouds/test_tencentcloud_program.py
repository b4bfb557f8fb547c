"""What Tencent Cloud's Terraform provider 1.81.20 does not know of the program, which has a newer SDK.

The program itself is tested under mocks in the gate: ``tests/unit/clouds/test_launched_programs.py``.
"""

import pytest

from sandbox.engine import supplied, translate
from tests.support import other_cloud
from tests.support.launched import TENCENTCLOUD, release

pytestmark = pytest.mark.clouds

#: What provider 1.81.20 drops silently: for each type, the property, and what that means in the sandbox.
#: A security guard needs another guard here.
LACKING = {
    "tencentcloud:Cam/role:Role": {"sessionDuration": "a session lasts as long as AssumeRole asks, two hours at most"},
    "tencentcloud:Cos/bucket:Bucket": {
        "lifecycleRules.abortIncompleteMultipartUpload": "nothing here uploads in parts",
    },
    "tencentcloud:Instance/instance:Instance": {
        "disableAutomationService": "guard: no agent of the cloud is on the sandbox's hosts (test_tencentcloud.py)"
    },
    "tencentcloud:Ses/emailAddress:EmailAddress": {"smtpPassword": "the sandbox's stack has sending: none"},
}
#: Outputs that the program reads and the provider does not have.
OUTPUTS = {"tencentcloud:Ses/domain:Domain": {"attributes": "the sandbox's stack has sending: none"}}
#: Properties that keep somebody out. One of them may be in ``LACKING`` only with "guard: " and its substitute.
GUARDS = {
    "acl", "policy", "document", "encryptionAlgorithm", "ingresses", "egresses", "orderlySecurityGroups", "camRoleName",
    "consoleLogin", "useApi", "disableApiTermination", "disableAutomationService", "userDataRaw", "policyId", "roleId",
    "userName", "targetUin",
}  # fmt: skip


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return TENCENTCLOUD.up(release(tmp_path_factory.mktemp("release") / "release.tar.gz"))


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    return other_cloud.schema("tencentcloud", tmp_path_factory.mktemp("bridge"))


def test_what_the_provider_lacks_is_listed_and_a_guard_is_covered(program, schema):
    found, missing = {}, set()
    for item in program.registered:
        if item.type.startswith("tencentcloud:"):
            resource = schema["resources"].get(translate.token(item.type))
            if resource is None:
                missing.add(item.type)
                continue
            for name in other_cloud.unknown(schema, resource["inputProperties"], item.inputs):
                found.setdefault(item.type, set()).add(name)
    assert missing == {supplied.ACCESS_KEY}
    assert found == {kind: set(names) for kind, names in LACKING.items()}
    for kind, names in LACKING.items():
        for name, cover in names.items():
            if name.split(".")[0] in GUARDS:
                assert cover.startswith("guard: "), f"{kind}: the guard {name} is dropped and nothing covers it"


def test_every_guard_is_one_that_the_program_uses(program):
    given = {key for item in program.registered if item.type.startswith("tencentcloud:") for key in item.inputs}
    assert given >= GUARDS


def test_the_provider_has_every_output_that_the_program_reads(schema):
    lacking = {}
    for kind, values in TENCENTCLOUD.computed.items():
        if kind != supplied.ACCESS_KEY:
            there = schema["resources"][translate.token(kind)]["properties"]
            for name in values.keys() - there.keys():
                lacking.setdefault(kind, set()).add(name)
    assert lacking == {kind: set(names) for kind, names in OUTPUTS.items()}


def test_the_provider_has_every_function_that_the_program_asks(schema):
    for kind, values in TENCENTCLOUD.lookups.items():
        function = schema["functions"][translate.token(kind)]
        assert function["outputs"]["properties"].keys() >= values.keys(), kind
