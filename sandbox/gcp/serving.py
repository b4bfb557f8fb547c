"""The emulated Google Cloud of a sandbox: the project that clouds/gcp's stack file names, and what uses it.

A stack runs Terraform's provider 3.60.0 against it (``sandbox/engine/source.py``), which reaches it as a proxy.
"""

from pathlib import Path

import yaml

from sandbox import layout
from sandbox.aws.ports import require_free
from sandbox.gcp.client import CREDENTIALS
from sandbox.gcp.front import Front, credentials_file
from sandbox.gcp.project import Identity, Project
from sandbox.gcp.world import SandboxWorld


def identity() -> Identity:
    """The project in the stack file of clouds/gcp."""
    configured = yaml.safe_load((layout.CHECKOUT / "clouds/gcp/Pulumi.test.yaml").read_text())["config"]
    values = {key.rpartition(":")[2]: value for key, value in configured.items()}
    return Identity(
        project_id=values["projectId"],
        number=values["projectNumber"],
        zone=values["zone"],
        managed_zone=values["managedZone"],
        region=values["region"],
    )


def google_front(home: Path) -> Front:
    """The emulator, which is to run in the process that serves the account."""
    folder = home / "gcp"
    for service in ("gcp", "gcp-tls", "gcp-metadata"):
        require_free(layout.PORTS[service], "the emulated Google Cloud")
    project = Project(identity(), SandboxWorld(home, folder / "ca.pem"), folder / "project.json")
    front = Front(
        project,
        folder,
        proxy_port=layout.PORTS["gcp"],
        tls_port=layout.PORTS["gcp-tls"],
        metadata_port=layout.PORTS["gcp-metadata"],
    )
    credentials_file(project, folder / CREDENTIALS.name)
    return front
