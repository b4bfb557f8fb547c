"""The script that builds from git, on a fake host with a real git and a cargo that notes how it is called."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostsetup.services import BINARIES
from tests.support.fake_host import FakeHost

#: Like the real cargo, it keeps what is built already, so a second build compiles less.
CARGO = """\
#!/bin/bash
[[ $1 != --version ]] || { echo "cargo of a test"; exit; }
echo "$*" >>"$FAKE_HOST/cargo.calls"
if [[ -e fails ]]; then echo "error: the crate does not compile"; exit 101; fi
mkdir -p target/release
while (($#)); do
  if [[ $1 == -p ]]; then
    echo "   Compiling $2"
    cp /bin/true "target/release/$2"
    cat version >>"target/release/$2"
  fi
  shift
done
"""
RUSTUP = f"""\
echo "$*" >>@calls@
mkdir -p "$CARGO_HOME/bin" "$RUSTUP_HOME"
cat >"$CARGO_HOME/bin/cargo" <<'CARGO'
{CARGO}CARGO
chmod 755 "$CARGO_HOME/bin/cargo"
"""
CALLS = [
    "build --release -p agentkeys-mock-server",
    "build --release -p agentkeys-broker-server --features auth-email-link",
    "build --release -p agentkeys-worker-audit -p agentkeys-worker-email -p agentkeys-worker-creds "
    "-p agentkeys-worker-memory",
]
CHECKOUT = "home/agentkey/agentKeys"


class Source:
    """A repository with one file, which every binary carries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundle = folder.with_suffix(".bundle")
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return subprocess.run(
            ["git", "-C", self.folder, *arguments],
            env={**os.environ, **identity}, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, version: str, **files: str) -> str:
        """Tagged with the version; gives the commit."""
        for name, content in {"version": f"{version}\n", **files}.items():
            (self.folder / name).write_text(content)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", version)
        self.git("tag", version)
        self.git("bundle", "create", "-q", str(self.bundle), "--all")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    made = FakeHost(tmp_path)
    (made.root / "home/agentkey").mkdir()
    toolchain = made.root / "opt/rust/bin"
    toolchain.mkdir(parents=True)
    for name in ("cargo", "rustc"):
        (toolchain / name).write_text(CARGO)
        (toolchain / name).chmod(0o755)
    (made.folder / "rustup-init").write_text(RUSTUP.replace("@calls@", str(made.folder / "rustup.calls")))
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    made.commit("v1")
    return made


LOCAL = "/opt/rust"


def ready(host: FakeHost) -> str:
    """The release that lies ready, as it is named."""
    return (host.root / "usr/local/lib/agentkeys-release/name").read_text().strip()


def nothing_is_left(host: FakeHost) -> bool:
    places = [host.root / "opt/agentkeys-toolchain", host.root / "var/lib/agentkeys-setup/build.swap"]
    return not any(path.exists() for path in places)


def test_it_builds_in_three_calls_and_lays_all_binaries_ready(host: FakeHost, source: Source) -> None:
    commit = source.git("rev-parse", "HEAD")
    done = host.build(source.bundle, "v1", LOCAL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert host.called("cargo") == CALLS
    assert ready(host) == f"commit:{commit}"
    for name in BINARIES:
        assert (host.root / "usr/local/lib/agentkeys-release" / name).read_bytes().endswith(b"v1\n")
    assert nothing_is_left(host)
    assert (host.root / CHECKOUT / "target/release").is_dir()


def test_it_neither_builds_nor_fetches_as_root(host: FakeHost, source: Source) -> None:
    host.build(source.bundle, "v1", LOCAL)
    assert all("--uid=root --gid=root" in call and "NoNewPrivileges=yes" in call for call in host.called("systemd-run"))
    assert all("--no-new-privs" in call for call in host.called("setpriv"))
    # On a real host the builder is the operators' user.
    assert any("git -C /home/agentkey/agentKeys fetch" in call for call in host.called("setpriv"))
    assert len(host.called("systemd-run")) == len(CALLS)


def test_what_is_there_is_not_built_again(host: FakeHost, source: Source) -> None:
    host.build(source.bundle, "v1", LOCAL)
    done = host.build(source.bundle, "main", LOCAL)
    assert done.returncode == 0
    assert "unchanged release commit:" in done.stdout
    assert host.called("cargo") == CALLS
    assert nothing_is_left(host)


@pytest.mark.parametrize("how", ["tag", "branch", "commit"])
def test_a_ref_is_a_tag_a_branch_or_a_commit(host: FakeHost, source: Source, how: str) -> None:
    first, second = source.git("rev-parse", "HEAD"), source.commit("v2")
    ref, expected = {"tag": ("v1", first), "branch": ("main", second), "commit": (first, first)}[how]
    done = host.build(source.bundle, ref, LOCAL)
    assert done.returncode == 0, done.stderr
    assert ready(host) == f"commit:{expected}"


def test_a_branch_that_has_moved_is_built_anew(host: FakeHost, source: Source) -> None:
    host.build(source.bundle, "main", LOCAL)
    moved = source.commit("v2")
    assert host.build(source.bundle, "main", LOCAL).returncode == 0
    assert ready(host) == f"commit:{moved}"
    assert host.called("cargo") == CALLS * 2


@pytest.mark.parametrize(("toolchain", "version"), [("rustup", "stable"), ("rustup:1.88.0", "1.88.0")])
def test_rustup_is_there_for_the_build_alone(host: FakeHost, source: Source, toolchain: str, version: str) -> None:
    done = host.build(source.bundle, "v1", toolchain)
    assert done.returncode == 0, done.stdout + done.stderr
    assert host.called("rustup") == [f"-y --no-modify-path --profile minimal --default-toolchain {version}"]
    assert host.called("cargo") == CALLS
    assert nothing_is_left(host)


def test_a_crate_that_does_not_compile_is_shown_and_nothing_is_laid_ready(host: FakeHost, source: Source) -> None:
    host.build(source.bundle, "v1", LOCAL)
    good = ready(host)
    source.commit("v2", fails="")
    done = host.build(source.bundle, "v2", "rustup")
    assert done.returncode != 0
    assert "could not build agentkeys-mock-server: it exited with 101" in done.stderr
    assert "error: the crate does not compile" in done.stderr
    assert ready(host) == good
    assert nothing_is_left(host)


def test_a_machine_of_one_gigabyte_is_refused(host: FakeHost, source: Source) -> None:
    host.memory(950)
    done = host.build(source.bundle, "v1", LOCAL)
    assert done.returncode != 0
    assert "950 MiB of memory" in done.stderr
    assert "t3.small or larger, or install a release archive" in done.stderr
    assert host.called("cargo") == []
    assert nothing_is_left(host)


def test_a_machine_of_two_gigabytes_gets_swap_for_the_build_alone(host: FakeHost, source: Source) -> None:
    host.memory(1900)
    done = host.build(source.bundle, "v1", LOCAL)
    assert done.returncode == 0, done.stderr
    assert "added 2048 MiB of swap" in done.stdout
    assert [call.split()[0] for call in host.called("swap")] == ["mkswap", "swapon", "swapoff"]
    assert nothing_is_left(host)


def test_a_disk_without_room_is_refused(host: FakeHost, source: Source) -> None:
    (host.folder / "free").write_text("900\n")
    done = host.build(source.bundle, "v1", LOCAL)
    assert done.returncode != 0
    assert "has 900 MiB free" in done.stderr
    assert "raise rootVolumeGib" in done.stderr
    assert host.called("cargo") == []


@pytest.mark.parametrize(
    ("ref", "toolchain", "says"),
    [
        ("v9", LOCAL, "has no tag, branch or commit (of 40 digits) 'v9': correct the setting sourceRef"),
        ("v1", "/opt/none", "/opt/none/bin lacks an executable cargo or rustc: correct the setting toolchain"),
    ],
)
def test_what_is_not_there_is_named_with_its_setting(
    host: FakeHost, source: Source, ref: str, toolchain: str, says: str
) -> None:
    done = host.build(source.bundle, ref, toolchain)
    assert done.returncode != 0
    assert says in done.stderr
    assert nothing_is_left(host)


def test_uncommitted_work_stays_and_what_cargo_writes_is_none(host: FakeHost, source: Source) -> None:
    source.commit("v2", **{"Cargo.lock": "one\n"})
    host.build(source.bundle, "v2", LOCAL)
    checkout = host.root / CHECKOUT
    (checkout / "Cargo.lock").write_text("two\n")
    (checkout / "version").write_text("mine\n")
    done = host.build(source.bundle, "v1", LOCAL)
    assert done.returncode != 0
    assert "changes that are not committed" in done.stderr
    assert (checkout / "version").read_text() == "mine\n"
    (checkout / "version").write_text("v2\n")
    assert host.build(source.bundle, "v1", LOCAL).returncode == 0


def test_a_checkout_that_was_broken_off_is_nobodys_work(host: FakeHost, source: Source) -> None:
    host.build(source.bundle, "v1", LOCAL)
    commit = source.commit("v2")
    (host.root / "var/lib/agentkeys-setup/checkout-underway").write_text("checkout\n")
    (host.root / CHECKOUT / "version").write_text("half\n")
    (host.root / CHECKOUT / ".git/index.lock").touch()
    done = host.build(source.bundle, "v2", LOCAL)
    assert done.returncode == 0, done.stderr
    assert ready(host) == f"commit:{commit}"


def test_a_folder_that_is_no_checkout_is_left_alone(host: FakeHost, source: Source) -> None:
    (host.root / CHECKOUT).mkdir()
    (host.root / CHECKOUT / "notes").write_text("mine\n")
    done = host.build(source.bundle, "v1", LOCAL)
    assert "exists and is not a git checkout" in done.stderr
    assert [path.name for path in (host.root / CHECKOUT).iterdir()] == ["notes"]


@pytest.mark.parametrize("points", [(150,), pytest.param(range(10, 330, 40), marks=pytest.mark.sandbox)],
                         ids=["in the middle", "anywhere"])  # fmt: skip
def test_a_killed_build_is_put_right_by_the_next(host: FakeHost, source: Source, points: range) -> None:
    host.memory(1900)
    killed = 0
    for number, point in enumerate(points, 2):
        commit = source.commit(f"v{number}")
        killed += host.build(source.bundle, f"v{number}", "rustup", crash_at=point).returncode < 0
        done = host.build(source.bundle, f"v{number}", "rustup")
        assert done.returncode == 0, (point, done.stderr)
        assert ready(host) == f"commit:{commit}"
        assert nothing_is_left(host)
    assert killed > len(points) / 2
