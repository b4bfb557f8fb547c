"""What moto alone still lacks, seen on a plain moto server: a probe that fails says which extension can go."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from sandbox.aws.services.patching import REPLACEMENTS
from sandbox.layout import LOOPBACK
from tests.support.emulated import (
    ACCOUNT_ID,
    anonymous,
    client_of,
    keys_of,
    policy,
    s3_rule,
    ses_policy,
    statement,
    trusting,
    upsert,
)

EC2 = trusting({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
GITHUB = trusting(
    {"Federated": f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/token.actions.githubusercontent.com"},
    "sts:AssumeRoleWithWebIdentity",
)


class Moto:
    """Clients of a server without the sandbox's extensions."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        if service not in self._clients:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            self._clients[service] = client_of(self.endpoint, service, keys)
        return self._clients[service]

    @property
    def name(self) -> str:
        return f"t{uuid.uuid4().hex[:12]}"

    def bucket(self) -> str:
        name = self.name
        self.s3.create_bucket(Bucket=name)
        return name

    def role(self) -> str:
        name = self.name
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=EC2)
        return name

    def image(self) -> str:
        return str(self.ec2.describe_images()["Images"][0]["ImageId"])

    def run(self, **changes: Any) -> str:
        wanted = {"ImageId": self.image(), "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.small", **changes}
        return str(self.ec2.run_instances(**wanted)["Instances"][0]["InstanceId"])

    def instance(self, instance_id: str) -> dict[str, Any]:
        return dict(self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0])

    def group(self) -> str:
        return str(self.ec2.create_security_group(GroupName=self.name, Description="d")["GroupId"])

    def volume(self, instance_id: str) -> dict[str, Any]:
        (mapping,) = self.instance(instance_id)["BlockDeviceMappings"]
        return dict(self.ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"][0])

    def identity(self) -> str:
        name = f"{self.name}.org"
        self.sesv2.create_email_identity(EmailIdentity=name)
        return name

    def rule_set(self) -> str:
        name = self.name
        self.ses.create_receipt_rule_set(RuleSetName=name)
        return name


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    with (
        log,
        subprocess.Popen(
            [Path(sys.executable).with_name("moto_server"), "-H", LOOPBACK, "-p", str(port)],
            # Without what an account of this process has put into the environment for itself.
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("MOTO_")},
                "MOTO_ACCOUNT_ID": ACCOUNT_ID,
            },
            stdout=log,
            stderr=log,
        ) as server,
    ):
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, port)) == 0:
                    break
            time.sleep(0.1)
        yield Moto(f"http://{LOOPBACK}:{port}")
        server.terminate()


Probe = Callable[[Moto], bool]
PROBES: dict[str, Probe] = {}


def lacks(*replaced: str) -> Callable[[Probe], Probe]:
    """Marks a probe: it shows whether moto still lacks what these replacements restore."""

    def mark(probe: Probe) -> Probe:
        PROBES.update(dict.fromkeys(replaced, probe))
        return probe

    return mark


def refuses(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except (ClientError, ResponseParserError):
        return True
    return False


@lacks("BaseResponse.get_current_account")
def a_session_of_another_account_acts_in_this_one(moto: Moto) -> bool:
    role = "arn:aws:iam::111122223333:role/x"
    given = moto.sts.assume_role(RoleArn=role, RoleSessionName="x")["Credentials"]
    name = moto.name
    client_of(moto.endpoint, "iam", keys_of(given)).create_user(UserName=name)
    return not refuses(moto.iam.get_user, UserName=name)


@lacks("ElasticAddressBackend.associate_address")
def an_instance_keeps_its_first_address_beside_a_second(moto: Moto) -> bool:
    first, second = (moto.ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
    instance = moto.run()
    for allocation in (first, second):
        moto.ec2.associate_address(AllocationId=allocation, InstanceId=instance)
    (address,) = moto.ec2.describe_addresses(AllocationIds=[first])["Addresses"]
    return bool(address.get("AssociationId"))


@lacks("ElasticAddressBackend.release_address")
def an_associated_address_is_released(moto: Moto) -> bool:
    allocation = moto.ec2.allocate_address(Domain="vpc")["AllocationId"]
    moto.ec2.associate_address(AllocationId=allocation, InstanceId=moto.run())
    return not refuses(moto.ec2.release_address, AllocationId=allocation)


@lacks("Instance.terminate")
def a_terminated_instance_keeps_its_address(moto: Moto) -> bool:
    allocation, instance = moto.ec2.allocate_address(Domain="vpc")["AllocationId"], moto.run()
    moto.ec2.associate_address(AllocationId=allocation, InstanceId=instance)
    moto.ec2.terminate_instances(InstanceIds=[instance])
    (address,) = moto.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    return bool(address.get("AssociationId"))


@lacks("Route53Backend.change_resource_record_sets")
def an_alias_is_made_beside_an_address(moto: Moto) -> bool:
    zone = moto.route53.create_hosted_zone(Name="example.org", CallerReference=moto.name)["HostedZone"]["Id"]
    upsert(moto.route53, "a.example.org", "A", "127.0.0.1", zone_id=zone)
    try:
        upsert(moto.route53, "a.example.org", "CNAME", "b.example.org", action="CREATE", zone_id=zone)
    except ClientError:
        return False
    return True


def oversized(size: int) -> str:
    return policy(statement("s3:GetObject", "arn:aws:s3:::" + "x" * size))


@lacks("IAMBackend.put_role_policy")
def a_role_has_no_quota(moto: Moto) -> bool:
    put = moto.iam.put_role_policy
    return not refuses(put, RoleName=moto.role(), PolicyName="p", PolicyDocument=oversized(10240))


@lacks("IAMBackend.put_user_policy")
def a_user_has_no_quota(moto: Moto) -> bool:
    name = moto.name
    moto.iam.create_user(UserName=name)
    return not refuses(moto.iam.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=oversized(2048))


@lacks("IamResponse.simulate_principal_policy")
def a_principal_cannot_be_simulated(moto: Moto) -> bool:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{moto.role()}"
    return refuses(moto.iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=["s3:GetObject"])


@lacks("IAMBackend.put_group_policy")
def a_group_has_no_quota(moto: Moto) -> bool:
    name = moto.name
    moto.iam.create_group(GroupName=name)
    return not refuses(moto.iam.put_group_policy, GroupName=name, PolicyName="p", PolicyDocument=oversized(5120))


@lacks("IAMBackend.create_policy")
def a_managed_policy_has_no_quota(moto: Moto) -> bool:
    return not refuses(moto.iam.create_policy, PolicyName=moto.name, PolicyDocument=oversized(6144))


@lacks("IAMBackend.create_policy_version")
def a_version_has_no_quota(moto: Moto) -> bool:
    small = policy(statement("s3:GetObject"))
    arn = moto.iam.create_policy(PolicyName=moto.name, PolicyDocument=small)["Policy"]["Arn"]
    return not refuses(moto.iam.create_policy_version, PolicyArn=arn, PolicyDocument=oversized(6144))


@lacks("IAMBackend.delete_role")
def a_deleted_roles_name_stays_in_policies(moto: Moto) -> bool:
    bucket, role = moto.bucket(), moto.role()
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"}
    document = policy(statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal=principal))
    moto.s3.put_bucket_policy(Bucket=bucket, Policy=document)
    moto.iam.delete_role(RoleName=role)
    return role in str(moto.s3.get_bucket_policy(Bucket=bucket)["Policy"])


@lacks("IAMBackend.create_user")
def a_users_id_is_any(moto: Moto) -> bool:
    return not moto.iam.create_user(UserName=moto.name)["User"]["UserId"].startswith("AIDA")


@lacks("IAMBackend.create_role")
def a_trust_in_all_of_github_is_stored(moto: Moto) -> bool:
    return not refuses(moto.iam.create_role, RoleName=moto.name, AssumeRolePolicyDocument=GITHUB)


@lacks("IAMBackend.update_assume_role_policy")
def a_trust_in_all_of_github_is_stored_later(moto: Moto) -> bool:
    return not refuses(moto.iam.update_assume_role_policy, RoleName=moto.role(), PolicyDocument=GITHUB)


@lacks("IAMBackend.delete_user")
def a_user_with_keys_is_deleted(moto: Moto) -> bool:
    name = moto.name
    moto.iam.create_user(UserName=name)
    moto.iam.create_access_key(UserName=name)
    return not refuses(moto.iam.delete_user, UserName=name)


@lacks("OpenIDConnectProvider._validate", "IAMBackend.update_open_id_connect_provider_thumbprint")
def short_thumbprints_are_taken(moto: Moto) -> bool:
    made = moto.iam.create_open_id_connect_provider(
        Url=f"https://{moto.name}.org", ClientIDList=["x"], ThumbprintList=["a" * 39]
    )["OpenIDConnectProviderArn"]
    update = moto.iam.update_open_id_connect_provider_thumbprint
    return not refuses(update, OpenIDConnectProviderArn=made, ThumbprintList=["a"])


@lacks("S3Backend.create_bucket")
def a_fresh_bucket_has_no_guards(moto: Moto) -> bool:
    return refuses(moto.s3.get_public_access_block, Bucket=moto.bucket())


@lacks("S3Response._bucket_response_put")
def a_fresh_bucket_loses_its_tags(moto: Moto) -> bool:
    name = moto.bucket() + "-tagged"
    moto.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": [{"Key": "k", "Value": "v"}]})
    return refuses(moto.s3.get_bucket_tagging, Bucket=name)


@lacks("S3Response.list_object_versions")
def a_list_of_versions_encodes_no_key(moto: Moto) -> bool:
    bucket = moto.bucket()
    moto.s3.put_object(Bucket=bucket, Key="a+b")
    (listed,) = moto.s3.list_object_versions(Bucket=bucket, EncodingType="url")["Versions"]
    return bool(listed["Key"] == "a+b")


@lacks("S3Response.copy_object")
def a_copy_ignores_a_condition(moto: Moto) -> bool:
    bucket = moto.bucket()
    for key in ("from", "to"):
        moto.s3.put_object(Bucket=bucket, Key=key)
    return not refuses(moto.s3.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/from", IfNoneMatch="*")


@lacks("S3Backend.delete_objects", "S3Response._bucket_response_delete_keys")
def a_deletion_among_many_ignores_its_condition(moto: Moto) -> bool:
    bucket = moto.bucket()
    moto.s3.put_object(Bucket=bucket, Key="k")
    return "Errors" not in moto.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": '"x"'}]})


@lacks("S3Backend.delete_bucket_encryption")
def encryption_can_be_taken_away(moto: Moto) -> bool:
    bucket = moto.bucket()
    moto.s3.delete_bucket_encryption(Bucket=bucket)
    return refuses(moto.s3.get_bucket_encryption, Bucket=bucket)


@lacks("S3Backend.put_bucket_policy")
def a_bucket_policy_names_anybody(moto: Moto) -> bool:
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/none"}
    document = policy(statement("s3:GetObject", "arn:aws:s3:::elsewhere/*", Principal=principal))
    return not refuses(moto.s3.put_bucket_policy, Bucket=moto.bucket(), Policy=document)


@lacks("FakeBucket.get_permission")
def conditions_of_a_bucket_policy_are_not_read(moto: Moto) -> bool:
    bucket = moto.bucket()
    moto.s3.put_object(Bucket=bucket, Key="k")
    plain_http = {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:userid": "nobody"}}
    deny = statement("s3:*", f"arn:aws:s3:::{bucket}/*", "Deny", Principal="*", Condition=plain_http)
    moto.s3.put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    return refuses(moto.s3.get_object, Bucket=bucket, Key="k")


@lacks("SESBackend.create_receipt_rule", "SESBackend.update_receipt_rule")
def a_rule_needs_no_bucket_policy(moto: Moto) -> bool:
    rule_set, rule = moto.rule_set(), s3_rule("in", moto.bucket(), "a.org")
    made = not refuses(moto.ses.create_receipt_rule, RuleSetName=rule_set, Rule=rule)
    return made and not refuses(moto.ses.update_receipt_rule, RuleSetName=rule_set, Rule=rule)


@lacks("EmailResponse.delete_receipt_rule")
def a_rule_is_never_deleted(moto: Moto) -> bool:
    rule_set = moto.rule_set()
    moto.ses.create_receipt_rule(RuleSetName=rule_set, Rule={"Name": "in", "Actions": []})
    return refuses(moto.ses.delete_receipt_rule, RuleSetName=rule_set, RuleName="in")


@lacks("EmailResponse.set_receipt_rule_position")
def a_rule_is_never_moved(moto: Moto) -> bool:
    rule_set = moto.rule_set()
    moto.ses.create_receipt_rule(RuleSetName=rule_set, Rule={"Name": "in", "Actions": []})
    return refuses(moto.ses.set_receipt_rule_position, RuleSetName=rule_set, RuleName="in")


@lacks("EmailIdentity.__init__", "SESV2Response.get_email_identity")
def an_identity_has_no_key_length(moto: Moto) -> bool:
    try:
        dkim = moto.sesv2.get_email_identity(EmailIdentity=moto.identity())["DkimAttributes"]
    except (ClientError, ResponseParserError):
        return True
    return "CurrentSigningKeyLength" not in dkim or "Tokens" not in dkim


@lacks("SESV2Response.create_email_identity")
def an_identity_is_made_twice(moto: Moto) -> bool:
    return not refuses(moto.sesv2.create_email_identity, EmailIdentity=moto.identity())


@lacks("SESV2Response.list_email_identities")
def every_identity_is_verified(moto: Moto) -> bool:
    name = moto.identity()
    listed = {one["IdentityName"]: one for one in moto.sesv2.list_email_identities(PageSize=1000)["EmailIdentities"]}
    return bool(listed[name].get("SendingEnabled"))


@lacks("SESV2Backend.delete_email_identity")
def an_unknown_identity_is_deleted(moto: Moto) -> bool:
    try:
        moto.sesv2.delete_email_identity(EmailIdentity="nobody@example.org")
    except ClientError as error:
        return bool(error.response["Error"]["Code"] != "NotFoundException")
    return True


@lacks("SESBackend.verify_email_identity")
def no_mail_asks_for_confirmation(moto: Moto) -> bool:
    bucket, rule_set = moto.bucket(), moto.rule_set()
    moto.s3.put_bucket_policy(Bucket=bucket, Policy=ses_policy(bucket, None))
    moto.ses.create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, "example.org"))
    moto.ses.set_active_receipt_rule_set(RuleSetName=rule_set)
    moto.ses.verify_email_identity(EmailAddress="n@example.org")
    return "Contents" not in moto.s3.list_objects_v2(Bucket=bucket)


@lacks("SESBackend.get_identity_verification_attributes")
def every_identity_is_a_success(moto: Moto) -> bool:
    name = moto.identity()
    found = moto.ses.get_identity_verification_attributes(Identities=[name])["VerificationAttributes"]
    return bool(found[name]["VerificationStatus"] == "Success")


@lacks("SESBackend.get_identity_dkim_attributes")
def both_apis_have_tokens_of_their_own(moto: Moto) -> bool:
    name = moto.identity()
    newer = moto.sesv2.get_email_identity(EmailIdentity=name).get("DkimAttributes", {}).get("Tokens")
    older = moto.ses.get_identity_dkim_attributes(Identities=[name])["DkimAttributes"].get(name, {})
    return not newer or older.get("DkimTokens") != newer


@lacks("InstanceResponse.run_instances")
def termination_protection_is_dropped(moto: Moto) -> bool:
    instance = moto.run(DisableApiTermination=True)
    read = moto.ec2.describe_instance_attribute(InstanceId=instance, Attribute="disableApiTermination")
    return not read["DisableApiTermination"]["Value"]


@lacks("InstanceResponse._validate_block_device_mapping")
def a_volume_needs_a_size(moto: Moto) -> bool:
    return refuses(moto.run, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeType": "gp3"}}])


@lacks("InstanceBackend.modify_instance_metadata_options")
def metadata_options_are_forgotten(moto: Moto) -> bool:
    instance = moto.run(MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 3})
    moto.ec2.modify_instance_metadata_options(InstanceId=instance, HttpTokens="required")
    return bool(moto.instance(instance)["MetadataOptions"].get("HttpPutResponseHopLimit") != 3)


@lacks("InstanceBackend.modify_instance_security_groups")
def groups_are_added_to(moto: Moto) -> bool:
    instance, second = moto.run(SecurityGroupIds=[moto.group()]), moto.group()
    moto.ec2.modify_instance_attribute(InstanceId=instance, Groups=[second])
    read = moto.instance(instance)
    shown = (read["SecurityGroups"], read["NetworkInterfaces"][0]["Groups"])
    return any([one["GroupId"] for one in groups] != [second] for groups in shown)


@lacks("NetworkInterfaceBackend.modify_network_interface_attribute")
def an_interfaces_groups_are_not_the_instances(moto: Moto) -> bool:
    instance, second = moto.run(SecurityGroupIds=[moto.group()]), moto.group()
    interface = moto.instance(instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    moto.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[second])
    return [one["GroupId"] for one in moto.instance(instance)["SecurityGroups"]] != [second]


@lacks("EC2Backend.create_volume")
def a_gp3_volume_has_no_throughput(moto: Moto) -> bool:
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeType": "gp3", "VolumeSize": 8}}
    return moto.volume(moto.run(BlockDeviceMappings=[mapping])).get("Throughput") != 125


@lacks("TokenResponse.assume_role")
def a_session_is_as_long_as_it_likes(moto: Moto) -> bool:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{moto.role()}"
    return not refuses(moto.sts.assume_role, RoleArn=arn, RoleSessionName="x", DurationSeconds=43200)


@lacks("TokenResponse.assume_role_with_web_identity")
def any_token_is_good_for_any_role(moto: Moto) -> bool:
    sts = anonymous(moto.endpoint, "sts")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/none"
    call = sts.assume_role_with_web_identity
    return not refuses(call, RoleArn=role, RoleSessionName="somebody", WebIdentityToken="no.token.at-all")


NAMES = [f"{replacement.owner.__name__}.{replacement.name}" for replacement in REPLACEMENTS]


def test_every_replacement_has_a_probe_and_every_probe_a_replacement() -> None:
    assert sorted(PROBES) == sorted(NAMES)


@pytest.mark.parametrize("replaced", NAMES)
def test_moto_alone_still_lacks_it(moto: Moto, replaced: str) -> None:
    assert PROBES[replaced](moto), f"moto has closed the gap of {replaced}: take the extension away"
