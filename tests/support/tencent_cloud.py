"""The emulated Tencent Cloud with a world in memory, as Tencent Cloud's own SDKs see it."""

import base64
import copy
import json
import os
from urllib.parse import quote

import boto3
import pytest
import requests
from botocore.config import Config
from qcloud_cos import CosConfig, CosS3Client
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from clouds.names import CloudNames
from clouds.settings import ACTOR
from clouds.tencentcloud import policies
from components.naming import public_names
from components.policies.document import text
from sandbox.fronts.server import HostDoors
from sandbox.tencentcloud.account import Account, Identity
from sandbox.tencentcloud.front import TencentFront

IDENTITY = Identity(uin="100000000001", app_id="1250000000", region="ap-singapore", zone="example.org")
NAMES = CloudNames(
    **vars(public_names(zone="example.org", suffix="-test", broker_host="", mail_domain="", email_from="")),
    account=IDENTITY.app_id, bucket_limit=60, identity_limit=64,
)  # fmt: skip
REGION = IDENTITY.region
BUCKETS = {key: NAMES.bucket(key) for key in ("vault", "memory", "mail")}
HOST = "/latest/meta-data/cam/security-credentials/"
VERSIONS = {"cam": "2019-01-16", "sts": "2018-08-13", "cvm": "2017-03-12", "vpc": "2017-03-12",
            "dnspod": "2021-03-23", "tag": "2018-08-13"}  # fmt: skip


class MemoryWorld:
    """No hosts and no DNS: what an instance asked for."""

    def __init__(self):
        self.hosts, self.opened, self.addresses, self.attached, self.zone = {}, {}, {}, {}, []

    def address(self, name):
        self.addresses[name] = f"127.0.1.{len(self.addresses) + 1}"
        return self.addresses[name]

    def release(self, name):
        del self.addresses[name]

    def launch(self, name, user_data):
        self.hosts[name] = user_data

    def attach(self, name, address):
        self.attached[address] = name

    def detach(self, address):
        self.attached.pop(address, None)

    def terminate(self, name):
        del self.hosts[name]

    def open(self, name, ports):
        self.opened[name] = ports

    def host_at(self, source):
        return next(iter(self.hosts), "") if source == "127.0.0.1" else ""

    def records(self):
        return self.zone

    def add(self, record):
        if record in self.zone:
            raise ValueError("it is there")
        self.zone.append(record)

    def remove(self, record):
        self.zone.remove(record)


def api(service, key, region=IDENTITY.region):
    """A client of API 3.0 with a key: id, secret and, if it is temporary, token."""
    # It trusts only certifi's authorities, unless it is given others.
    profile = ClientProfile(httpProfile=HttpProfile(certification=os.environ["REQUESTS_CA_BUNDLE"]))
    return CommonClient(service, VERSIONS[service], credential.Credential(*key), region, profile)


def cos(key, region=IDENTITY.region):
    """A client of COS with a key."""
    key_id, secret, *token = key
    made = CosConfig(Region=region, SecretId=key_id, SecretKey=secret, Token=token[0] if token else None)
    return CosS3Client(made, retry=0)


def s3(key, region=IDENTITY.region):
    """A client of S3's calls of COS with a key, as the host has one."""
    key_id, secret, *token = key
    return boto3.Session(key_id, secret, token[0] if token else None, region).client(
        "s3", endpoint_url=f"https://cos.{region}.myqcloud.com",
        config=Config(s3={"addressing_style": "virtual"}, retries={"max_attempts": 0},
                      request_checksum_calculation="when_required", response_checksum_validation="when_required"),
    )  # fmt: skip


def session(key, role_arn, policy="", **more):
    """The key of a session: id, secret and token."""
    given = {"RoleArn": role_arn, "RoleSessionName": "test", **({"Policy": policy} if policy else {}), **more}
    found = api("sts", key).call_json("AssumeRole", given)["Response"]["Credentials"]
    return found["TmpSecretId"], found["TmpSecretKey"], found["Token"]


class Tencent:
    """The running emulator, and clients of it."""

    def __init__(self, folder):
        self.world = MemoryWorld()
        self.account = Account(IDENTITY, self.world, folder / "account.json")
        self.front = TencentFront(self.account, folder, proxy_port=0)
        self.doors = HostDoors([self.front], tls_port=0, metadata_port=0)
        self.operator = self.account.operator_key()
        self.front.start()
        self.doors.start()

    def call(self, service, action, key=None, region=IDENTITY.region, **given):
        return api(service, key or self.operator, region).call_json(action, given)["Response"]

    def policy(self, name, document):
        return self.call("cam", "CreatePolicy", PolicyName=name, PolicyDocument=json.dumps(document))["PolicyId"]

    def role(self, name, trust, document):
        """A role with one policy, as the program makes it."""
        made = self.call("cam", "CreateRole", RoleName=name, PolicyDocument=json.dumps(trust))["RoleId"]
        self.call("cam", "AttachRolePolicy", AttachRoleId=made, PolicyId=self.policy(name, document))

    def user(self, name, document):
        """The key of a user with one policy, as the program makes it."""
        made = self.call("cam", "AddUser", Name=name, UseApi=0)["Uin"]
        self.call("cam", "AttachUserPolicy", AttachUin=made, PolicyId=self.policy(name, document))
        key = self.call("cam", "CreateAccessKey", TargetUin=made)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def kept(self):
        """Everything that calls have made so far, for ``restore``."""
        return copy.deepcopy((self.account.everything, vars(self.world)))

    def restore(self, kept):
        tables, world = copy.deepcopy(kept)
        self.account.everything.clear()
        self.account.everything.update(tables)
        vars(self.world).clear()
        vars(self.world).update(world)


class Stack:
    """What the program makes, and who has which key."""

    def __init__(self, made):
        self.made = made
        for key, bucket in BUCKETS.items():
            self.owned.create_bucket(Bucket=bucket)
            self.owned.put_bucket_policy(Bucket=bucket, Policy=policies.bucket(NAMES, REGION, key))
        for key in ("data", "vault", "memory"):
            made.role(NAMES.role(key), policies.trust_of_account(IDENTITY.uin), policies.role(NAMES, REGION, key))
        made.role(NAMES.host, policies.trust_of_cvm(), policies.host_role(NAMES, IDENTITY.uin))
        self.daemon = made.user(NAMES.daemon_user, policies.daemon_user(NAMES, REGION))
        self.instance, self.group = self.launch()

    @property
    def owned(self):
        return cos(self.made.operator)

    def launch(self, **changed):
        call = self.made.call
        vpc = call("vpc", "CreateVpc", VpcName="n", CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
        wanted = {"VpcId": vpc, "SubnetName": "n", "CidrBlock": "10.0.0.0/24", "Zone": f"{REGION}-2"}
        subnet = call("vpc", "CreateSubnet", **wanted)["Subnet"]["SubnetId"]
        group = call("vpc", "CreateSecurityGroup", GroupName="n", GroupDescription="d")["SecurityGroup"]
        given = {
            "ImageId": "img-debian12", "InstanceType": "SA2.MEDIUM4", "InstanceName": "n", "CamRoleName": NAMES.host,
            "InstanceChargeType": "POSTPAID_BY_HOUR", "Placement": {"Zone": f"{REGION}-2"}, "LoginSettings": {},
            "VirtualPrivateCloud": {"VpcId": vpc, "SubnetId": subnet}, "SystemDisk": {},
            "SecurityGroupIds": [group["SecurityGroupId"]], "UserData": base64.b64encode(b"#cloud-config").decode(),
        }  # fmt: skip
        return call("cvm", "RunInstances", **{**given, **changed})["InstanceIdSet"][0], group["SecurityGroupId"]

    @property
    def host(self):
        """The key of the instance's role, as its metadata server gives it to the host."""
        found = requests.get(f"http://127.0.0.1:{self.made.doors.metadata_port}{HOST}{NAMES.host}", timeout=5).json()
        return found["TmpSecretId"], found["TmpSecretKey"], found["Token"]

    def session(self, key, actor, by=None):
        """What the broker gives an actor."""
        policy = text(policies.session(NAMES, REGION, key)).replace(ACTOR, actor)
        return session(by or self.host, policies.role_arn(NAMES, IDENTITY.uin, key), quote(policy))


@pytest.fixture(scope="module")
def tencent(tmp_path_factory):
    made = Tencent(tmp_path_factory.mktemp("tencent"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTPS_PROXY", "https_proxy"):
            patch.setenv(name, made.front.proxy)
        for name in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
            patch.setenv(name, str(made.front.authority))
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "")
        yield made
    made.front.stop()
    made.doors.stop()


@pytest.fixture(scope="module")
def launched(tencent):
    stack = Stack(tencent)
    return stack, tencent.kept()


@pytest.fixture(name="stack")
def restored(launched):
    """What the program makes, as every test finds it."""
    stack, kept = launched
    stack.made.restore(kept)
    return stack
