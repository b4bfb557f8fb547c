"""The emulated Tencent Cloud with a world in memory, as Tencent Cloud's own SDKs see it."""

import copy
import json
import os

import boto3
import pytest
from botocore.config import Config
from qcloud_cos import CosConfig, CosS3Client
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from sandbox.fronts.server import HostDoors
from sandbox.tencentcloud.account import Account, Identity
from sandbox.tencentcloud.front import TencentFront

IDENTITY = Identity(uin="100000000001", app_id="1250000000", region="ap-singapore", zone="example.org")
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
