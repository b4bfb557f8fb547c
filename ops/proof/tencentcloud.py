"""The proof of a stack on Tencent Cloud: its rows, AssumeRole with the session policies, and requests to COS.

No role trusts the broker's tokens there. The proof takes the broker's part: it reads the key of the host's role on the
host, and assumes the roles with the policies that the broker must pass. Whether a release passes them it cannot see.
"""

import functools
import json
import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import boto3
import click
from botocore.config import Config
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from clouds.names import CloudNames
from clouds.settings import ACTOR
from clouds.tencentcloud import policies
from clouds.tencentcloud.settings import TencentCloudSettings
from ops import clients, exits, host
from ops.proof import matrix
from ops.proof.matrix import AREAS, Area, Cast, Row, Session, Token
from ops.proof.plan import Proof
from ops.proof.s3 import S3
from ops.proof.tokens import new_actor
from ops.proof.walk import SESSION_NAME, SESSION_SECONDS, Seen, Store, Walk
from ops.stack import AnyStack
from ops.verdicts import Line, Verdict

#: Where a host reads the key of its role: https://www.tencentcloud.com/document/product/213/4934
_METADATA = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials"
_STS_VERSION = "2018-08-13"

#: What no row can try.
BROKER = Line(
    subject="broker",
    claim="passes an actor's policy with AssumeRole",
    expected="isolated",
    seen="the proof takes the broker's part, since only AssumeRole's caller can isolate actors here. It proves the "
    "policies, and nothing about the release",
    verdict=Verdict.WARNING,
)

#: Id, secret and token of a key; the token is empty for a user's.
Key = tuple[str, str, str]


class CallerError(click.ClickException):
    """The caller has no key."""

    exit_code = exits.NOT_RUN


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the proof covers of a stack on Tencent Cloud: the same areas as on AWS, one role each."""

    #: Physical names of the stack.
    names: CloudNames
    #: Number of the account.
    uin: str

    @property
    def areas(self) -> Sequence[Area]:
        return AREAS

    def bucket(self, key: str) -> str:
        return self.names.bucket(key)

    def session(self, area: Area, token: Token) -> Session:
        return Session(role=policies.role_arn(self.names, self.uin, area.role), token=token)

    @property
    def host(self) -> Session:
        return Session(role=f"qcs::cam::uin/{self.uin}:roleName/{self.names.host}", token="host")  # noqa: S106


def rows(own: Scope, cast: Cast) -> list[Row]:
    """Every row in order, as ``matrix.rows``."""
    tried = [
        Row(who=own.host, action="assume", what="the key that any process on the host can read", expected="allowed"),
        *matrix.working(own, cast),
        *_with_the_hosts_key(own, cast),
        *_without_the_policy(own, cast),
        *matrix.refused(own, cast),
        *matrix.deleted(own, cast),
    ]
    return [replace(row, scheme="cos") for row in tried]


def _with_the_hosts_key(own: Scope, cast: Cast) -> Iterator[Row]:
    """The host's role assumes roles and reaches no data itself."""
    for area in own.areas:
        bucket, key = own.bucket(area.bucket), cast.key("A", area.part)
        after = (own.host, own.session(area, "A"))
        yield from matrix.everything(own.host, bucket, key, "an actor's data with the host's key itself", after)


def _without_the_policy(own: Scope, cast: Cast) -> Iterator[Row]:
    """The limit of this cloud: a session without an actor's policy reaches its whole class, and no other."""
    for area in own.areas:
        who = own.session(area, "unlimited")
        yield Row(who=who, action="assume", what="AssumeRole without an actor's policy", expected="allowed")
        yield Row(
            who=who,
            action="get",
            what="every actor's data: only the broker's policy isolates here",
            expected="allowed",
            bucket=own.bucket(area.bucket),
            key=cast.key("B", area.part),
        )
        for elsewhere in own.areas:
            if elsewhere != area:
                bucket, key = own.bucket(elsewhere.bucket), cast.key("A", elsewhere.part)
                yield from matrix.everything(who, bucket, key, "another class without an actor's policy", (who,))


@dataclass(kw_only=True)
class AssumeRole:
    """Sessions of the stack's roles: https://www.tencentcloud.com/document/product/1150/49456"""

    #: The stack's settings.
    settings: TencentCloudSettings
    #: Reads the key of the host's role on the host. Raises ClickException.
    read: Callable[[], Key]
    #: The actors.
    cast: Cast
    #: The host's key, once it is read.
    _host: Key | None = field(default=None, init=False)

    def __call__(self, who: Session) -> tuple[Seen, Store | None]:
        try:
            self._host = self._host or self.read()
            key = self._host if who.token == "host" else self._session(self._host, who)  # noqa: S105 - a token's name
        except click.ClickException as error:
            return Seen(text=error.message), None
        except TencentCloudSDKException as error:
            # An error of this API has the status 200.
            return Seen(text=f"AssumeRole: {error.get_code()}"), None
        return Seen(status=200), store(self.settings.region, key)

    def _session(self, key: Key, who: Session) -> Key:
        given: dict[str, Any] = {
            "RoleArn": who.role,
            "RoleSessionName": SESSION_NAME,
            "DurationSeconds": SESSION_SECONDS,
        }
        if who.token != "unlimited":  # noqa: S105 - a token's name
            names, uin = self.settings.names, self.settings.uin
            of_role = {policies.role_arn(names, uin, name): it for name, it in self.settings.session_policies.items()}
            given["Policy"] = quote(of_role[who.role].replace(ACTOR, self.cast.id(who.token)))
        # The SDK trusts only certifi's authorities, unless it is given others.
        profile = HttpProfile(certification=os.environ.get("REQUESTS_CA_BUNDLE"), reqTimeout=30)
        client = CommonClient(
            "sts", _STS_VERSION, credential.Credential(*key), self.settings.region, ClientProfile(httpProfile=profile)
        )
        found = client.call_json("AssumeRole", given)["Response"]["Credentials"]
        return found["TmpSecretId"], found["TmpSecretKey"], found["Token"]


@functools.cache
def _models(region: str) -> boto3.Session:
    """One for all keys: it reads S3's model once."""
    return boto3.Session(region_name=region)


def store(region: str, key: Key) -> S3:
    """The buckets of COS as a key reaches them, by the calls of S3 that COS has."""
    key_id, secret, token = key
    client = _models(region).client(
        "s3",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token or None,
        endpoint_url=f"https://cos.{region}.myqcloud.com",
        verify=os.environ.get("REQUESTS_CA_BUNDLE"),
        config=Config(
            retries=clients.RETRIES,
            s3={"addressing_style": "virtual"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return S3(client=client, scheme="cos", removal="COS's console", listing="list_objects")


def prepare(own: AnyStack, sessions: list[str], say: Callable[[str], None]) -> Proof:
    """A proof of the stack. Raises UsageError for session tokens, which no role trusts, and CallerError."""
    if sessions:
        raise click.UsageError(
            "--session-token-file gives tokens of the broker, which no role trusts on Tencent Cloud."
        )
    settings = own.settings
    assert isinstance(settings, TencentCloudSettings)  # noqa: S101 - the project in this folder
    cast = Cast(a=new_actor(), b=new_actor(), run=secrets.token_hex(8))

    # The SDK's requests would send what a netrc file has for the host, or by default.
    os.environ["NETRC"] = os.devnull

    def read() -> Key:
        say("reading the key of the host's role on the host")
        url = f"{_METADATA}/{settings.names.host}"
        found = json.loads(host.as_root(own, f"curl -sf --max-time 10 {shlex.quote(url)}", private=True))
        return found["TmpSecretId"], found["TmpSecretKey"], found["Token"]

    return Proof(
        name=own.name,
        cast=cast,
        rows=rows(Scope(names=settings.names, uin=settings.uin), cast),
        walk=Walk(
            lacking={},
            exchange=AssumeRole(settings=settings, read=read, cast=cast),
            operator=store(settings.region, _callers()),
            progress=say,
        ),
        left_out=(BROKER,),
    )


def _callers() -> Key:
    """The caller's key, from the variables that the provider reads. Raises CallerError."""
    given = {name: os.environ.get(name, "") for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY")}
    if missing := [name for name, value in given.items() if not value]:
        raise CallerError(
            f"{' and '.join(missing)} must be set, to a key that may write to the stack's buckets. Set the "
            "variables, then run the same command again."
        )
    key_id, secret = given.values()
    return key_id, secret, os.environ.get("TENCENTCLOUD_SECURITY_TOKEN", "")
