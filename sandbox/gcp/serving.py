"""The emulated Google Cloud of a sandbox: the project that clouds/gcp's stack file names, and what uses it.

A stack runs Terraform's provider 3.60.0 against it (``sandbox/engine/source.py``), which reaches it as a proxy.
"""

from pathlib import Path

import yaml

from sandbox import layout
from sandbox.aws.ports import require_free
from sandbox.fronts.hosts import RealHosts
from sandbox.gcp.client import CREDENTIALS
from sandbox.gcp.front import GoogleFront, credentials_file
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


def google_front(home: Path) -> GoogleFront:
    """The emulator, which is to run in the process that serves the account."""
    folder = home / "gcp"
    require_free(layout.PORTS["gcp"], "the emulated Google Cloud")
    hosts = RealHosts(home, "google", folder / "ca.pem")
    project = Project(identity(), SandboxWorld(hosts), folder / "project.json")
    front = GoogleFront(project, folder, proxy_port=layout.PORTS["gcp"])
    credentials_file(project, folder / CREDENTIALS.name)
    return front
