"""Enrolment of an actor: the managed folders that only its own tokens reach.

A condition of IAM cannot contain a token's attribute, so each actor has one managed folder for each data class, bound
to the principals whose token names the actor (docs/decisions/0009-managed-folders.md). Cloud Storage then decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from clouds.gcp.grants import ACTOR_ROLE
from clouds.gcp.names import STORE, GcpNames

#: https://docs.cloud.google.com/storage/docs/oauth-scopes
SCOPE = "https://www.googleapis.com/auth/devstorage.full_control"


class Session(Protocol):
    """An HTTP session that signs its requests, such as google-auth's ``AuthorizedSession``."""

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send one request and return its answer."""


class EnrolmentError(Exception):
    """Google refused a call. The message says which, and its answer."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One managed folder of an actor, and what a run did with it."""

    bucket: str
    name: str
    #: ``created``, ``bound`` if the folder was there, ``unchanged``, or ``released``.
    done: str


def enrol(session: Session, names: GcpNames, actor: str) -> list[Folder]:
    """Create and bind the actor's folders; what is there already stays as it is. Raises EnrolmentError."""
    done = []
    for bucket, name in names.folders(actor):
        made = _asked(session, "POST", f"{_url(bucket)}/managedFolders", ignore=409, json={"name": name})
        policy = _policy(session, bucket, name)
        wanted = {"role": ACTOR_ROLE, "members": [names.actor(actor)]}
        if policy.get("bindings") == [wanted]:
            done.append(Folder(bucket=bucket, name=name, done="unchanged"))
            continue
        # The folder is only this actor's: whatever else was bound there goes.
        _put(session, bucket, name, {**policy, "bindings": [wanted]})
        done.append(Folder(bucket=bucket, name=name, done="bound" if made is None else "created"))
    return done


def release(session: Session, names: GcpNames, actor: str) -> list[Folder]:
    """Take the actor's rights away. Folders and objects stay. Raises EnrolmentError."""
    done = []
    for bucket, name in names.folders(actor):
        policy = _policy(session, bucket, name)
        if policy.get("bindings"):
            _put(session, bucket, name, {**policy, "bindings": []})
        done.append(Folder(bucket=bucket, name=name, done="released" if policy.get("bindings") else "unchanged"))
    return done


def withdraw(session: Session, folders: Sequence[Folder]) -> None:
    """Undo what ``enrol`` did with these folders. Objects stay. Raises EnrolmentError."""
    for folder in folders:
        if folder.done == "created":
            url = f"{_url(folder.bucket)}/managedFolders/{quote(folder.name, safe='')}?allowNonEmpty=true"
            _asked(session, "DELETE", url, ignore=404)
        elif folder.done == "bound":
            _put(session, folder.bucket, folder.name, {**_policy(session, folder.bucket, folder.name), "bindings": []})


def _url(bucket: str) -> str:
    return f"{STORE}/storage/v1/b/{bucket}"


def _policy(session: Session, bucket: str, name: str) -> dict[str, Any]:
    url = f"{_url(bucket)}/managedFolders/{quote(name, safe='')}/iam?optionsRequestedPolicyVersion=3"
    found: dict[str, Any] = _asked(session, "GET", url)
    return found


def _put(session: Session, bucket: str, name: str, policy: dict[str, Any]) -> None:
    # With the etag that was read, so that a change in between is refused.
    _asked(session, "PUT", f"{_url(bucket)}/managedFolders/{quote(name, safe='')}/iam", json=policy)


def _asked(session: Session, method: str, url: str, ignore: int = 0, **options: Any) -> Any:
    """The answer's JSON; None for the status ``ignore``. Raises EnrolmentError."""
    answer = session.request(method, url, timeout=30, **options)
    if answer.status_code == ignore:
        return None
    if answer.status_code >= 300:
        raise EnrolmentError(f"{method} {url} answered {answer.status_code}: {' '.join(answer.text.split())[:400]}")
    return answer.json() if answer.content else {}
