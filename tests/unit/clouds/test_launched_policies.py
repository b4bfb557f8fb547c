"""Who may do what on AliCloud and Tencent Cloud, decided over the documents; and the documents against vendors' SDKs.

Every call is decided twice: with the session policy that the broker passes, and without it, which shows that nothing
else keeps actors apart there.
"""

import ast
import json
import re
from urllib.parse import quote

import pytest

from clouds.alicloud import policies as ram
from clouds.names import CloudNames
from clouds.settings import ACTOR
from clouds.tencentcloud import policies as cam
from components.naming import ACTOR_LENGTH, BUCKET_KEYS, ROLE_KEYS, public_names
from tests.support import sdks
from tests.support.cloud_policies import allowed

MINE, OTHERS = "a" * ACTOR_LENGTH, "b" * ACTOR_LENGTH
UIN, REGION = "100000000001", "ap-singapore"
PUBLIC = vars(public_names(zone="litentry.org", suffix="-test", broker_host="", mail_domain="", email_from=""))


class Ram:
    """AliCloud's documents and requests."""

    names = CloudNames(account="1234567890123456", bucket_limit=63, identity_limit=64, **PUBLIC)
    get, put, delete, listing = "oss:GetObject", "oss:PutObject", "oss:DeleteObject", "oss:ListObjects"
    destroy, lifecycle, policy, assume = (
        "oss:DeleteBucket",
        "oss:GetBucketLifecycle",
        "oss:PutBucketPolicy",
        "sts:AssumeRole",
    )
    limit = ram.SESSION_POLICY_LIMIT

    def role(self, key):
        return ram.role(self.names, key)

    def session(self, key):
        return ram.session(self.names, key)

    def daemon(self):
        return ram.daemon_user(self.names)

    def bucket(self, key):
        return ram.bucket(self.names, key)

    def documents(self):
        return [
            *map(self.role, ROLE_KEYS),
            *map(self.session, ROLE_KEYS),
            self.daemon(),
            *map(self.bucket, BUCKET_KEYS),
        ]

    def resource(self, bucket, key=""):
        return f"acs:oss:*:{self.names.account}:{self.names.bucket(bucket)}" + (f"/{key}" if key else "")

    def context(self, *, secure=True, prefix=None):
        listing = {} if prefix is None else {"oss:Prefix": prefix}
        return {"acs:SecureTransport": str(secure).lower(), **listing}


class Cam:
    """Tencent Cloud's documents and requests."""

    names = CloudNames(account="1250000000", bucket_limit=60, identity_limit=64, **PUBLIC)
    get, put, delete = "name/cos:GetObject", "name/cos:PutObject", "name/cos:DeleteObject"
    listing, destroy, lifecycle = "name/cos:GetBucket", "name/cos:DeleteBucket", "name/cos:GetBucketLifecycle"
    policy, assume = "name/cos:PutBucketPolicy", "name/sts:AssumeRole"
    limit = cam.SESSION_POLICY_LIMIT

    def role(self, key):
        return cam.role(self.names, REGION, key)

    def session(self, key):
        return cam.session(self.names, REGION, key)

    def daemon(self):
        return cam.daemon_user(self.names, REGION)

    def bucket(self, key):
        return cam.bucket(self.names, REGION, key)

    def documents(self):
        host = cam.host_role(self.names, UIN)
        return [
            *map(self.role, ROLE_KEYS),
            *map(self.session, ROLE_KEYS),
            self.daemon(),
            host,
            *map(self.bucket, BUCKET_KEYS),
        ]

    def resource(self, bucket, key=""):
        return f"qcs::cos:{REGION}:uid/{self.names.account}:{self.names.bucket(bucket)}/{key}"

    def context(self, *, secure=True, prefix=None):
        listing = {} if prefix is None else {"cos:prefix": quote(prefix, safe="")}
        return {"cos:secure-transport": str(secure).lower(), **listing}


@pytest.fixture(params=[Ram(), Cam()], ids=["alicloud", "tencentcloud"])
def cloud(request):
    return request.param


def passed(cloud, key, actor=MINE):
    """The session policy as the broker passes it."""
    return json.loads(json.dumps(cloud.session(key)).replace(ACTOR, actor))


def decided(cloud, role, action, bucket, key="", **context):
    """Whether a session may, with the broker's policy and without it."""
    request = (action, cloud.resource(bucket, key), cloud.context(**context))
    denying = [cloud.bucket(bucket)]
    return (
        allowed([cloud.role(role), passed(cloud, role)], *request, denying=denying),
        allowed([cloud.role(role)], *request, denying=denying),
    )


PART = {"vault": "credentials", "memory": "memory"}


@pytest.mark.parametrize("role", ["vault", "memory"])
@pytest.mark.parametrize("verb", ["get", "put", "delete"])
def test_a_session_has_its_own_objects_and_no_other_actors(cloud, role, verb):
    action = getattr(cloud, verb)
    assert decided(cloud, role, action, role, f"bots/{MINE}/{PART[role]}/one") == (True, True)
    assert decided(cloud, role, action, role, f"bots/{OTHERS}/{PART[role]}/one") == (False, True), (
        "only the session policy keeps actors apart"
    )


@pytest.mark.parametrize("role", ["vault", "memory"])
def test_a_session_lists_its_own_prefix_alone(cloud, role):
    own = f"bots/{MINE}/{PART[role]}/"
    assert decided(cloud, role, cloud.listing, role, prefix=own) == (True, True)
    assert decided(cloud, role, cloud.listing, role, prefix=f"{own}deeper/") == (True, True)
    assert decided(cloud, role, cloud.listing, role, prefix=f"bots/{OTHERS}/{PART[role]}/") == (False, True)
    for prefix in ("", "bots/", f"bots/{MINE}", f"bots/{MINE}/", "inbound/"):
        assert decided(cloud, role, cloud.listing, role, prefix=prefix) == (False, False), prefix
    assert decided(cloud, role, cloud.listing, role) == (False, False), "without a prefix"


@pytest.mark.parametrize(
    ("role", "other"), [("vault", "memory"), ("memory", "vault"), ("vault", "mail"), ("data", "vault")]
)
def test_no_class_reaches_anothers_bucket_or_part(cloud, role, other):
    key = f"bots/{MINE}/{PART.get(other, 'x')}/one"
    for action in (cloud.get, cloud.put, cloud.delete):
        assert decided(cloud, role, action, other, key) == (False, False), action
    assert decided(cloud, role, cloud.get, role if role != "data" else "mail", "other/one") == (False, False)


def test_the_data_role_reads_filed_mail_and_nothing_raw(cloud):
    assert decided(cloud, "data", cloud.get, "mail", f"bots/{MINE}/one") == (True, True)
    assert decided(cloud, "data", cloud.get, "mail", f"bots/{OTHERS}/one") == (False, True)
    for action in (cloud.get, cloud.put, cloud.delete):
        assert decided(cloud, "data", action, "mail", "inbound/one") == (False, False)
    assert decided(cloud, "data", cloud.put, "mail", f"bots/{MINE}/one") == (False, False)


def test_nobody_changes_a_bucket_or_assumes_further_roles(cloud):
    for key in ROLE_KEYS:
        bucket = "mail" if key == "data" else key
        for action in (cloud.destroy, cloud.policy, cloud.lifecycle, cloud.assume):
            assert decided(cloud, key, action, bucket, "bots/") == (False, False), action


def test_the_hosts_key_writes_raw_mail_and_nothing_else(cloud):
    def may(action, bucket, key=""):
        return allowed([cloud.daemon()], action, cloud.resource(bucket, key), cloud.context(), [cloud.bucket(bucket)])

    assert may(cloud.put, "mail", "inbound/one")
    assert may(cloud.lifecycle, "mail")
    for refused in (
        *((cloud.put, bucket, "bots/a/credentials/one") for bucket in BUCKET_KEYS),
        *((action, "mail", "inbound/one") for action in (cloud.get, cloud.delete)),
        *((action, "mail", "") for action in (cloud.destroy, cloud.policy, cloud.listing, cloud.assume)),
        *((cloud.lifecycle, bucket, "") for bucket in ("vault", "memory")),
    ):
        assert not may(*refused), refused


def test_plain_http_is_denied_to_everybody(cloud):
    for key in BUCKET_KEYS:
        (statement,) = next(value for name, value in cloud.bucket(key).items() if name.lower() == "statement")
        principal = statement.get("Principal") or statement["principal"]
        assert principal in (["*"], {"qcs": ["qcs::cam::anyone:anyone"]})
    own = f"bots/{MINE}/credentials/one"
    assert decided(cloud, "vault", cloud.get, "vault", own, secure=False) == (False, False)


def test_a_session_policy_of_the_longest_names_fits(cloud):
    names = CloudNames(account="9" * 16, bucket_limit=63, identity_limit=64, **{**PUBLIC, "suffix": "-" + "x" * 16})
    for key in ROLE_KEYS:
        made = ram.session(names, key) if isinstance(cloud, Ram) else cam.session(names, "na-siliconvalley", key)
        longest = names.bucket("mail" if key == "data" else key)
        text = json.dumps(made, separators=(",", ":")).replace(longest, "x" * 63).replace(ACTOR, "f" * ACTOR_LENGTH)
        assert "x" * 63 in text
        assert len(text) <= cloud.limit, len(text)


def test_a_session_policy_names_the_actor_in_every_statement(cloud):
    for key in ROLE_KEYS:
        made = cloud.session(key)
        (statements,) = [value for name, value in made.items() if name.lower() == "statement"]
        assert all(ACTOR in json.dumps(statement) for statement in statements), key
        assert "*" not in json.dumps(made).replace("/*", "").replace("%2F*", "").replace("acs:oss:*", "")


def test_only_tokens_of_this_stacks_issuer_may_assume_a_role_on_alicloud():
    (statement,) = ram.trust(Ram.names)["Statement"]
    assert statement["Principal"] == {"Federated": ["acs:ram::1234567890123456:oidc-provider/agentkeys-broker-test"]}
    assert statement["Condition"] == {
        "StringEquals": {"oidc:aud": ["sts.aliyuncs.com"], "oidc:iss": ["https://test-broker.litentry.org"]}
    }


def test_the_host_assumes_the_three_roles_on_tencent_cloud_and_no_token_does():
    host = cam.host_role(Cam.names, UIN)
    for key in ROLE_KEYS:
        assert allowed([host], Cam.assume, cam.role_arn(Cam.names, UIN, key), {})
    assert not allowed([host], Cam.assume, f"qcs::cam::uin/{UIN}:roleName/another", {})
    (statement,) = cam.trust_of_account(UIN)["statement"]
    assert statement["principal"] == {"qcs": [f"qcs::cam::uin/{UIN}:root"]}
    (statement,) = cam.trust_of_cvm()["statement"]
    assert statement["principal"] == {"service": ["cvm.qcloud.com"]}


@pytest.mark.parametrize("key", ["daemon", "role", "session", "bucket"])
def test_the_texts_are_the_golden_ones(cloud, key, golden):
    if key == "daemon":
        golden(f"clouds/{type(cloud).__name__.lower()}.daemon.json", json.dumps(cloud.daemon(), indent=2) + "\n")
        return
    made = {one: getattr(cloud, key)(one) for one in (BUCKET_KEYS if key == "bucket" else ROLE_KEYS)}
    golden(f"clouds/{type(cloud).__name__.lower()}.{key}.json", json.dumps(made, indent=2) + "\n")


def actions(cloud, service):
    """Actions of a service in all documents, without wildcards."""
    found = set(re.findall(rf'"(?:name/)?{service}:([A-Za-z]+)"(?!:)', json.dumps(cloud.documents())))
    assert found
    return found


def methods(source, name):
    """Names of a class's or module's functions in a source."""
    return {node.name for node in ast.walk(ast.parse((source / name).read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_action_on_oss_is_an_operation_of_its_sdk():
    source = sdks.source("alibabacloud-oss-v2==1.4.1", "alibabacloud_oss_v2")
    operations = {
        name for path in source.rglob("*.py") for name in re.findall(r"op_name=['\"](\w+)['\"]", path.read_text())
    }
    assert actions(Ram(), "oss") <= operations


#: COS's name of an action, where its SDK names the call differently.
OF_COS = {"GetBucket": "list_objects"}


def test_every_action_on_cos_is_a_call_of_its_sdk():
    source = sdks.source("cos-python-sdk-v5==1.9.44", "qcloud_cos")
    calls = methods(source, "cos_client.py")
    for action in actions(Cam(), "cos"):
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        assert OF_COS.get(action, snake) in calls, action


def parameters(source, name, kind):
    """Names that a request's class in a vendor's models can carry, in lower case and without underscores."""
    tree = ast.parse((source / name).read_text())
    (found,) = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind]
    text = ast.unparse(found)
    return {one.replace("_", "").lower() for one in re.findall(r"self\._?(\w+)(?:: [^=\n]+)? =", text)}


def test_alicloud_exchanges_a_token_with_a_session_policy_and_without_tags():
    source = sdks.source("alibabacloud-sts20150401==1.2.0", "alibabacloud_sts20150401")
    (path,) = [one for one in source.rglob("*.py") if "class AssumeRoleWithOIDCRequest(" in one.read_text()]
    taken = parameters(path.parent, path.name, "AssumeRoleWithOIDCRequest")
    assert {"policy", "oidctoken", "oidcproviderarn", "rolearn"} <= taken
    assert not {one for one in taken if "tag" in one}


def test_tencent_clouds_exchange_of_a_token_takes_no_policy_and_its_assume_role_does():
    """Why no role trusts the broker's tokens there."""
    source = sdks.source("tencentcloud-sdk-python-sts==3.0.1459", "tencentcloud") / "sts" / "v20180813"
    assert "policy" in parameters(source, "models.py", "AssumeRoleRequest")
    exchanged = parameters(source, "models.py", "AssumeRoleWithWebIdentityRequest")
    assert "webidentitytoken" in exchanged
    assert not {one for one in exchanged if "policy" in one or "tag" in one}
    assert actions(Cam(), "sts") <= methods(source, "sts_client.py")
