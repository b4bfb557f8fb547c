"""The emulated Google Cloud's server, with Google's hosts and its metadata server."""

import json
from pathlib import Path

from sandbox.fronts.calls import Answer, Call, RefusedError
from sandbox.fronts.server import Front
from sandbox.gcp import tokens
from sandbox.gcp.calls import ApiError
from sandbox.gcp.compute import Compute
from sandbox.gcp.management import Management
from sandbox.gcp.project import Project
from sandbox.gcp.storage import Storage

_TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path


class GoogleFront(Front):
    """The emulator. ``folder`` keeps its certificate authority and the objects."""

    cloud, label, metadata_name = "Google", "gcp", "metadata.google.internal"

    def __init__(self, project: Project, folder: Path, *, proxy_port: int) -> None:
        super().__init__(project, folder, ("*.googleapis.com", "googleapis.com"), proxy_port=proxy_port)
        self._project = project
        management, storage, compute = Management(project), Storage(project, folder / "objects"), Compute(project)
        self._apis: dict[str, Management | Storage | Compute] = {
            "storage.googleapis.com": storage,
            "compute.googleapis.com": compute,
            "cloudresourcemanager.googleapis.com": management,
            "cloudbilling.googleapis.com": management,
            "iam.googleapis.com": management,
            "dns.googleapis.com": management,
        }

    def answered(self, call: Call) -> Answer:
        """The answer of one of Google's APIs. Raises ApiError."""
        # The provider's snapshot doubles this part in the calls of Compute Engine (docs/clouds/gcp.md).
        call = Call(**{**vars(call), "path": call.path.replace("/projects/projects/", "/projects/")})
        if (call.host, call.method, call.path) == ("oauth2.googleapis.com", "POST", "/token"):
            return tokens.refresh(self._project, call)
        if (call.host, call.method, call.path) == ("sts.googleapis.com", "POST", "/v1/token"):
            return tokens.exchange(self._project, call)
        host = call.host
        if host == "www.googleapis.com":
            host = "compute.googleapis.com" if call.path.startswith("/compute/") else "storage.googleapis.com"
        api = self._apis.get(host)
        found = api.answer(call, tokens.caller(self._project, call)) if api else None
        if found is None:
            raise ApiError(501, f"the sandbox's emulator of Google does not know {call.method} {call.host}{call.path}")
        return found

    def metadata(self, call: Call, source: str) -> Answer:
        """The token of the host's service account. Raises ApiError."""
        if call.headers.get("metadata-flavor") != "Google":
            raise ApiError(403, "Missing Metadata-Flavor:Google header")
        if call.path != _TOKEN:
            raise ApiError(404, f"the sandbox's metadata server does not know {call.path}")
        return tokens.of_host(self._project, source)

    def failed(self, call: Call, message: str) -> RefusedError:  # noqa: ARG002 - every API has one form
        """A failure of the emulator."""
        return ApiError(500, message)


def credentials_file(project: Project, path: Path) -> Path:
    """Write the operator's application default credentials, and return where they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(tokens.operator_credentials(project)))
    return path
