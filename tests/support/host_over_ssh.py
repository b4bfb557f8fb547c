"""A host as a test reaches it over SSH: its commands, its steps and its files.

Leaves out how the host came to be.
"""

import subprocess
from pathlib import Path, PurePath
from typing import Any

from hostsetup.services import STAGED_ARCHIVE, Site
from hostsetup.steps import KILL_SECONDS, Step, steps
from tests.support import emulation

SSH_SECONDS = 60


class Host:
    """``site`` is what its steps are rendered from, the stand-ins in ``archive`` its release; replace it to set the
    host up otherwise. ``key`` is the private key of its ``login_user``.
    """

    login_user = "ubuntu"
    address: str
    key: Path
    site: Site
    archive: Path

    def ssh(
        self, command: str, *, stdin: str = "", user: str = "", key: Path | None = None, seconds: float = 900
    ) -> "subprocess.CompletedProcess[str]":
        """A command on the host, whatever its end."""
        return subprocess.run(
            [*self.ssh_command(user, key), command],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def ssh_command(self, user: str = "", key: Path | None = None, program: str = "ssh") -> list[str]:
        """The opening of a command line that reaches the host."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes",
                   "IdentitiesOnly=yes", "ConnectTimeout=5")  # fmt: skip
        where = [f"{user or self.login_user}@{self.address}"] if program == "ssh" else []
        return [program, "-i", str(key or self.key), *(f"-o{option}" for option in options), *where]

    def said(self, command: str, **how: Any) -> str:
        """What a command printed that must succeed."""
        done = self.ssh(command, **how)
        assert done.returncode == 0, f"`{command}` ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def sudo(self, script: str) -> str:
        """What a bash script printed that must succeed, run as root."""
        return self.said("sudo bash -euo pipefail -s", stdin=script)

    def steps(self, site: Site | None = None) -> dict[str, Step]:
        """The rendered steps by name, in their order."""
        return {step.name: step for step in steps(site or self.site)}

    def run(self, step: Step) -> "subprocess.CompletedProcess[str]":
        """One step as the component runs it, whatever its end."""
        # The step ends by itself before.
        return self.ssh(step.command, stdin=step.stdin, seconds=step.timeout_seconds + 2 * KILL_SECONDS)

    def set_up(self, site: Site | None = None, *, only: tuple[str, ...] = ()) -> dict[str, str]:
        """Every step in its order, or ``only`` those named; what each printed. Fails with the first that does."""
        printed = {}
        self.stage(self.archive)
        for name, step in self.steps(site).items():
            if only and name not in only:
                continue
            done = self.run(step)
            assert done.returncode == 0, f"step {name} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            printed[name] = done.stdout
        return printed

    def stage(self, archive: Path, place: PurePath = STAGED_ARCHIVE) -> None:
        """Copies a release archive to where the step looks for it, unless the same is there."""
        target = f"{self.login_user}@{self.address}:{place}"
        if self.ssh(f"cat {place} | sha256sum").stdout.split()[:1] != _sha256(archive):
            subprocess.run([*self.ssh_command(program="scp"), "-q", archive, target], check=True)

    def footprint(self) -> dict[str, str]:
        """Files and services of the host, each with what changes when it is touched. Equal if nothing was touched."""
        found = {}
        unit = ""
        for line in self.said(emulation.FOOTPRINT).splitlines():
            if line.startswith("/"):
                path, _, times = line.partition(" ")
                found[path] = times
            elif line.startswith("Id="):
                unit = line.removeprefix("Id=")
            else:
                found[unit] = f"{found.get(unit, '')} {line}"
        return found

    def wait_for_boot(self) -> None:
        """Returns when it answers and its cloud-init has ended."""
        done = emulation.eventually(lambda: self.ssh("true", seconds=30).returncode == 0, SSH_SECONDS)
        assert done, self.ssh("true", seconds=30)
        self.said("cloud-init status --wait || [ $? -eq 2 ]")


def _sha256(path: Path) -> list[str]:
    return subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[:1]
