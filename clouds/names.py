"""Physical names of a stack in an account of another cloud, as on AWS as far as the cloud's rules allow it."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.naming import BUCKET_KEYS, ROLE_KEYS, PublicNames


@dataclass(frozen=True, kw_only=True)
class CloudNames(PublicNames):
    """Names of one stack. Raises ValueError as ``PublicNames`` does."""

    #: The account's number in names of buckets.
    account: str
    #: Most characters of a bucket's name, and of the names of roles and users.
    bucket_limit: int
    identity_limit: int

    def _limited(self) -> Iterator[tuple[str, str, str, int]]:
        for key in BUCKET_KEYS:
            yield "suffix", "bucket name", self.bucket(key), self.bucket_limit
        for name in (*map(self.role, ROLE_KEYS), self.host, self.daemon_user):
            yield "suffix", "name of an identity", name, self.identity_limit
        yield from super()._limited()

    @property
    def daemon_user(self) -> str:
        """The user whose key the host has."""
        return f"agentkeys-daemon{self.suffix}"

    @property
    def host(self) -> str:
        """Name of the instance and of what belongs to it."""
        return f"agentkeys-broker-host{self.suffix}"

    @property
    def provider(self) -> str:
        """Name of the OIDC provider."""
        return f"agentkeys-broker{self.suffix}"

    def role(self, key: str) -> str:
        """Name of the role of a key of ``ROLE_KEYS``."""
        return f"agentkeys-{key}-role{self.suffix}"

    def bucket(self, key: str) -> str:
        """Name of the bucket of a key of ``BUCKET_KEYS``."""
        return f"agentkeys-{key}{self.suffix}-{self.account}"
