"""The emulated Google Cloud with a world in memory, as Google's own client libraries see it."""

import json
from functools import cached_property

import pytest
from google.auth import identity_pool
from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage
from google.oauth2.credentials import Credentials

from clouds.gcp.grants import ACTOR_CONDITION, MAPPING
from clouds.gcp.names import GcpNames
from components.naming import public_names
from sandbox.fronts.server import HostDoors
from sandbox.gcp.front import GoogleFront, credentials_file
from sandbox.gcp.project import Identity, Project
from tests.support.issuer import Issuer

IDENTITY = Identity(
    project_id="a-project", number="429071895007", zone="example.org", managed_zone="example-org", region="us-east1"
)
POOLS = "https://iam.googleapis.com/v1beta/projects/a-project/locations/global/workloadIdentityPools"
PUBLIC = public_names(
    zone="example.org", suffix="-test", broker_host="broker.example.org", mail_domain="", email_from=""
)
NAMES = GcpNames(
    **vars(PUBLIC),
    project_id=IDENTITY.project_id, project_number=IDENTITY.number, pool_epoch=1,
)  # fmt: skip
UNIFORM = {"uniformBucketLevelAccess": {"enabled": True}}
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


class MemoryWorld:
    """No hosts and no DNS: what an instance asked for, and one issuer's documents."""

    def __init__(self):
        self.issuer = Issuer("https://broker.example.org")
        self.hosts, self.opened, self.addresses = {}, {}, {}
        self.zone = [{"name": "there.example.org.", "type": "A", "ttl": 300, "rrdatas": ["127.0.0.9"]}]

    def address(self, name):
        self.addresses[name] = f"127.0.1.{len(self.addresses) + 1}"
        return self.addresses[name]

    def release(self, name):
        del self.addresses[name]

    def launch(self, name, address, user, public_key):
        self.hosts[name] = (address, user, public_key)

    def terminate(self, name):
        del self.hosts[name]

    def open(self, name, ports):
        self.opened[name] = ports

    def host_at(self, source):
        return "vm" if source == "127.0.0.1" else ""

    def records(self):
        return self.zone

    def change(self, additions, deletions):
        self.zone = [record for record in self.zone if record not in deletions] + additions

    def fetch(self, url):
        return self.issuer.document(url)


def federated(file, token, audience, url="https://sts.googleapis.com/v1/token"):
    """Credentials of google-auth that exchange a token (RFC 8693), which they read from ``file``."""
    file.write_text(token)
    return identity_pool.Credentials(
        audience=audience,
        subject_token_type="urn:ietf:params:oauth:token-type:jwt",
        token_url=url,
        credential_source={"file": str(file)},
        scopes=SCOPES,
    )


class Google:
    """The running emulator, and clients of it."""

    def __init__(self, folder):
        self.world = MemoryWorld()
        self.project = Project(IDENTITY, self.world, folder / "project.json")
        self.front = GoogleFront(self.project, folder, proxy_port=0)
        self.doors = HostDoors([self.front], tls_port=0, metadata_port=0)
        self.folder = folder
        self.front.start()
        self.doors.start()

    @property
    def environment(self):
        return {"HTTPS_PROXY": self.front.proxy, "https_proxy": self.front.proxy,
                "REQUESTS_CA_BUNDLE": str(self.front.authority), "NO_PROXY": "", "no_proxy": ""}  # fmt: skip

    def operator(self):
        file = credentials_file(self.project, self.folder / "adc.json")
        return Credentials.from_authorized_user_info({**json.loads(file.read_text()), "token": None})

    def federated(self, token):
        """Credentials for a broker's token."""
        return federated(self.folder / "token", token, f"//iam.googleapis.com/{POOL}/providers/broker")

    def storage(self, credentials):
        return storage.Client(project=IDENTITY.project_id, credentials=credentials)

    @cached_property
    def session(self):
        """The operator's, with one token."""
        return AuthorizedSession(self.operator())

    def owned(self, bucket):
        """A bucket as the operator sees it."""
        return self.storage(self.session.credentials).bucket(bucket)

    def call(self, method, url, credentials=None, **body):
        session = AuthorizedSession(credentials) if credentials else self.session
        return session.request(method, url, **({"json": body} if body else {}))


POOL = "projects/429071895007/locations/global/workloadIdentityPools/agentkeys-test"


@pytest.fixture
def google(tmp_path, monkeypatch):
    made = Google(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.front.stop()
    made.doors.stop()


def isolated(google):
    """What the program makes: buckets, pool and provider."""
    for key in ("vault", "memory", "mail"):
        made = google.call("POST", f"https://storage.googleapis.com/storage/v1/b?project={IDENTITY.project_id}",
                           name=NAMES.bucket(key), iamConfiguration=UNIFORM)  # fmt: skip
        assert made.status_code == 200, made.text
    google.call("POST", f"{POOLS}?workloadIdentityPoolId={NAMES.pool}", displayName="x")
    google.call(
        "POST", f"{POOLS}/{NAMES.pool}/providers?workloadIdentityPoolProviderId=broker",
        attributeMapping=MAPPING, attributeCondition=ACTOR_CONDITION,
        oidc={"issuerUri": google.world.issuer.url, "allowedAudiences": ["sts.amazonaws.com"]},
    )  # fmt: skip
