"""An account that the proof can walk without AWS: STS and S3 as two small fakes around one rule of who may do what."""

import dataclasses

from botocore.exceptions import ClientError, NoCredentialsError

from components.naming import DATA_CLASSES, Names
from ops.proof import matrix
from ops.proof.s3 import S3, WebIdentity
from ops.proof.walk import Walk

ACCOUNT_ID = "429071895007"
A, B = "a" * 64, "b" * 64
CAST = matrix.Cast(a=A, b=B, run="run")


def names_of(suffix):
    return Names(
        account_id=ACCOUNT_ID, region="us-east-1", zone="litentry.org", suffix=suffix,
        broker_host=f"{suffix.removeprefix('-') or 'prod'}-broker.litentry.org",
        mail_domain=f"bots{suffix}.litentry.org", email_from=f"noreply@bots{suffix}.litentry.org",
    )  # fmt: skip


TEST, PROD = names_of("-test"), names_of("")
ROLES = ("data", "vault", "memory")
OWN = matrix.Scope(names=TEST, federated=ROLES)
OTHER = matrix.Scope(names=PROD, federated=ROLES)


def refusal(code, status):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")


@dataclasses.dataclass
class Session:
    """What STS knows of a session: the role's name and the tag, empty without one."""

    role: str
    actor: str


def right(session, action, bucket, key):
    """The isolation as it should be."""
    for names in (TEST, PROD):
        for row in DATA_CLASSES:
            own = f"bots/{session.actor}/{row.prefix}/"
            if session.role == names.role(row.key) and bucket == names.bucket(row.key):
                return bool(session.actor) and (key or "").startswith(own)
        if session.role == names.role("data") and bucket == names.bucket("mail"):
            return (
                bool(session.actor) and (key or "").startswith(f"bots/{session.actor}/") and action in ("get", "list")
            )
    return False


def trusting(role, token):
    """Tokens are ``<stack>:<actor>``; the stack's roles take its own, tagged."""
    stack, _, actor = token.partition(":")
    names = TEST if stack == "test" else PROD
    return role in [names.role_arn(key) for key in ROLES] and len(actor) == 64


class World:
    """``may`` decides about S3, ``trusts`` about STS. ``operator_may`` is what the caller's own credentials do."""

    def __init__(self, *, may=right, trusts=trusting, operator_may=True, versioned=False):
        self.may, self.trusts, self.operator_may, self.versioned = may, trusts, operator_may, versioned
        self.objects = {}
        self.requests = []

    def assume_role_with_web_identity(self, *, RoleArn, WebIdentityToken, **_):
        self.requests.append(("assume", RoleArn, WebIdentityToken))
        if WebIdentityToken in ("forged", "unsigned"):
            raise refusal("InvalidIdentityToken", 400)
        if not self.trusts(RoleArn, WebIdentityToken):
            raise refusal("AccessDenied", 403)
        session = Session(role=RoleArn.rpartition("/")[2], actor=WebIdentityToken.partition(":")[2])
        return {"Credentials": session, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def client(self, session):
        return Client(self, session)

    @property
    def operator(self):
        return Client(self, None)

    def left(self):
        return sorted(key for key, versions in self.objects.items() if versions)


class Client:
    def __init__(self, world, session):
        self.world, self.session = world, session

    def _asked(self, action, bucket, key):
        if self.session is None:
            if self.world.operator_may is not True:
                raise self.world.operator_may
            return
        self.world.requests.append((action, bucket, key))
        allowed = self.world.may(self.session, action, bucket, key)
        if isinstance(allowed, Exception):
            raise allowed
        if not allowed:
            raise refusal("AccessDenied", 403)

    def put_object(self, *, Bucket, Key, Body):
        self._asked("put", Bucket, Key)
        versions = self.world.objects.setdefault((Bucket, Key), [])
        if not self.world.versioned:
            versions.clear()
        versions.append(f"v{len(versions)}")
        return {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def get_object(self, *, Bucket, Key):
        self._asked("get", Bucket, Key)
        if not self.world.objects.get((Bucket, Key)):
            raise refusal("NoSuchKey", 404)
        return {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def list_objects_v2(self, *, Bucket, MaxKeys, Prefix=None):
        self._asked("list", Bucket, Prefix)
        return {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def delete_object(self, *, Bucket, Key, VersionId=None):
        self._asked("delete", Bucket, Key)
        versions = self.world.objects.get((Bucket, Key), [])
        if VersionId:
            versions.remove(VersionId)
        elif self.world.versioned:
            versions.append(f"marker{len(versions)}")
        else:
            versions.clear()
        return {"ResponseMetadata": {"HTTPStatusCode": 204}}

    def list_object_versions(self, *, Bucket, Prefix):
        self._asked("versions", Bucket, Prefix)
        found = self.world.objects.get((Bucket, Prefix), [])
        return {"Versions": [{"Key": Prefix, "VersionId": version} for version in found]}


TOKENS = {
    "A": f"test:{A}", "B": f"test:{B}", "untagged": "test:", "forged": "forged", "unsigned": "unsigned",
    "other": f"prod:{A}",
}  # fmt: skip


def walked(world, *, other=OTHER, tokens=TOKENS, lacking=None, own=OWN, patience=4.0):
    """The whole matrix walked in a world."""
    walk = Walk(
        lacking=lacking or {}, operator=S3(client=world.operator),
        exchange=WebIdentity(sts=world, tokens=tokens, client_of=world.client),
        progress=lambda line: None, patience=patience, sleep=lambda seconds: None,
    )  # fmt: skip
    areas = {own.names.role_arn(area.role): area for area in own.areas}
    walk.run(
        matrix.rows(own, CAST, other),
        lambda session: matrix.untagged(own, CAST, areas[session.role]) if session.token == "untagged" else [],
    )
    return walk


NO_CREDENTIALS = NoCredentialsError()
