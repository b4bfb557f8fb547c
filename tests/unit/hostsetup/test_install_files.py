"""The real installer of the host, run on files below a folder of the test."""

import grp
import os
import pwd
import subprocess
from pathlib import Path

import pytest

from hostsetup.bundle import File, render_bundle
from tests.support.sites import SCRIPTS, require_tool

OWNER = f"{pwd.getpwuid(os.getuid()).pw_name}:{grp.getgrgid(os.getgid()).gr_name}"


def install(
    *files: File, text: str | None = None, piped: bool = False, first: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """``first`` is a folder of programs that precede the others."""
    script = SCRIPTS / "install-files"
    bundle = render_bundle(files) if text is None else text
    return subprocess.run(
        ["bash", "-s"] if piped else ["bash", script],
        input=script.read_text() + bundle if piped else bundle,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": ":".join([*([str(first)] if first else []), os.environ["PATH"], "/usr/sbin", "/sbin"]),
        },
    )


def a_file(path: Path, content: str = "one\n", mode: str = "0640") -> File:
    return File(path=str(path), content=content, owner=OWNER, mode=mode)


@pytest.mark.parametrize("piped", [False, True], ids=["as a file", "as bash -s"])
def test_files_arrive_as_they_were_written(tmp_path: Path, piped: bool) -> None:
    content = "\n  indented $HOME `x` \\n 'quoted'\n\n# end\n"
    folder = File(path=f"{tmp_path}/made/", owner=OWNER, mode="0750")
    done = install(folder, a_file(tmp_path / "made" / "a", content), a_file(tmp_path / "made" / "b"), piped=piped)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made" / "a").read_text() == content
    assert (tmp_path / "made" / "a").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o750
    assert done.stdout.splitlines() == [f"changed {tmp_path}/made/", *(f"changed {tmp_path}/made/{n}" for n in "ab")]


def written(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written or replaced; reading it changes its access time."""
    seen = path.stat()
    return seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    files = (a_file(tmp_path / "a"), a_file(tmp_path / "b", "two\n"))
    install(*files)
    before = {path: written(path) for path in tmp_path.iterdir()}
    done = install(*files)
    assert done.stdout.splitlines() == [f"unchanged {tmp_path}/a", f"unchanged {tmp_path}/b"]
    assert {path: written(path) for path in tmp_path.iterdir()} == before


def test_only_what_differs_in_content_or_mode_is_replaced(tmp_path: Path) -> None:
    install(a_file(tmp_path / "a"), a_file(tmp_path / "b"), a_file(tmp_path / "c"))
    done = install(a_file(tmp_path / "a"), a_file(tmp_path / "b", "two\n"), a_file(tmp_path / "c", mode="0600"))
    assert done.stdout.splitlines() == [f"unchanged {tmp_path}/a", f"changed {tmp_path}/b", f"changed {tmp_path}/c"]
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


@pytest.mark.parametrize("removed", ["#=> end 2\n", "two\n#=> end 2\n", None])
def test_a_bundle_that_was_cut_off_installs_nothing(tmp_path: Path, removed: str | None) -> None:
    bundle = render_bundle([a_file(tmp_path / "a"), a_file(tmp_path / "b", "two\n")])
    cut = bundle.removesuffix(removed) if removed else bundle.replace("end 2", "end 3")
    done = install(text=cut)
    assert done.returncode != 0
    assert "run the step again" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_replaced_by_the_file_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("one\n")
    (tmp_path / "elsewhere").chmod(0o640)
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").stat()
    assert install(a_file(tmp_path / "a")).returncode == 0
    assert (tmp_path / "elsewhere").stat() == before
    assert not (tmp_path / "a").is_symlink()


def test_a_directory_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir(mode=0o700)
    (tmp_path / "a").symlink_to(tmp_path / "precious")
    assert install(File(path=f"{tmp_path}/a/", owner=OWNER, mode="0777")).returncode != 0
    assert (tmp_path / "precious").stat().st_mode & 0o777 == 0o700


def test_a_leftover_of_a_killed_run_does_not_hurt(tmp_path: Path) -> None:
    (tmp_path / ".a.agentkeys-new").write_text("half")
    assert install(a_file(tmp_path / "a")).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_refused_file_keeps_the_whole_bundle_out(tmp_path: Path) -> None:
    require_tool("visudo")
    folder = tmp_path / "etc/sudoers.d"
    folder.mkdir(parents=True)
    good, bad = a_file(folder / "good", mode="0440"), a_file(folder / "bad", "agentkey ALL=(ALL NOPASSWD\n", "0440")
    done = install(good, bad)
    assert done.returncode != 0
    assert "Nothing of this bundle has been activated" in done.stderr
    assert list(folder.iterdir()) == []


def test_a_service_and_its_socket_are_checked_together_by_an_older_systemd(tmp_path: Path) -> None:
    """systemd 247 and 249 have no --recursive-errors and look for the socket."""
    real = require_tool("systemd-analyze")
    older = tmp_path / "older" / "systemd-analyze"
    older.parent.mkdir()
    older.write_text(f'#!/bin/bash\n[[ $1 == --help ]] || exec {real} "$@"\n')
    older.chmod(0o755)
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    done = install(
        a_file(folder / "agentkeys-probe.socket", f"[Socket]\nListenStream={tmp_path}/socket\n"),
        a_file(folder / "agentkeys-probe.service",
               "[Unit]\nRequires=agentkeys-probe.socket\n[Service]\nType=exec\nExecStart=/bin/true\n"),
        first=older.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    refused = install(a_file(folder / "agentkeys-probe.socket", "[Socket]\nListenStream=nowhere\n"), first=older.parent)
    assert refused.returncode != 0


def test_a_refused_unit_keeps_the_old_one(tmp_path: Path) -> None:
    require_tool("systemd-analyze")
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    unit = folder / "agentkeys-probe.service"
    assert install(a_file(unit, "[Service]\nExecStart=/bin/true\n")).returncode == 0
    done = install(a_file(unit, "[Service]\nExecStart=/no/such/program\n"))
    assert done.returncode != 0
    assert "/bin/true" in unit.read_text()


def test_a_refused_sshd_file_is_not_activated(tmp_path: Path) -> None:
    require_tool("sshd")
    folder = tmp_path / "etc/ssh/sshd_config.d"
    folder.mkdir(parents=True)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (folder.parent / "sshd_config").write_text(f"HostKey {key}\n")
    drop_in = a_file(folder / "00-agentkeys.conf", "PasswordAuthentication no\n", "0600")
    assert install(drop_in).returncode == 0
    assert install(a_file(folder / "00-agentkeys.conf", "PasswordAuthentication perhaps\n")).returncode != 0
    assert (folder / "00-agentkeys.conf").read_text() == "PasswordAuthentication no\n"
