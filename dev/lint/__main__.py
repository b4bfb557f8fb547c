"""Runs both linters over the resources that the programs register under mocks. ``make check`` calls it.

Prints new findings and unused allowances, and fails if there are any.
"""

import hashlib
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev import recorder
from dev.lint import documents, resources
from dev.lint.findings import LintError, allowed, judge
from dev.toolchain.node import NpmError
from dev.toolchain.virtualenv import VirtualenvError
from dev.toolchain.wheels import WheelError
from policypack.planned import Resource
from sandbox.rehearsal import say


def programs() -> dict[str, list[Resource]]:
    """The resources of every stack, of the account with both CI roles, and of a stack before federation."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "release.tar.gz")
        archive.write_bytes(b"archive")
        release = {"release": str(archive), "releaseSha256": hashlib.sha256(b"archive").hexdigest()}
        account = recorder.run(
            "litentry", folder=recorder.PROJECT / "account", changed={"deployInstanceId": recorder.INSTANCE_ID}
        )
        return {
            "prod": recorder.run("prod", changed=release).planned(),
            "test": recorder.run("test", changed=release).planned(),
            "static": recorder.run("test", changed={**release, "trust": "static"}).planned(),
            "account": account.planned(),
        }


def lint(stacks: Mapping[str, list[Resource]]) -> list[str]:
    """One line for each finding to fix. Raises LintError and the installers' errors."""
    linters = (documents, resources)
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(linter.findings, stacks, say) for linter in linters]
        return [
            line
            for linter, run in zip(linters, running, strict=True)
            for line in judge(run.result(), allowed(linter.ALLOWED), linter.ALLOWED.name)
        ]


def main() -> int:
    try:
        told = lint(programs())
    except (LintError, NpmError, VirtualenvError, WheelError) as error:
        print(f"lint: {error}", file=sys.stderr)
        return 1
    for line in told:
        print(line)
    if told:
        print(f"{len(told)} findings. Fix them, or allow them in dev/lint/*-allowed.toml with a reason.")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
