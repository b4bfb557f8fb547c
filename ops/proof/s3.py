"""The proof's requests to S3 and to AWS's token service, by boto3. Stores that have S3's calls answer them too.

Leaves out the rows and the verdicts (``ops/proof/walk.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ops.proof.matrix import Session, Token
from ops.proof.walk import SESSION_NAME, SESSION_SECONDS, Seen, Store


def asked(request: Callable[..., Any], **arguments: Any) -> Seen:
    """The answer to a request. Does not raise for an error or a missing answer."""
    try:
        answer = request(**arguments)
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return Seen(status=status, error=str(error.response["Error"]["Code"]))
    except BotoCoreError as error:
        return Seen(text=f"no answer: {type(error).__name__}")
    return Seen(status=int(answer["ResponseMetadata"]["HTTPStatusCode"]))


@dataclass(frozen=True, kw_only=True)
class S3:
    """The buckets as a client's credentials reach them."""

    #: boto3's client.
    client: Any
    #: Scheme of an object's URL, as the cloud writes it.
    scheme: str = "s3"
    removal: str = "`aws s3 rm`"
    #: The call that lists. Some stores have only the first version of it.
    listing: str = "list_objects_v2"

    def get(self, bucket: str, key: str) -> Seen:
        return asked(self.client.get_object, Bucket=bucket, Key=key)

    def list(self, bucket: str, prefix: str | None) -> Seen:
        given = {} if prefix is None else {"Prefix": prefix}
        return asked(getattr(self.client, self.listing), Bucket=bucket, MaxKeys=1, **given)

    def put(self, bucket: str, key: str) -> Seen:
        return asked(self.client.put_object, Bucket=bucket, Key=key, Body=b"")

    def delete(self, bucket: str, key: str) -> Seen:
        return asked(self.client.delete_object, Bucket=bucket, Key=key)

    def url(self, bucket: str, key: str) -> str:
        return f"{self.scheme}://{bucket}/{key}"

    def erase(self, bucket: str, key: str) -> str:
        """Delete every version and delete marker. Returns the error's code."""
        try:
            listed = self.client.list_object_versions(Bucket=bucket, Prefix=key)
            for item in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
                if item["Key"] == key:
                    self.client.delete_object(Bucket=bucket, Key=key, VersionId=item["VersionId"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        except BotoCoreError as error:
            return type(error).__name__
        return ""


@dataclass(frozen=True, kw_only=True)
class WebIdentity:
    """The exchange of the broker's tokens for sessions, at AWS's token service."""

    #: STS client that does not sign requests.
    sts: Any
    #: The tokens, by name.
    tokens: Mapping[Token, str]
    #: Makes an S3 client from the credentials that STS returned.
    client_of: Callable[[Any], Any]

    def __call__(self, who: Session) -> tuple[Seen, Store | None]:
        given: dict[str, Any] = {}

        def assume() -> Any:
            given.update(
                self.sts.assume_role_with_web_identity(
                    RoleArn=who.role,
                    RoleSessionName=SESSION_NAME,
                    WebIdentityToken=self.tokens[who.token],
                    DurationSeconds=SESSION_SECONDS,
                )
            )
            return given

        seen = asked(assume)
        return seen, S3(client=self.client_of(given["Credentials"])) if seen.ok else None
