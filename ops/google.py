"""A session of Google's APIs with the caller's application default credentials, for the operator's commands.

Owns the error of a caller without credentials. Imports Google's packages only when it is used.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import click

from clouds.gcp import enrolment
from gates.dns import without_netrc
from ops import exits


class GoogleError(click.ClickException):
    """Google refused, or cannot be asked. The message says what was seen and what to do."""

    exit_code = exits.NOT_RUN


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """What fails inside, for the stack ``name``, becomes a GoogleError."""
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except (GoogleAuthError, RequestException) as error:
        raise GoogleError(
            f"Google cannot be asked: {' '.join(str(error).split())}. Run `gcloud auth application-default login`, or "
            "set GOOGLE_APPLICATION_CREDENTIALS, then run the same command again."
        ) from None
    except enrolment.EnrolmentError as error:
        raise GoogleError(
            f"{error}. Check that `pulumi -C clouds/gcp up -s {name}` has run and that you may administer its buckets "
            "(roles/storage.admin), then run the same command again."
        ) from None


def session(name: str) -> Any:
    """A signed HTTP session for the storage of the stack ``name``. Raises GoogleError without credentials."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    with explained(name):
        credentials, _ = google.auth.default(scopes=[enrolment.SCOPE])
    made = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    made.auth = without_netrc
    return made
