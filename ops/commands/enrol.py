"""`agentkeys enrol`: gives an actor its folders in a stack on Google Cloud, before its first session.

Leaves out what the folders are (``clouds/gcp/enrolment.py``). On AWS nothing needs to be enrolled: policies contain the
session's tag.
"""

import re
from pathlib import Path

import click

from components.naming import ACTOR_LENGTH
from ops import options
from ops.stack import read_any
from ops.verdicts import listing, print_json

#: The cloud whose stacks have enrolments.
GCP = "gcp"


@click.command()
@options.cloud()
@options.stack("Stack to enrol the actor in.")
@click.argument("actor")
@click.option("--release", is_flag=True, help="Take the actor's rights away. Its folders and objects stay.")
@options.as_json()
def command(name: str, folder: Path, actor: str, release: bool, as_json: bool) -> None:
    """Create and bind the managed folders of ACTOR (64 hex digits) in a stack on Google Cloud.

    Cloud Storage then lets sessions of this actor reach these folders, and nothing else. It can run again. It needs
    application default credentials (`gcloud auth application-default login`) of the project's storage administrator.
    """
    if not re.fullmatch(rf"[0-9a-f]{{{ACTOR_LENGTH}}}", actor):
        raise click.BadParameter(f"{actor!r} must be {ACTOR_LENGTH} lower-case hex digits.", param_hint="ACTOR")
    if folder.name != GCP:
        raise click.UsageError(f"only stacks on Google Cloud have enrolments: add --cloud {GCP}.")
    names = read_any(name, folder).names
    # Loaded only by this command: AWS's need none of it.
    from clouds.gcp import enrolment
    from clouds.gcp.names import GcpNames
    from ops import google

    assert isinstance(names, GcpNames)  # noqa: S101 - the project in this folder
    session = google.session(name)
    with google.explained(name):
        done = (enrolment.release if release else enrolment.enrol)(session, names, actor)
    if as_json:
        print_json(name, actor=actor, folders=[vars(one) for one in done])
    else:
        listing(("bucket", "managed folder", "result"), ((one.bucket, one.name, one.done) for one in done), whole=True)
