"""The emulated Tencent Cloud, judged by its own SDKs: who is let in, and what a session of the broker may do."""

import json
from urllib.parse import quote

import pytest
import requests
from botocore.exceptions import ClientError
from qcloud_cos.cos_exception import CosServiceError
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from clouds.tencentcloud import policies
from sandbox.tencentcloud.account import Account
from tests.support.tencent_cloud import (  # noqa: F401 - fixtures
    BUCKETS,
    HOST,
    IDENTITY,
    NAMES,
    REGION,
    cos,
    launched,
    restored,
    s3,
    session,
    tencent,
)  # fmt: skip

ONE, OTHER = "1" * 64, "2" * 64
VAULT = BUCKETS["vault"]


def refused(attempt, code="AccessDenied"):
    with pytest.raises((CosServiceError, ClientError)) as error:
        attempt()
    shown = error.value
    found = shown.get_error_code() if isinstance(shown, CosServiceError) else shown.response["Error"]["Code"]
    assert found == code, shown


def rejected(attempt, code):
    with pytest.raises(TencentCloudSDKException) as error:
        attempt()
    assert error.value.get_code() == code, error.value


@pytest.mark.parametrize(("key", "part"), [("vault", "credentials"), ("memory", "memory")])
def test_a_session_reads_writes_lists_and_deletes_below_its_actors_prefix(stack, key, part):
    client, bucket, name = cos(stack.session(key, ONE)), BUCKETS[key], f"bots/{ONE}/{part}/a key+?"
    client.put_object(Bucket=bucket, Key=name, Body=b"secret")
    assert client.get_object(Bucket=bucket, Key=name)["Body"].read() == b"secret"
    assert client.head_object(Bucket=bucket, Key=name)["Content-Length"] == "6"
    listed = client.list_objects(Bucket=bucket, Prefix=f"bots/{ONE}/{part}/")
    assert [found["Key"] for found in listed["Contents"]] == [name]
    client.delete_object(Bucket=bucket, Key=name)
    refused(lambda: client.get_object(Bucket=bucket, Key=name), "NoSuchKey")


@pytest.mark.parametrize(
    "place", [f"bots/{OTHER}/credentials/key", f"bots/{ONE}/memory/key", f"bots/{ONE}x/key", "key", f"bots/{ONE}"]
)
def test_a_session_reaches_nothing_else(stack, place):
    stack.owned.put_object(Bucket=VAULT, Key=place, Body=b"theirs")
    client = cos(stack.session("vault", ONE))
    for attempt in (
        lambda: client.get_object(Bucket=VAULT, Key=place),
        lambda: client.put_object(Bucket=VAULT, Key=place, Body=b"mine"),
        lambda: client.delete_object(Bucket=VAULT, Key=place),
        lambda: client.put_object(Bucket=BUCKETS["memory"], Key=f"bots/{ONE}/credentials/key", Body=b""),
    ):
        refused(attempt)
    assert stack.owned.get_object(Bucket=VAULT, Key=place)["Body"].read() == b"theirs"


@pytest.mark.parametrize("prefix", ["", "bots/", f"bots/{OTHER}/credentials/", f"bots/{ONE}/", f"bots/{ONE[:-1]}"])
def test_a_session_lists_nothing_else(stack, prefix):
    client = cos(stack.session("vault", ONE))
    refused(lambda: client.list_objects(Bucket=VAULT, Prefix=prefix))


def test_without_its_session_policy_a_session_has_the_whole_class_and_no_other(stack):
    """Why the broker must pass it: docs/clouds/tencentcloud.md."""
    stack.owned.put_object(Bucket=VAULT, Key=f"bots/{OTHER}/credentials/key", Body=b"theirs")
    wide = cos(session(stack.host, policies.role_arn(NAMES, IDENTITY.uin, "vault")))
    assert wide.get_object(Bucket=VAULT, Key=f"bots/{OTHER}/credentials/key")["Body"].read() == b"theirs"
    refused(lambda: wide.put_object(Bucket=BUCKETS["memory"], Key=f"bots/{OTHER}/memory/key", Body=b""))


def test_a_session_policy_adds_nothing_to_its_role(stack):
    every = json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": ["*"], "resource": ["*"]}]})
    client = cos(session(stack.host, policies.role_arn(NAMES, IDENTITY.uin, "data"), quote(every)))
    refused(lambda: client.put_object(Bucket=BUCKETS["mail"], Key=f"bots/{ONE}/mail", Body=b""))
    refused(lambda: client.get_object(Bucket=VAULT, Key=f"bots/{ONE}/credentials/key"))


def test_only_whom_their_policies_let_assume_a_role(stack):
    arn = policies.role_arn(NAMES, IDENTITY.uin, "vault")
    session(stack.made.operator, arn)
    for by in (stack.daemon, stack.session("memory", ONE)):
        rejected(lambda by=by: session(by, arn), "UnauthorizedOperation")
    role = policies.role_arn(NAMES, IDENTITY.uin, "vault").replace(NAMES.role("vault"), NAMES.host)
    rejected(lambda: session(stack.made.operator, role), "UnauthorizedOperation")
    rejected(lambda: session(stack.host, arn, DurationSeconds=43201), "InvalidParameter.OverTimeError")


def test_the_hosts_roles_key_is_given_to_its_host_only_and_opens_no_bucket(stack):
    refused(lambda: cos(stack.host).get_object(Bucket=VAULT, Key="key"))
    url = f"http://127.0.0.1:{stack.made.doors.metadata_port}{HOST}"
    assert requests.get(url, timeout=5).text == NAMES.host
    assert requests.get(f"{url}another", timeout=5).status_code == 404
    stack.made.world.host_at = lambda _source: ""
    for path in ("", NAMES.host):
        assert requests.get(f"{url}{path}", timeout=5).status_code == 404
    rejected(lambda: stack.launch(CamRoleName=NAMES.role("vault")), "InvalidParameterValue.CamRoleName")


def test_the_hosts_key_writes_received_mail_by_s3s_calls_and_nothing_else(stack):
    client, mail = s3(stack.daemon), BUCKETS["mail"]
    client.put_object(Bucket=mail, Key="inbound/one", Body=b"mail")
    rule = {"ID": "inbound-30d-ttl", "Status": "Enabled", "Filter": {"Prefix": "inbound/"}, "Expiration": {"Days": 30}}
    s3(stack.made.operator).put_bucket_lifecycle_configuration(Bucket=mail, LifecycleConfiguration={"Rules": [rule]})
    assert client.get_bucket_lifecycle_configuration(Bucket=mail)["Rules"][0]["Expiration"] == {"Days": 30}
    for attempt in (
        lambda: client.get_object(Bucket=mail, Key="inbound/one"),
        lambda: client.delete_object(Bucket=mail, Key="inbound/one"),
        lambda: client.put_object(Bucket=mail, Key="elsewhere", Body=b""),
        lambda: client.list_objects(Bucket=mail, Prefix="inbound/"),
        lambda: client.put_object(Bucket=VAULT, Key="inbound/one", Body=b""),
        lambda: client.delete_bucket_lifecycle(Bucket=mail),
    ):
        refused(attempt)


def test_a_signature_of_another_key_lets_nobody_in(stack):
    key_id, _ = stack.made.operator
    refused(lambda: cos((key_id, "another")).get_bucket_policy(Bucket=VAULT), "SignatureDoesNotMatch")
    refused(lambda: s3((key_id, "another")).get_bucket_policy(Bucket=VAULT), "SignatureDoesNotMatch")
    rejected(lambda: stack.made.call("cam", "GetUserAppId", key=(key_id, "another")), "AuthFailure.SignatureFailure")
    unknown = ("AKIDunknown", "another")
    refused(lambda: cos(unknown).get_bucket_policy(Bucket=VAULT), "InvalidAccessKeyId")
    rejected(lambda: stack.made.call("cam", "GetUserAppId", key=unknown), "AuthFailure.SecretIdNotFound")
    temporary = stack.session("vault", ONE)
    for token in ((), ("another",)):
        wrong = (*temporary[:2], *token)
        refused(lambda wrong=wrong: cos(wrong).get_object(Bucket=VAULT, Key=f"bots/{ONE}/credentials/key"))
        rejected(lambda wrong=wrong: stack.made.call("cam", "GetUserAppId", key=wrong), "AuthFailure.TokenFailure")
    assert requests.get(f"https://{VAULT}.cos.{REGION}.myqcloud.com/key", timeout=5).status_code == 403
    assert requests.post("https://cam.tencentcloudapi.com/", timeout=5).json()["Response"]["Error"]["Code"] == (
        "AuthFailure.InvalidAuthorization"
    )


def test_a_key_that_is_over_or_deleted_lets_nobody_in(stack):
    temporary = stack.session("vault", ONE)
    stack.made.account.table("keys")[temporary[0]]["until"] = 1
    refused(lambda: cos(temporary).get_object(Bucket=VAULT, Key="key"), "InvalidAccessKeyId")
    uin = stack.made.call("cam", "GetUser", Name=NAMES.daemon_user)["Uin"]
    rejected(lambda: stack.made.call("cam", "DeleteUser", Name=NAMES.daemon_user), "OperationDenied.HaveKeys")
    stack.made.call("cam", "DeleteAccessKey", TargetUin=uin, AccessKeyId=stack.daemon[0])
    assert stack.made.call("cam", "ListAccessKeys", TargetUin=uin)["AccessKeys"] == []
    refused(
        lambda: s3(stack.daemon).put_object(Bucket=BUCKETS["mail"], Key="inbound/x", Body=b""), "InvalidAccessKeyId"
    )


def test_who_is_no_operator_makes_nothing(stack):
    for key in (stack.daemon, stack.host, stack.session("vault", ONE)):
        for service, action in (("cam", "DescribeRoleList"), ("cvm", "DescribeImages"), ("vpc", "DescribeVpcs")):
            rejected(
                lambda key=key, service=service, action=action: stack.made.call(service, action, key=key),
                "AuthFailure.UnauthorizedOperation",
            )
        refused(lambda key=key: cos(key).create_bucket(Bucket=f"another-{IDENTITY.app_id}"))
        refused(lambda key=key: cos(key).delete_bucket_policy(Bucket=VAULT))


def test_a_buckets_policy_denies_even_its_owner(stack):
    statement = {"effect": "deny", "principal": {"qcs": ["qcs::cam::anyone:anyone"]}, "action": ["name/cos:GetObject"],
                 "resource": [f"qcs::cos:{REGION}:uid/{IDENTITY.app_id}:{VAULT}/*"]}  # fmt: skip
    stack.owned.put_object(Bucket=VAULT, Key="key", Body=b"seen")
    stack.owned.put_bucket_policy(Bucket=VAULT, Policy={"version": "2.0", "statement": [statement]})
    refused(lambda: stack.owned.get_object(Bucket=VAULT, Key="key"))
    statement["condition"] = {"bool_equal": {"cos:secure-transport": ["false"]}}
    stack.owned.put_bucket_policy(Bucket=VAULT, Policy={"version": "2.0", "statement": [statement]})
    assert stack.owned.get_object(Bucket=VAULT, Key="key")["Body"].read() == b"seen"


def test_a_bucket_with_objects_stays(stack):
    stack.owned.put_object(Bucket=VAULT, Key="key", Body=b"")
    refused(lambda: stack.owned.delete_bucket(Bucket=VAULT), "BucketNotEmpty")
    stack.owned.delete_objects(Bucket=VAULT, Delete={"Object": [{"Key": "key"}]})
    stack.owned.delete_bucket(Bucket=VAULT)
    refused(lambda: stack.owned.get_bucket_policy(Bucket=VAULT), "NoSuchBucket")


def test_a_group_opens_the_ports_of_its_hosts(stack):
    rule = {"Action": "ACCEPT", "Protocol": "TCP", "Port": "22", "CidrBlock": "198.51.100.0/24"}
    given = {"SecurityGroupId": stack.group, "SecurityGroupPolicySet": {"Ingress": [rule]}}
    stack.made.call("vpc", "ModifySecurityGroupPolicies", **given)
    assert stack.made.world.opened[stack.instance] == {22: ["198.51.100.0/24"]}
    given["SecurityGroupPolicySet"]["Ingress"][0]["Action"] = "DROP"
    rejected(lambda: stack.made.call("vpc", "ModifySecurityGroupPolicies", **given), "UnsupportedOperation")
    rejected(lambda: stack.made.call("vpc", "DeleteSecurityGroup", SecurityGroupId=stack.group), "ResourceInUse")


def test_an_address_goes_to_an_instance_and_is_released_after_it(stack):
    wanted = {"InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": 100}
    (address,) = stack.made.call("vpc", "AllocateAddresses", **wanted)["AddressSet"]
    stack.made.call("vpc", "AssociateAddress", AddressId=address, InstanceId=stack.instance)
    assert list(stack.made.world.attached.values()) == [stack.instance]
    rejected(lambda: stack.made.call("vpc", "ReleaseAddresses", AddressIds=[address]), "InvalidAddressStatus.NotPermit")
    stack.made.call("vpc", "DisassociateAddress", AddressId=address)
    stack.made.call("vpc", "ReleaseAddresses", AddressIds=[address])
    assert stack.made.world.addresses == {}


def test_records_have_numbers_and_a_least_ttl(stack):
    record = {"Domain": "example.org", "SubDomain": "a", "RecordType": "A", "Value": "192.0.2.1", "TTL": 600}
    number = stack.made.call("dnspod", "CreateRecord", **record, RecordLine="默认")["RecordId"]
    shown = stack.made.call("dnspod", "DescribeRecordList", Domain="example.org")["RecordList"]
    assert [(found["Name"], found["Value"]) for found in shown] == [("a", "192.0.2.1")]
    rejected(
        lambda: stack.made.call("dnspod", "CreateRecord", **{**record, "TTL": 300}, RecordLine="默认"),
        "LimitExceeded.RecordTtlLimit",
    )
    rejected(
        lambda: stack.made.call("dnspod", "DescribeRecordList", Domain="example.com"),
        "ResourceNotFound.NoDataOfDomain",
    )
    stack.made.call("dnspod", "DeleteRecord", Domain="example.org", RecordId=number)
    assert stack.made.world.zone == []


def test_what_it_does_not_know_it_refuses(stack):
    arn = policies.role_arn(NAMES, IDENTITY.uin, "vault")
    rejected(
        lambda: stack.made.call("sts", "AssumeRoleWithWebIdentity", RoleArn=arn, WebIdentityToken="a.b.c"),
        "UnsupportedOperation",
    )
    rejected(lambda: stack.made.call("cvm", "DescribeImages", region="ap-tokyo"), "UnsupportedRegion")
    unknown = {"version": "2.0", "statement": [{"effect": "allow", "action": ["*"], "resource": ["*"],
                                                "condition": {"ip_equal": {"qcs:ip": "192.0.2.1"}}}]}  # fmt: skip
    rejected(lambda: stack.made.policy("x", unknown), "InvalidParameter.PolicyDocumentError")
    refused(lambda: stack.owned.put_bucket_acl(Bucket=VAULT, ACL="public-read"), "NotImplemented")
    refused(lambda: stack.owned.put_bucket_versioning(Bucket=VAULT, Status="Enabled"), "NotImplemented")
    refused(lambda: stack.owned.put_object(Bucket=VAULT, Key="a", Body=b"", ACL="public-read"), "NotImplemented")
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.org/", timeout=5)
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://cos.ap-tokyo.myqcloud.com/", timeout=5)


def test_state_is_kept(stack):
    file = stack.made.front.authority.with_name("account.json")
    stack.made.account.save()
    assert set(BUCKETS.values()) == set(Account(IDENTITY, stack.made.world, file).table("buckets"))
