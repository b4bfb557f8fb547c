"""The engine's view of the one sandbox: stacks are brought up in it in the order of the files."""

import json
import smtplib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from gates import dns
from sandbox import layout, rehearsal, supervisor
from tests.support import emulation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/sandbox/" in str(item.path):
            item.add_marker(pytest.mark.sandbox)


class Ground:
    """The running sandbox, as a test sees it: engine, AWS, names, hosts."""

    def __init__(self) -> None:
        self.surroundings = rehearsal.prepare(rehearsal.say)
        self.engine = rehearsal.Engine(self.surroundings)

    def client(self, service: str, **credentials: str) -> Any:
        return emulation.client(service, **credentials)

    def pulumi(self, stack: str, *arguments: str, check: bool = True, **surroundings: str) -> Any:
        """An engine command in the project's folder, its output in the result."""
        project = rehearsal.ACCOUNT if stack == rehearsal.ACCOUNT_STACK else rehearsal.deployment(stack)
        engine = rehearsal.Engine({**self.surroundings, **surroundings})
        return engine.run(project, *arguments, capture=True, check=check)

    def outputs(self, stack: str) -> dict[str, Any]:
        return self.engine.outputs(rehearsal.deployment(stack))

    def state(self, stack: str) -> dict[str, Any]:
        return self.engine.state(rehearsal.deployment(stack))

    def address(self, name: str) -> str:
        """As the world sees it: over DNS-over-HTTPS."""
        (found,) = dns.resolve(name, json.loads(self.surroundings["AGENTKEYS_DOH_URLS"])[0])
        return found

    def get(self, name: str, path: str, *, method: str = "GET", **request: Any) -> urllib3.BaseHTTPResponse:
        """Over public TLS at the resolved address, the certificate checked against the sandbox's authorities."""
        with urllib3.HTTPSConnectionPool(
            self.address(name),
            server_hostname=name,
            assert_hostname=name,
            ca_certs=self.surroundings["AGENTKEYS_CA_BUNDLE"],
            timeout=10,
            retries=False,
        ) as pool:
            return pool.request(method, path, headers={"Host": name}, **request)

    def token(self, broker: str, actor: str) -> str:
        answer = self.get(broker, "/v1/mint-oidc-jwt", method="POST", json={"actor_omni": actor})
        assert answer.status == 200, answer.data
        return answer.json()["token"]

    def assume(self, key: str, stack: str, token: str) -> dict[str, Any]:
        return self.client("sts", aws_access_key_id="", aws_secret_access_key="").assume_role_with_web_identity(
            RoleArn=self.outputs(stack)["roleArns"][key], RoleSessionName="test", WebIdentityToken=token
        )

    def send_mail(self, recipient: str, subject: str) -> None:
        with smtplib.SMTP(layout.LOOPBACK, layout.PORTS["smtp"], timeout=10) as smtp:
            smtp.sendmail(
                "somebody@example.com", [recipient], f"Subject: {subject}\r\nTo: {recipient}\r\n\r\nhello\r\n"
            )

    def mails(self, bucket: str) -> list[bytes]:
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix="inbound/").get("Contents", [])
        return [s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found]

    def on_host(self, stack: str, command: str) -> str:
        """What a command prints on the stack's host, over SSH as the login user."""
        key = layout.HOME / f"{stack}.key"
        shown = self.engine.run(
            rehearsal.deployment(stack), "stack", "output", "sshPrivateKey", "--show-secrets", capture=True
        ).stdout
        key.touch(mode=0o600)
        key.write_text(shown)
        done = subprocess.run(
            ["ssh", "-i", str(key), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", f"ubuntu@{self.outputs(stack)['elasticIp']}", command],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def listing(self) -> dict[str, Any]:
        """The whole account as AWS tells it, by kind and name; everything a stack makes shows here."""
        iam, s3, ec2 = self.client("iam"), self.client("s3"), self.client("ec2")
        zone = supervisor.emulated().zone_id
        found: dict[str, Any] = {}
        for user in iam.list_users()["Users"]:
            name = user["UserName"]
            found[f"user {name}"] = (
                user["UserId"],
                sorted(iam.list_user_policies(UserName=name)["PolicyNames"]),
                sorted(key["AccessKeyId"] for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]),
            )
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            policies = {
                policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
            }
            found[f"role {name}"] = (role["RoleId"], role["AssumeRolePolicyDocument"], policies)
        for profile in iam.list_instance_profiles()["InstanceProfiles"]:
            found[f"profile {profile['InstanceProfileName']}"] = profile["InstanceProfileId"]
        for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
            arn = provider["Arn"]
            made = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
            found[f"provider {arn}"] = (made["Url"], made["ThumbprintList"])
        for bucket in s3.list_buckets()["Buckets"]:
            name = bucket["Name"]
            objects = s3.list_object_versions(Bucket=name)
            found[f"bucket {name}"] = (
                json.loads(_if_set(s3.get_bucket_policy, Bucket=name).get("Policy", "null")),
                _if_set(s3.get_public_access_block, Bucket=name).get("PublicAccessBlockConfiguration"),
                _if_set(s3.get_bucket_lifecycle_configuration, Bucket=name).get("Rules"),
                s3.get_bucket_versioning(Bucket=name).get("Status"),
                sorted((item["Key"], item["ETag"]) for item in objects.get("Versions", [])),
            )
        records = self.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        for record in records:
            found[f"record {record['Name']} {record['Type']}"] = record["ResourceRecords"]
        ses = self.client("ses")
        for rule_set in ses.list_receipt_rule_sets()["RuleSets"]:
            rules = ses.describe_receipt_rule_set(RuleSetName=rule_set["Name"])["Rules"]
            found.update({f"rule {rule_set['Name']}/{rule['Name']}": rule for rule in rules})
        for identity in self.client("sesv2").list_email_identities()["EmailIdentities"]:
            found[f"identity {identity['IdentityName']}"] = identity["IdentityType"]
        for reservation in ec2.describe_instances()["Reservations"]:
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] != "terminated":
                    found[f"instance {_name(instance)} {instance['InstanceId']}"] = instance["State"]["Name"]
        for address in ec2.describe_addresses()["Addresses"]:
            found[f"address {_name(address)} {address['AllocationId']}"] = (
                address["PublicIp"],
                address.get("InstanceId"),
            )
        for group in ec2.describe_security_groups()["SecurityGroups"]:
            found[f"firewall {group['GroupName']}"] = (group["GroupId"], group["IpPermissions"])
        for pair in ec2.describe_key_pairs()["KeyPairs"]:
            found[f"key pair {pair['KeyName']}"] = pair["KeyPairId"]
        return found


def _if_set(ask: Callable[..., dict[str, Any]], **arguments: str) -> dict[str, Any]:
    """S3 answers for a setting that was never made with an error of its own."""
    try:
        return ask(**arguments)
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("NoSuch"):
            raise
        return {}


def _name(resource: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in resource.get("Tags", []) if tag["Key"] == "Name"), "")


@pytest.fixture(scope="session")
def ground(home) -> Ground:
    return Ground()
