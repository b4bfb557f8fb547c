"""Each test names the behaviour of AWS that a patch of moto restores."""

import contextlib
import datetime
import email.policy
import functools
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest

from sandbox.aws.server import Account
from sandbox.aws.services.patching import REPLACEMENTS
from tests.support.emulated import ACCOUNT_ID, REGION, ZONE_ID, client_of, refused, s3_rule, ses_policy, upsert

Client = Callable[..., Any]


def test_every_replacement_has_a_reason_and_the_page_it_follows_and_is_in_place(account: Account) -> None:
    assert account
    for replacement in REPLACEMENTS:
        assert replacement.because.startswith("moto"), f"{replacement.name}: say what moto does instead"
        assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+\.html", replacement.page), replacement.name
        assert hasattr(getattr(replacement.owner, replacement.name), "replacement_of_moto")


# --- accounts


def test_a_key_acts_in_the_account_that_owns_it(client: Client) -> None:
    assert client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT_ID}:user/agentkeys-admin"
    other = client("sts", "other-account").get_caller_identity()
    assert other["Account"] == "111122223333"
    assert client("route53", "other-account").list_hosted_zones()["HostedZones"] == []


def test_sts_refuses_unknown_and_inactive_keys(client: Client, unique: str, account: Account) -> None:
    unknown = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}
    with refused("InvalidClientTokenId"):
        client_of(account.endpoint, "sts", unknown).get_caller_identity()
    iam = client("iam")
    iam.create_user(UserName=unique)
    key = iam.create_access_key(UserName=unique)["AccessKey"]
    own = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    assert client_of(account.endpoint, "sts", own).get_caller_identity()["Arn"].endswith(f"user/{unique}")
    iam.update_access_key(UserName=unique, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId"):
        client_of(account.endpoint, "sts", own).get_caller_identity()


# --- buckets


def test_a_bucket_is_created_with_its_tags(client: Client, unique: str) -> None:
    s3 = client("s3")
    tags = [{"Key": "a&b", "Value": " x "}, {"Key": "empty", "Value": ""}]
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket=unique)["TagSet"] == tags
    arn = f"arn:aws:s3:::{unique}"
    assert client("s3control").list_tags_for_resource(AccountId=ACCOUNT_ID, ResourceArn=arn)["Tags"] == tags


@pytest.mark.parametrize("keys", [["same", "same"], ["aws:reserved"]])
def test_wrong_tags_create_no_bucket(client: Client, unique: str, keys: list[str]) -> None:
    tags = [{"Key": key, "Value": "v"} for key in keys]
    with refused("InvalidTag"):
        client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"Tags": tags})
    assert unique not in {bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]}


# --- identities


def test_a_domain_identity_has_tokens_and_looks_the_same_when_read(client: Client, unique: str) -> None:
    ses = client("sesv2")
    domain = f"{unique}.litentry.org"
    made = ses.create_email_identity(
        EmailIdentity=domain,
        DkimSigningAttributes={"NextSigningKeyLength": "RSA_2048_BIT"},
        Tags=[{"Key": "k", "Value": "v"}],
    )
    assert made["IdentityType"] == "DOMAIN"
    assert made["VerifiedForSendingStatus"] is False
    dkim = made["DkimAttributes"]
    assert len(set(dkim["Tokens"])) == 3
    assert dkim["Status"] == "PENDING"
    assert dkim["NextSigningKeyLength"] == "RSA_2048_BIT"
    assert dkim["LastKeyGenerationTimestamp"].year >= 2024
    read = ses.get_email_identity(EmailIdentity=domain)
    assert read["DkimAttributes"] == dkim
    assert read["Tags"] == [{"Key": "k", "Value": "v"}]
    arn = f"arn:aws:ses:{REGION}:{ACCOUNT_ID}:identity/{domain}"
    assert ses.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]


def test_a_second_creation_of_an_identity_is_already_exists(client: Client, unique: str) -> None:
    ses = client("sesv2")
    ses.create_email_identity(EmailIdentity=f"{unique}.litentry.org")
    with refused("AlreadyExistsException"):
        ses.create_email_identity(EmailIdentity=f"{unique}.litentry.org")


def test_next_key_length_is_kept(client: Client, unique: str) -> None:
    ses = client("sesv2")
    domain = f"{unique}.litentry.org"
    attributes = {"NextSigningKeyLength": "RSA_1024_BIT"}
    made = ses.create_email_identity(EmailIdentity=domain, DkimSigningAttributes=attributes)
    assert made["DkimAttributes"]["NextSigningKeyLength"] == "RSA_1024_BIT"
    assert ses.get_email_identity(EmailIdentity=domain)["DkimAttributes"] == made["DkimAttributes"]


def test_a_domain_is_verified_once_all_three_records_exist(client: Client, unique: str) -> None:
    ses, route53 = client("sesv2"), client("route53")
    domain = f"{unique}.litentry.org"
    tokens = ses.create_email_identity(EmailIdentity=domain)["DkimAttributes"]["Tokens"]
    older = client("ses")

    def status() -> tuple[str, str]:
        verification = older.get_identity_verification_attributes(Identities=[domain])["VerificationAttributes"]
        listed = {one["IdentityName"]: one for one in ses.list_email_identities()["EmailIdentities"]}
        return verification[domain]["VerificationStatus"], listed[domain]["VerificationStatus"]

    assert status() == ("Pending", "PENDING")
    for token in tokens:
        assert ses.get_email_identity(EmailIdentity=domain)["DkimAttributes"]["Status"] == "PENDING"
        upsert(route53, f"{token}._domainkey.{domain}", "CNAME", f"{token}.dkim.amazonses.com")
    read = ses.get_email_identity(EmailIdentity=domain)
    assert read["DkimAttributes"]["Status"] == "SUCCESS"
    assert read["VerifiedForSendingStatus"] is True
    assert older.get_identity_dkim_attributes(Identities=[domain])["DkimAttributes"][domain]["DkimTokens"] == tokens
    assert status() == ("Success", "SUCCESS")
    upsert(route53, f"{tokens[0]}._domainkey.{domain}", "CNAME", "elsewhere.example.org")
    assert ses.get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"] is False


def test_deleting_an_unknown_identity_is_not_found(client: Client, unique: str) -> None:
    with refused("NotFoundException"):
        client("sesv2").delete_email_identity(EmailIdentity=f"nobody@{unique}.org")


def test_an_address_is_verified_by_the_link_in_its_mail(
    client: Client, account: Account, bucket: str, rule_set: str, unique: str
) -> None:
    ses, s3 = client("sesv2"), client("s3")
    domain = f"{unique}.litentry.org"
    s3.put_bucket_policy(Bucket=bucket, Policy=ses_policy(bucket, None))
    client("ses").create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, domain))
    before = {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    made = ses.create_email_identity(EmailIdentity=f"noreply@{domain}")
    assert made["IdentityType"] == "EMAIL_ADDRESS"
    assert made["VerifiedForSendingStatus"] is False
    (key,) = {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]} - before
    raw = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    # The link is longer than a quoted-printable line, so its first "=" is not its end.
    assert b"=\r\n" in raw
    text = email.message_from_bytes(raw, policy=email.policy.default).get_content()
    link = next(line for line in text.splitlines() if line.startswith("https://email-verification."))
    host, query = link.removeprefix("https://").split("/?")
    for wrong in (True, False):
        url = f"{account.endpoint}/?{query}{'0' if wrong else ''}"
        request = urllib.request.Request(url, headers={"Host": host})  # noqa: S310
        if wrong:
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(request)  # noqa: S310
            assert not ses.get_email_identity(EmailIdentity=f"noreply@{domain}")["VerifiedForSendingStatus"]
        else:
            assert urllib.request.urlopen(request).status == 200  # noqa: S310
    assert ses.get_email_identity(EmailIdentity=f"noreply@{domain}")["VerifiedForSendingStatus"]


# --- receipt rules

RULE_ARN = f"arn:aws:ses:{REGION}:{ACCOUNT_ID}:receipt-rule-set/{{rule_set}}:receipt-rule/{{rule}}"


def test_a_rule_needs_its_bucket_and_the_buckets_policy(client: Client, bucket: str, rule_set: str) -> None:
    ses, s3 = client("ses"), client("s3")
    with refused("InvalidS3Configuration", "Could not write to bucket: no-such-bucket-here"):
        ses.create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", "no-such-bucket-here", "a.org"))
    with refused("InvalidS3Configuration", f"Could not write to bucket: {bucket}"):
        ses.create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, "a.org"))
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=ses_policy(bucket, None))
    ses.create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, "a.org"))
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["inbound/AMAZON_SES_SETUP_NOTIFICATION"]


@pytest.mark.parametrize(
    ("condition", "resource", "allowed"),
    [
        ({"StringEquals": {"aws:Referer": ACCOUNT_ID}}, "inbound/*", True),
        ({"StringEquals": {"AWS:SourceAccount": ACCOUNT_ID, "aws:SourceArn": "{arn}"}}, "*", True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:ses:*:*:receipt-rule-set/*:receipt-rule/in"}}, "inbound/*", True),
        ({"StringLike": {"aws:SourceArn": "arn:aws:ses:*:receipt-rule/?n"}}, "inbound/*", True),
        ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, "inbound/*", False),
        ({"StringEquals": {"aws:Referer": ACCOUNT_ID, "aws:SourceArn": "{arn}x"}}, "inbound/*", False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:ses:*:*:receipt-rule-set/*:receipt-rule/other"}}, "inbound/*", False),
        ({"NoSuchOperator": {"aws:Referer": ACCOUNT_ID}}, "inbound/*", False),
        ({"StringEquals": {"aws:PrincipalTag/x": "y"}}, "inbound/*", False),
        (None, "other/*", False),
    ],
)
def test_a_bucket_policys_conditions_decide_for_this_rule(
    client: Client, bucket: str, rule_set: str, condition: dict[str, Any] | None, resource: str, allowed: bool
) -> None:
    arn = RULE_ARN.format(rule_set=rule_set, rule="in")
    policy = ses_policy(bucket, condition, resource).replace("{arn}", arn)
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    with contextlib.nullcontext() if allowed else refused("InvalidS3Configuration"):
        client("ses").create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, "a.org"))


def test_a_deny_of_plain_http_does_not_keep_ses_out(client: Client, bucket: str, rule_set: str) -> None:
    policy = json.loads(ses_policy(bucket, None))
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy["Statement"].append(deny)
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    client("ses").create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, "a.org"))
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    with refused("InvalidS3Configuration"):
        client("ses").create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in2", bucket, "a.org"))


def names(ses: Any, rule_set: str) -> list[str]:
    return [rule["Name"] for rule in ses.describe_receipt_rule_set(RuleSetName=rule_set)["Rules"]]


def test_rules_are_ordered_moved_updated_and_deleted(client: Client, rule_set: str) -> None:
    ses = client("ses")

    def rule(name: str, **changes: Any) -> dict[str, Any]:
        return {"Name": name, "Enabled": True, "Recipients": ["a.org"], "Actions": [], **changes}

    ses.create_receipt_rule(RuleSetName=rule_set, Rule=rule("a"))
    ses.create_receipt_rule(RuleSetName=rule_set, Rule=rule("b"))
    ses.create_receipt_rule(RuleSetName=rule_set, Rule=rule("c"), After="b")
    assert names(ses, rule_set) == ["b", "c", "a"]
    with refused("AlreadyExists"):
        ses.create_receipt_rule(RuleSetName=rule_set, Rule=rule("a", Enabled=False))
    with refused("RuleSetDoesNotExist"):
        ses.create_receipt_rule(RuleSetName="none", Rule=rule("a"))
    with refused("RuleDoesNotExist"):
        ses.create_receipt_rule(RuleSetName=rule_set, Rule=rule("d"), After="none")
    ses.set_receipt_rule_position(RuleSetName=rule_set, RuleName="b", After="a")
    assert names(ses, rule_set) == ["c", "a", "b"]
    ses.set_receipt_rule_position(RuleSetName=rule_set, RuleName="b")
    assert names(ses, rule_set) == ["b", "c", "a"]
    ses.update_receipt_rule(RuleSetName=rule_set, Rule=rule("c", Enabled=False, TlsPolicy="Require"))
    read = ses.describe_receipt_rule(RuleSetName=rule_set, RuleName="c")["Rule"]
    assert (read["Enabled"], read["TlsPolicy"], read["ScanEnabled"]) == (False, "Require", False)
    with refused("RuleDoesNotExist"):
        ses.update_receipt_rule(RuleSetName=rule_set, Rule=rule("none"))
    ses.delete_receipt_rule(RuleSetName=rule_set, RuleName="c")
    ses.delete_receipt_rule(RuleSetName=rule_set, RuleName="c")
    assert names(ses, rule_set) == ["b", "a"]
    with refused("RuleSetDoesNotExist"):
        ses.delete_receipt_rule(RuleSetName="none", RuleName="c")


def test_an_update_is_checked_like_a_creation(client: Client, bucket: str, rule_set: str) -> None:
    ses = client("ses")
    ses.create_receipt_rule(RuleSetName=rule_set, Rule={**s3_rule("in", bucket, "a.org"), "Actions": []})
    with refused("InvalidS3Configuration"):
        ses.update_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, "a.org"))


def test_one_rule_set_is_active_or_none(client: Client, rule_set: str) -> None:
    ses = client("ses")
    assert ses.describe_active_receipt_rule_set()["Metadata"]["Name"] == rule_set
    with refused("CannotDelete"):
        ses.delete_receipt_rule_set(RuleSetName=rule_set)
    ses.set_active_receipt_rule_set()
    answer = ses.describe_active_receipt_rule_set()
    assert answer.get("Metadata") is None
    assert not answer.get("Rules")
    ses.delete_receipt_rule_set(RuleSetName=rule_set)


# --- addresses and records


def test_an_associated_address_cannot_be_released(client: Client) -> None:
    ec2 = client("ec2")
    instance = ec2.run_instances(ImageId="ami-0a22042026090100a", MinCount=1, MaxCount=1, InstanceType="t3.small")
    instance_id = instance["Instances"][0]["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance_id)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=address["AllocationId"])
    ec2.terminate_instances(InstanceIds=[instance_id])
    (read,) = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"]
    assert not read.get("AssociationId")
    ec2.release_address(AllocationId=address["AllocationId"])


def test_an_instances_address_stays_when_it_is_associated_again_and_gives_way_to_another(client: Client) -> None:
    ec2 = client("ec2")
    run = ec2.run_instances(ImageId="ami-0a22042026090100a", MinCount=1, MaxCount=1, InstanceType="t3.small")
    instance_id = run["Instances"][0]["InstanceId"]
    first, second = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))

    def associated() -> list[str]:
        found = ec2.describe_addresses(Filters=[{"Name": "instance-id", "Values": [instance_id]}])["Addresses"]
        return [address["AllocationId"] for address in found]

    ids = {ec2.associate_address(AllocationId=first, InstanceId=instance_id)["AssociationId"] for _ in range(2)}
    assert len(ids) == 1
    ec2.associate_address(AllocationId=second, InstanceId=instance_id)
    assert associated() == [second]
    ec2.associate_address(AllocationId=first, InstanceId=instance_id)
    assert associated() == [first]
    ec2.terminate_instances(InstanceIds=[instance_id])
    for allocation_id in (first, second):
        ec2.release_address(AllocationId=allocation_id)


def test_an_address_moves_to_another_instance_unless_the_call_forbids_it(client: Client) -> None:
    ec2 = client("ec2")
    first, second = (
        ec2.run_instances(ImageId="ami-0a22042026090100a", InstanceType="t3.micro", MinCount=1, MaxCount=1)[
            "Instances"
        ][0]["InstanceId"]
        for _ in range(2)
    )
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=first)
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_address(AllocationId=address, InstanceId=second, AllowReassociation=False)
    ec2.associate_address(AllocationId=address, InstanceId=second)
    (seen,) = ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    assert seen["InstanceId"] == second
    ec2.terminate_instances(InstanceIds=[first, second])
    ec2.release_address(AllocationId=address)


def test_an_instance_shows_the_profile_that_it_was_given(client: Client, unique: str) -> None:
    ec2, iam = client("ec2"), client("iam")
    run = ec2.run_instances(ImageId="ami-0a22042026090100a", MinCount=1, MaxCount=1, InstanceType="t3.small")
    instance_id = run["Instances"][0]["InstanceId"]
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    arn = iam.create_instance_profile(InstanceProfileName=unique)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=unique, RoleName=unique)

    def profile() -> str | None:
        (read,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"]
        return (read.get("IamInstanceProfile") or {}).get("Arn")

    assert profile() is None
    made = ec2.associate_iam_instance_profile(InstanceId=instance_id, IamInstanceProfile={"Name": unique})
    assert profile() == arn
    ec2.disassociate_iam_instance_profile(AssociationId=made["IamInstanceProfileAssociation"]["AssociationId"])
    assert profile() is None


def test_an_unknown_image_is_refused(client: Client) -> None:
    with refused("InvalidAMIID.NotFound"):
        client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)


@pytest.mark.parametrize(
    ("image", "instance_type"), [("ami-0deb122026090100b", "t3.small"), ("ami-0deb122026090100a", "t4g.small")]
)
def test_an_image_for_another_architecture_is_refused(client: Client, image: str, instance_type: str) -> None:
    with refused("InvalidParameterValue"):
        client("ec2").run_instances(ImageId=image, InstanceType=instance_type, MinCount=1, MaxCount=1)


def test_route53_refuses_what_it_has_and_what_is_not_its_own(client: Client, unique: str) -> None:
    route53 = client("route53")
    name = f"{unique}.litentry.org"
    upsert(route53, name, "A", "127.0.0.9", action="CREATE")
    with refused("InvalidChangeBatch", "already exists"):
        upsert(route53, f"{unique.upper()}.litentry.org.", "A", "127.0.0.10", action="CREATE")
    with refused("InvalidChangeBatch", "not permitted in zone"):
        upsert(route53, "evil-litentry.org", "A", "127.0.0.9")
    with refused("InvalidChangeBatch", "conflicts"):
        upsert(route53, name, "CNAME", "x.litentry.org", action="CREATE")
    with refused("InvalidChangeBatch", "conflicts"):
        upsert(route53, name, "CNAME", "x.litentry.org")
    with refused("InvalidChangeBatch", "at apex"):
        upsert(route53, "litentry.org", "CNAME", "x.litentry.org")
    with refused("InvalidChangeBatch", "do not match"):
        upsert(route53, name, "A", "127.0.0.1", action="DELETE")
    upsert(route53, name, "A", "127.0.0.9", action="DELETE")
    with refused("InvalidChangeBatch", "not found"):
        upsert(route53, name, "A", "127.0.0.9", action="DELETE")


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("A", ["300.1.1.1"], "not a valid IPv4 address"),
        ("A", ["2001:db8::1"], "not a valid IPv4 address"),
        ("AAAA", ["192.0.2.1"], "not a valid IPv6 address"),
        ("TXT", ["v=spf1 -all"], "enclosed in quotation marks"),
        ("TXT", ['"' + "x" * 256 + '"'], "too long"),
        ("A", ["192.0.2.1", "192.0.2.1"], "Duplicate"),
    ],
)
def test_route53_refuses_values_that_are_none(
    client: Client, unique: str, kind: str, values: list[str], said: str
) -> None:
    """moto 5.2.5 stores each; see findings/moto-route53-record-values.sh."""
    with refused("InvalidChangeBatch", said):
        upsert(client("route53"), f"{unique}.litentry.org", kind, *values)


def test_route53_takes_strings_in_pieces_and_names_in_any_case(client: Client, unique: str) -> None:
    route53 = client("route53")
    upsert(route53, f"{unique.upper()}.LITENTRY.ORG", "TXT", '"' + "x" * 255 + '" "a\\"b"', '"second"')
    found = route53.list_resource_record_sets(
        HostedZoneId=ZONE_ID, StartRecordName=f"{unique}.litentry.org", MaxItems="1"
    )
    assert found["ResourceRecordSets"][0]["Name"] == f"{unique}.litentry.org."


def test_a_batch_is_applied_whole_or_not_at_all(client: Client, unique: str) -> None:
    route53 = client("route53")
    name = f"{unique}.litentry.org"

    def change(action: str, value: str, kind: str = "A") -> dict[str, Any]:
        record = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]}
        return {"Action": action, "ResourceRecordSet": record}

    def values() -> list[str]:
        found = route53.list_resource_record_sets(HostedZoneId=ZONE_ID, StartRecordName=name, MaxItems="1")
        # The list starts at the name or at the next one, and is empty if the name would be the last of the zone.
        named = [record for record in found["ResourceRecordSets"] if record["Name"] == f"{name}."]
        return [value["Value"] for record in named for value in record["ResourceRecords"]]

    def send(*changes: dict[str, Any]) -> None:
        route53.change_resource_record_sets(HostedZoneId=ZONE_ID, ChangeBatch={"Changes": list(changes)})

    with refused("InvalidChangeBatch", "already exists"):
        send(change("CREATE", "127.0.0.1"), change("CREATE", "127.0.0.2"))
    with refused("InvalidChangeBatch", "conflicts"):
        send(change("UPSERT", "127.0.0.1"), change("UPSERT", "x.litentry.org", "CNAME"))
    assert values() == []
    send(change("CREATE", "127.0.0.1"))
    with refused("InvalidChangeBatch"):
        send(change("DELETE", "127.0.0.1"), change("DELETE", "127.0.0.1"))
    assert values() == ["127.0.0.1"]
    send(change("DELETE", "127.0.0.1"), change("CREATE", "127.0.0.2"))
    assert values() == ["127.0.0.2"]
    # The same record again after it was deleted: moto remembers it and would refuse.
    send(change("DELETE", "127.0.0.2"), change("CREATE", "127.0.0.1"))
    assert values() == ["127.0.0.1"]


# --- IAM


def test_a_user_with_keys_cannot_be_deleted(client: Client, unique: str) -> None:
    iam = client("iam")
    iam.create_user(UserName=unique)
    key = iam.create_access_key(UserName=unique)["AccessKey"]["AccessKeyId"]
    with refused("DeleteConflict"):
        iam.delete_user(UserName=unique)
    iam.delete_access_key(UserName=unique, AccessKeyId=key)
    iam.delete_user(UserName=unique)


def test_thumbprints_have_40_characters(client: Client, unique: str) -> None:
    iam = client("iam")
    url = f"https://{unique}.litentry.org"
    for wrong in ("a" * 39, "a" * 41, "g" * 40):
        with refused("ValidationError"):
            iam.create_open_id_connect_provider(Url=url, ClientIDList=["x"], ThumbprintList=[wrong])
    made = iam.create_open_id_connect_provider(Url=url, ClientIDList=["x"], ThumbprintList=["a" * 40])
    with refused("ValidationError"):
        iam.update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=made["OpenIDConnectProviderArn"], ThumbprintList=["a"]
        )
    iam.create_open_id_connect_provider(Url=f"{url}/none", ClientIDList=["x"])


def test_policies_that_name_missing_principals_are_malformed(client: Client, bucket: str, unique: str) -> None:
    iam, s3 = client("iam"), client("s3")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/{unique}"
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:GetObject"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"arn:aws:s3:::{bucket}/*"}]})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Action": "sts:AssumeRole"}]})
    with refused("MalformedPolicy", "Invalid principal in policy"):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    with refused("MalformedPolicyDocument", "Invalid principal in policy"):
        iam.create_role(RoleName=f"{unique}b", AssumeRolePolicyDocument=trust)
    ec2 = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [ec2]}))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    iam.create_role(RoleName=f"{unique}b", AssumeRolePolicyDocument=trust)
    with refused("MalformedPolicyDocument", "Invalid principal in policy"):
        iam.update_assume_role_policy(RoleName=unique, PolicyDocument=trust.replace(unique, f"{unique}-missing"))
    with refused("MalformedPolicy", "invalid resource"):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy.replace(f":::{bucket}/", ":::another-bucket/"))


# --- S3


def test_a_fresh_bucket_is_encrypted_and_owned_by_its_owner(client: Client, bucket: str) -> None:
    s3 = client("s3")

    def algorithm() -> str:
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        return str(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    assert algorithm() == "AES256"
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerEnforced"
    s3.delete_bucket_encryption(Bucket=bucket)
    assert algorithm() == "AES256"


def test_a_list_of_versions_encodes_every_key_when_asked_to(client: Client, bucket: str) -> None:
    s3 = client("s3")
    keys = sorted(["a b", "a+b", "a&b", "ä", "a%2Fb", "a?x=1", "a//b", "a/"])
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    encoded = s3.list_object_versions(Bucket=bucket, EncodingType="url")
    assert sorted(unquote_plus(item["Key"]) for item in encoded["Versions"]) == keys
    assert encoded["EncodingType"] == "url"
    assert {"a+b", "a%2Bb", "a%252Fb", "a//b"} <= {item["Key"] for item in encoded["Versions"]}
    assert sorted(item["Key"] for item in s3.list_object_versions(Bucket=bucket)["Versions"]) == keys


def test_a_copy_keeps_its_conditions(client: Client, bucket: str) -> None:
    """moto 5.2.5 reads one of the six (CopySourceIfNoneMatch)."""
    s3 = client("s3")
    source = s3.put_object(Bucket=bucket, Key="from", Body=b"1")["ETag"]
    present = s3.put_object(Bucket=bucket, Key="to", Body=b"2")["ETag"]
    written = s3.head_object(Bucket=bucket, Key="from")["LastModified"]
    copy = functools.partial(s3.copy_object, Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
    unmet = [
        {"CopySourceIfMatch": present},
        {"CopySourceIfNoneMatch": source},
        {"CopySourceIfUnmodifiedSince": written - datetime.timedelta(days=1)},
        {"CopySourceIfModifiedSince": written},
        {"IfMatch": source},
        {"IfNoneMatch": "*"},
    ]
    for condition in unmet:
        with refused("PreconditionFailed") as refusal:
            copy(**condition)
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    with refused("NoSuchKey"):
        copy(Key="new", IfMatch=source)
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"2"
    # A tag that matches decides, whatever the time says.
    copy(
        IfMatch=present,
        CopySourceIfMatch=source,
        CopySourceIfUnmodifiedSince=written - datetime.timedelta(days=1),
        CopySourceIfNoneMatch=present,
        CopySourceIfModifiedSince=written,
    )
    copy(Key="new", IfNoneMatch="*")


def test_each_of_many_deletions_keeps_its_condition(client: Client, bucket: str) -> None:
    s3 = client("s3")
    etags = {key: s3.put_object(Bucket=bucket, Key=key, Body=key.encode())["ETag"] for key in ("a", "b", "c", "d")}
    wanted = [
        {"Key": "a", "ETag": etags["a"]},
        {"Key": "b", "ETag": etags["a"]},
        {"Key": "c", "ETag": "*"},
        {"Key": "d"},
        {"Key": "e", "ETag": etags["a"]},
    ]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert {each["Key"] for each in answer["Deleted"]} == {"a", "c", "d"}
    assert {each["Key"]: each["Code"] for each in answer["Errors"]} == {"b": "PreconditionFailed", "e": "NoSuchKey"}
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b", "ETag": etags["a"]}]})
    assert "Deleted" not in answer


def test_the_account_can_block_public_access(client: Client) -> None:
    control = client("s3control")
    wanted = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    control.put_public_access_block(AccountId=ACCOUNT_ID, PublicAccessBlockConfiguration=wanted)
    read = control.get_public_access_block(AccountId=ACCOUNT_ID)["PublicAccessBlockConfiguration"]
    assert read == wanted


def test_a_deny_of_plain_http_denies_nobody_who_comes_over_tls(client: Client, bucket: str) -> None:
    s3 = client("s3")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"v"


# --- alarms


def test_a_subscription_by_mail_waits_for_somebody(client: Client, unique: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    wanted = {"TopicArn": topic, "Protocol": "email", "Endpoint": "ops@example.org", "ReturnSubscriptionArn": True}
    arn = sns.subscribe(**wanted)["SubscriptionArn"]

    def listed() -> list[str]:
        return [item["SubscriptionArn"] for item in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]

    assert listed() == ["PendingConfirmation"]
    with refused("InvalidParameter", "pending confirmation"):
        sns.unsubscribe(SubscriptionArn=arn)
    with refused("NotFound"):
        sns.confirm_subscription(TopicArn=topic, Token="of-nothing")
    sns.confirm_subscription(TopicArn=topic, Token=arn.rpartition(":")[2])
    assert listed() == [arn]
    assert sns.subscribe(**wanted)["SubscriptionArn"] == arn
    assert listed() == [arn], "a second request leaves it confirmed"
    sns.unsubscribe(SubscriptionArn=arn)
    assert listed() == []


def test_a_subscription_that_is_no_mail_waits_for_nobody(client: Client, unique: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:q")
    assert (
        sns.get_subscription_attributes(**{"SubscriptionArn": arn["SubscriptionArn"]})["Attributes"][
            "PendingConfirmation"
        ]
        == "false"
    )
