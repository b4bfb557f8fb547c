"""checkov over a plan of the resources."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev.lint.findings import Finding, LintError
from dev.lint.plan import address, terraform
from dev.locks import PROJECT
from dev.toolchain import virtualenv
from policypack.planned import Resource

HERE = Path(__file__).resolve().parent
ALLOWED = HERE / "checkov-allowed.toml"


def findings(stacks: Mapping[str, Sequence[Resource]], progress: Callable[[str], None]) -> list[Finding]:
    """What checkov fails of each stack's resources. Raises LintError and VirtualenvError."""
    programs = virtualenv.cached("checkov", PROJECT / "requirements/checkov.lock", progress)
    with tempfile.TemporaryDirectory() as folder:
        for stack, resources in stacks.items():
            Path(folder, f"{stack}.json").write_text(json.dumps(terraform(resources)))
        command = [
            *(str(programs / "checkov"), "--directory", folder, "--framework", "terraform_plan", "--output", "json"),
            *("--skip-download", "--quiet", "--compact", "--soft-fail"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
        results = report["results"]
    except (ValueError, KeyError, TypeError):
        said = (done.stderr or done.stdout).strip()[-600:]
        raise LintError(f"checkov ended with {done.returncode} and without a report: {said}") from None
    if results.get("parsing_errors"):
        raise LintError(f"checkov cannot read the plan that dev/lint/plan.py made: {results['parsing_errors']}")
    names = {(stack, address(resource)): resource.name for stack, resources in stacks.items() for resource in resources}
    return [
        Finding(
            check=failed["check_id"],
            where=f"{(stack := Path(failed['file_path']).stem)} {names[stack, failed['resource']]}",
            said=failed["check_name"],
        )
        for failed in results["failed_checks"]
    ]
