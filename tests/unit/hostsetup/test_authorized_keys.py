"""The script that lets the login user in with the stack's keys, on a fake host; also killed at any of its commands."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hostsetup.steps import authorized_keys
from tests.support.fake_host import FakeHost

FIRST, SECOND, THIRD = (f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{letter * 43}" for letter in "abc")
OTHERS = f'# by hand: {FIRST}\nfrom="10.0.0.0/8" ssh-ed25519 AAAAoperator somebody\n\nssh-rsa AAAArsa another'


class Login:
    """The login user's file on a host. There is one user in its namespaces, root."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host
        self.file = host.root / "root/.ssh/authorized_keys"

    def has(self, text: str, mode: int = 0o600) -> None:
        self.file.parent.mkdir(mode=0o700, exist_ok=True)
        self.file.write_text(text)
        self.file.chmod(mode)

    def run(self, *keys: str, crash_at: int = 0) -> "subprocess.CompletedProcess[str]":
        stdin = authorized_keys(keys).stdin
        return self.host.run("authorized-keys", stdin=stdin, crash_at=crash_at, crash_in="authorized-keys")

    def done(self, *keys: str) -> str:
        done = self.run(*keys)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines()

    def lets_in(self, keys: Sequence[str]) -> bool:
        blobs = [word for line in self.lines() if not line.startswith("#") for word in line.split()]
        return all(key.split()[1] in blobs for key in keys)


@pytest.fixture
def login(tmp_path: Path) -> Iterator[Login]:
    host = FakeHost(tmp_path)
    try:
        yield Login(host)
    finally:
        host.end()


def test_keys_come_and_go_and_every_other_line_stays_as_it_is(login: Login) -> None:
    launched = f"{FIRST} agentkeys-broker-host"
    login.has(f"{launched}\n{OTHERS}")
    assert "unchanged /root/.ssh" not in login.done(FIRST), "its last line had no end"
    assert login.lines() == [launched, *OTHERS.splitlines()]
    login.done(FIRST, SECOND)
    assert login.lines() == [launched, *OTHERS.splitlines(), SECOND]
    login.done(SECOND)
    assert login.lines() == [*OTHERS.splitlines(), SECOND]
    login.done(SECOND, THIRD)
    login.done(THIRD)
    assert login.lines() == [*OTHERS.splitlines(), THIRD]


def test_a_key_that_somebody_else_put_there_stays_even_when_it_looks_like_ours(login: Login) -> None:
    login.has(f"{FIRST} by hand\n")
    login.done(SECOND)
    assert login.lines() == [f"{FIRST} by hand", SECOND]


def test_a_second_run_touches_nothing(login: Login) -> None:
    login.has(f"{OTHERS}\n")
    login.done(FIRST)
    before = login.file.stat()
    assert "\nchanged" not in f"\n{login.done(FIRST)}"
    after = login.file.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("mode", [0o644, 0o600, None])
def test_the_file_is_the_users_alone_whatever_it_was_or_was_not(login: Login, mode: int | None) -> None:
    if mode is not None:
        login.has(f"{FIRST}\n", mode)
    login.done(FIRST)
    assert login.lines() == [FIRST]
    assert (login.file.stat().st_mode & 0o777, login.file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("content", ["", "not a key", f"{FIRST} comment", f'command="x" {FIRST}'])
def test_what_is_no_key_is_refused_and_nothing_changed(login: Login, content: str) -> None:
    login.has(f"{FIRST}\n")
    stdin = authorized_keys([content]).stdin
    done = login.host.run("authorized-keys", stdin=stdin)
    assert done.returncode == 1
    assert "must contain only keys" in done.stderr
    assert login.lines() == [FIRST]


def test_killed_anywhere_it_never_shuts_out_and_the_next_run_ends_as_a_clean_one(login: Login) -> None:
    others = OTHERS.splitlines()
    for at in range(1, 200, 3):
        login.has(f"{FIRST}\n{OTHERS}\n")
        login.done(FIRST)
        crashed = login.run(FIRST, SECOND, crash_at=at)
        assert login.lets_in([FIRST]), at
        login.done(FIRST)
        assert login.lines() == [FIRST, *others], at
        login.done(FIRST, SECOND)
        login.run(SECOND, crash_at=at + 1)
        assert login.lets_in([SECOND]), at
        login.done(SECOND)
        assert login.lines() == [*others, SECOND], at
        assert [path.name for path in login.file.parent.iterdir()] == ["authorized_keys"], at
        if crashed.returncode == 0:
            return
    raise AssertionError("the script has more commands than were tried")
