"""A host in namespaces of its own: the real scripts on real files, with service processes and no systemd.

Folders of the test lie over those of this machine, and ``fake_host_commands`` stand where systemctl and curl would be.
A service's program is a copy of ``sleep`` with a text behind it, which says whether it answers; that it runs, and which
file it was started from, the kernel tells.
"""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hostsetup.bundle import File, render_bundle
from hostsetup.families import family_table
from hostsetup.services import BINARIES
from hostsetup.units import SERVICE_TABLE
from tests.support.sites import SCRIPTS

#: Unit, port and binary, in start order; the last two share one, as backend and signer do.
UNITS = (("one", 8101, "alpha"), ("two", 8102, "beta"), ("three", 8103, "gamma"), ("four", 8104, "alpha"))
NAMES = ("alpha", "beta", "gamma")
GOOD, EXITS, SILENT = "good", "exits", "silent"

#: Values of e_machine (elf(5)) as ELF files of these architectures have them.
_MACHINES = {"x86_64": b"\x3e\x00", "aarch64": b"\xb7\x00"}

_COMMANDS = Path(__file__).with_name("fake_host_commands")
_CRASH = """\
commands_so_far=0
crash() {
  commands_so_far=$((commands_so_far + 1))
  if ((commands_so_far == CRASH_AT)) && [[ $0 == *"$CRASH_IN" ]]; then kill -9 0; fi
}
set -T
trap crash DEBUG
"""


@dataclass
class Release:
    """An archive; ``name`` is what its binaries carry."""

    path: Path
    sha256: str
    name: str


class FakeHost:
    """``run`` runs a script of the toolkit; what is on the host is below ``root``."""

    #: Folders that are the host's own; the others are this machine's.
    places: tuple[str, ...] = ("usr/local", "var/lib", "var/log", "run/lock", "home", "opt", "root")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        for place in self.places:
            (self.root / place).mkdir(parents=True)
        for place in ("bin", "share", "lib"):
            (self.root / "usr/local" / place).mkdir()
        self.toolkit = self.root / "usr/local/lib/agentkeys-setup"
        shutil.copytree(SCRIPTS, self.toolkit)
        (self.toolkit / "families").write_text(family_table().content)
        # Nobody waits here for a service that will never answer.
        activation = self.toolkit / "activation"
        activation.write_text(activation.read_text().replace("patience=20", "patience=1"))
        # There is one user in these namespaces.
        build = self.toolkit / "build"
        build.write_text(build.read_text().replace("builder=agentkey ", "builder=root "))
        self.memory(8000)
        (folder / "crash").write_text(_CRASH)
        places = {**{f"/{place}": self.root / place for place in self.places}, "/proc/meminfo": folder / "meminfo"}
        mounts = "; ".join(f"mount --bind {here} {there}" for there, here in places.items())
        self._init = subprocess.Popen(
            ["unshare", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child",
             "bash", "-ec", f"{mounts}; mkdir -p {folder}/units; echo ready; exec sleep infinity"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._init.stdout is not None
        assert self._init.stdout.readline() == "ready\n"
        (child,) = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children").read_text().split()
        self._pid = child

    def memory(self, mib: int) -> None:
        """What the host has, without swap."""
        (self.folder / "meminfo").write_text(f"MemTotal: {mib * 1024} kB\nSwapTotal: 0 kB\n")

    def end(self) -> None:
        self._init.kill()
        self._init.communicate()

    def run(
        self, script: str, *arguments: str, stdin: str = "", crash_at: int = 0, crash_in: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """``crash_at``: kill -9 before that command of it, with everything that it has started and waits for. It is the
        first script that gets so far, or the one that ``crash_in`` names.
        """
        files = [self.toolkit / name for name in (script, "prelude", "memory", "install-files", "families")]
        revision = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
        crash = {"BASH_ENV": str(self.folder / "crash"), "CRASH_AT": str(crash_at), "CRASH_IN": crash_in}
        return self.command(
            f"/usr/local/lib/agentkeys-setup/{script}",
            revision,
            *arguments,
            stdin=stdin,
            surroundings=crash if crash_at else None,
        )

    def command(
        self, *command: str, stdin: str = "", surroundings: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Any command on the host."""
        path = f"{_COMMANDS}:{os.environ['PATH']}:/usr/sbin:/sbin"
        return subprocess.run(
            [*self.entering, *command],
            input=stdin, capture_output=True, text=True, check=False, timeout=60, start_new_session=True,
            env={"PATH": path, "FAKE_HOST": str(self.folder), **(surroundings or {})},
        )  # fmt: skip

    @property
    def entering(self) -> list[str]:
        """The opening of a command line that runs on the host, with this machine's environment."""
        return ["nsenter", "--user", "--mount", "--pid", "--preserve-credentials", f"--target={self._pid}"]

    def archive(
        self,
        name: str,
        *,
        kept: tuple[str, ...] = (),
        names: Sequence[str] = NAMES,
        architecture: str = "",
        **behaviours: str,
    ) -> Release:
        """A release with these binaries, each of which carries its name, unless it is one of the first release that is
        ``kept``, and is GOOD, unless a test says otherwise. They are for this machine, unless ``architecture`` says.
        """
        path = self.folder / f"{name}.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for binary in names:
                carried = "first" if binary in kept else name
                behaviour = behaviours.get(binary, GOOD)
                content = Path("/bin/sleep").read_bytes() + f"\nrelease {carried} {behaviour}\n".encode()
                if architecture:
                    content = content[:18] + _MACHINES[architecture] + content[20:]
                member = tarfile.TarInfo(binary)
                member.mode, member.size = 0o755, len(content)
                tar.addfile(member, io.BytesIO(content))
        return Release(path, hashlib.sha256(path.read_bytes()).hexdigest(), name)

    def lay_ready(self, release: Release, crash_at: int = 0) -> "subprocess.CompletedProcess[str]":
        """The step ``release`` with an archive."""
        arguments = ("inputs", "archive", release.sha256, str(release.path))
        return self.run("release", *arguments, stdin=_names(NAMES), crash_at=crash_at)

    def build(self, bundle: Path, ref: str, toolchain: str, crash_at: int = 0) -> "subprocess.CompletedProcess[str]":
        """The step ``release`` with a git bundle."""
        sha256 = hashlib.sha256(bundle.read_bytes()).hexdigest()
        arguments = ("inputs", "source", sha256, str(bundle), ref, toolchain)
        return self.run("release", *arguments, stdin=_names(BINARIES), crash_at=crash_at)

    def called(self, command: str) -> list[str]:
        """The arguments of each call of one of the commands that only note it."""
        log = self.folder / f"{command}.calls"
        return log.read_text().splitlines() if log.exists() else []

    def start(self, crash_at: int = 0) -> "subprocess.CompletedProcess[str]":
        rows = "".join(
            f"{unit} {port} /etc/systemd/system/{unit}.service /usr/local/bin/{binary}\n"
            for unit, port, binary in UNITS
        )
        bundle = render_bundle((File(path=SERVICE_TABLE, content=rows),))
        return self.run("units", "inputs", stdin=bundle, crash_at=crash_at)

    def upgrade(self, release: Release) -> "subprocess.CompletedProcess[str]":
        """Both steps, or the first that fails."""
        done = self.lay_ready(release)
        return done if done.returncode else self.start()

    def in_place(self, ending: str = "") -> dict[str, str]:
        """By binary, the release it is of; a binary that is not there is left out."""
        paths = {name: self.root / "usr/local/bin" / f"{name}{ending}" for name in NAMES}
        return {name: _release_of(path) for name, path in paths.items() if path.exists()}

    def running(self) -> dict[str, str]:
        """By unit that runs, the release of the file it was started from."""
        found = {}
        for unit, _, _ in UNITS:
            shown = self.command("sh", "-c", f"tail -n 1 /proc/$(cat {self.folder}/units/{unit}.pid)/exe")
            if shown.returncode == 0:
                found[unit] = shown.stdout.split()[1]
        return found

    def starts(self) -> list[str]:
        """Units in the order of their starts."""
        log = self.folder / "units/starts"
        return log.read_text().split() if log.exists() else []

    def release(self) -> str:
        return (self.root / "usr/local/share/agentkeys/release").read_text().strip()

    def leftovers(self) -> list[str]:
        """What only a run that is under way has."""
        places = (self.root / "usr/local/bin", self.root / "usr/local/share/agentkeys", self.root / "usr/local/lib")
        expected = {*NAMES, *(f"{name}.bak" for name in NAMES), "binaries", "binaries.sha256", "release", "services",
                    "agentkeys-setup"}  # fmt: skip
        return sorted(path.name for place in places for path in place.iterdir() if path.name not in expected)


def _names(binaries: Sequence[str]) -> str:
    share = "/usr/local/share/agentkeys/"
    content = "".join(f"{name}\n" for name in binaries)
    return render_bundle((File(path=share, mode="0755"), File(path=f"{share}binaries", content=content)))


def _release_of(path: Path) -> str:
    return path.read_bytes().splitlines()[-1].split()[1].decode()
