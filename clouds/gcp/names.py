"""Names of one stack on Google Cloud, and the layout of actors' objects. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.naming import BUCKET_KEYS, BUCKET_NAME_LIMIT, DATA_CLASSES, PublicNames

#: URLs of Cloud Storage and of the token exchange.
STORE = "https://storage.googleapis.com"
TOKENS = "https://sts.googleapis.com"

#: Ids of service accounts have 6 to 30 characters:
#: https://docs.cloud.google.com/iam/docs/service-accounts-create
_ACCOUNT_LIMIT = 30
#: Ids of workload identity pools have 4 to 32:
#: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create
_POOL_LIMIT = 32


@dataclass(frozen=True, kw_only=True)
class GcpNames(PublicNames):
    """Names of one stack in Google Cloud. Raises ValueError as ``PublicNames`` does."""

    #: Id of the project, for example ``litentry-agentkeys``.
    project_id: str
    #: Its number, which principals and audiences contain.
    project_number: str
    #: Counts pools: an id is not free for 30 days after its pool was deleted.
    pool_epoch: int

    def _limited(self) -> Iterator[tuple[str, str, str, int]]:
        yield from super()._limited()
        for key in BUCKET_KEYS:
            yield "suffix", "bucket name", self.bucket(key), BUCKET_NAME_LIMIT
        yield "suffix", "service account's id", self.host, _ACCOUNT_LIMIT
        yield "suffix", "workload identity pool's id", self.pool, _POOL_LIMIT

    @property
    def host(self) -> str:
        """Name of the instance, its service account, address, network and firewall rules."""
        return f"agentkeys-vm{self.suffix}"

    @property
    def pool(self) -> str:
        """Id of the workload identity pool. Its only provider is ``broker``."""
        return f"agentkeys{self.suffix}{'' if self.pool_epoch == 1 else f'-{self.pool_epoch}'}"

    def bucket(self, key: str) -> str:
        """Name of the mail bucket (key ``mail``) or of a data class's bucket (``vault``, ``memory``)."""
        return f"agentkeys-{key}{self.suffix}-{self.project_id}"

    @property
    def pool_path(self) -> str:
        """The pool by the project's number, as principals and audiences have it."""
        return f"projects/{self.project_number}/locations/global/workloadIdentityPools/{self.pool}"

    @property
    def exchange_audience(self) -> str:
        """``audience`` of a token exchange (RFC 8693): the pool's provider."""
        return f"//iam.googleapis.com/{self.pool_path}/providers/broker"

    def actor(self, actor: str) -> str:
        """The IAM principal of everyone whose token names this actor."""
        return f"principalSet://iam.googleapis.com/{self.pool_path}/attribute.actor/{actor}"

    def folders(self, actor: str) -> list[tuple[str, str]]:
        """Bucket and managed folder of each data class of an actor. A folder's name ends in a slash."""
        return [(self.bucket(row.key), f"bots/{actor}/{row.prefix}/") for row in DATA_CLASSES]
