"""A backup of a host's secrets and its restore: the real scripts on a fake host's files, with age's own encryption."""

import contextlib
import re
import shutil
import stat
import subprocess
from pathlib import PurePosixPath

import pyrage
import pytest
from click.testing import CliRunner

from hostsetup.secret_files import SECRETS, SecretFile
from hostsetup.steps import _secrets
from ops import backups, exits, host
from ops.commands import backup, restore
from tests.support.fake_host import FakeHost
from tests.support.stacks import a_stack

VARIABLE, PAIR = "worker-creds-kek.env", "oidc-keypair.json"


class Disk(FakeHost):
    """A host whose secrets are below /opt, since only root is a user in its namespaces."""

    folder_of_secrets = "/opt/secrets"

    @property
    def secrets(self):
        return self.root / "opt/secrets"

    def fill(self, letter="a"):
        self.secrets.mkdir(exist_ok=True)
        for name, content in CONTENTS(letter).items():
            path = self.secrets / name
            path.write_text(content)
            path.chmod(0o600)

    def seen(self):
        return {path.name: path.read_text() for path in sorted(self.secrets.iterdir())}

    def bash(self, script):
        done = self.command("bash", "-s", stdin=script)
        return done.returncode, done.stdout, done.stderr

    def restoring(self):
        return (self.root / "var/lib/agentkeys-setup/restoring").exists()


def CONTENTS(letter):
    return {VARIABLE: f"AGENTKEYS_WORKER_KEK_HEX={letter * 64}\n", PAIR: f'{{"key": "{letter * 70}"}}\n'}


ROWS = tuple(
    SecretFile(path=PurePosixPath(f"/opt/secrets/{name}"), owner="root:root", variable=name == VARIABLE)
    for name in (VARIABLE, PAIR)
)


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path / "host")
    made.fill()
    yield made
    made.end()


@pytest.fixture
def sent():
    """Each script that the host was given, with its rows."""
    return []


@pytest.fixture
def run(disk, release, monkeypatch, sent):
    """Runs a command against the fake host, as `ssh` would."""

    def run_script(ssh, script, address, **how):
        sent.append(script)
        return real(ssh, script, address, **how)

    # The last argument of the call is the remote command, which `sh` takes as its name.
    inside = [*disk.entering, "sh", "-c", "exec bash -s"]
    real = host._run
    for module in (backup, restore, backups):
        monkeypatch.setattr(module, "SECRETS", ROWS)
    monkeypatch.setattr(host, "_run", run_script)
    monkeypatch.setattr(host, "stack_key", lambda _stack: "key")
    monkeypatch.setattr(host, "session", lambda *_given: contextlib.nullcontext(inside))
    for module in (backup, restore):
        monkeypatch.setattr(module, "read", lambda name: a_stack(name, release))

    def call(command, *arguments, stack="test"):
        return CliRunner().invoke(command, ["-s", stack, *map(str, arguments)])

    return call


@pytest.fixture
def key(tmp_path):
    made = pyrage.x25519.Identity.generate()
    path = tmp_path / "key.txt"
    path.write_text(f"# created: today\n# public key: {made.to_public()}\n{made}\n")
    return made, path


@pytest.fixture
def made(run, key, tmp_path):
    """The file of a backup, and the run that wrote it."""
    out = tmp_path / "test.age"
    done = run(backup.command, "--recipient", key[0].to_public(), "--out", out)
    assert done.exit_code == exits.OK, done.output
    return out, done


def test_a_backup_comes_back_on_a_host_that_has_none(run, made, disk, key):
    before = disk.seen()
    shutil.rmtree(disk.secrets)
    disk.secrets.mkdir()
    done = run(restore.command, made[0], "--identity", key[1])
    assert done.exit_code == exits.OK, done.output
    assert disk.seen() == before == CONTENTS("a")
    assert {stat.S_IMODE(path.stat().st_mode) for path in disk.secrets.iterdir()} == {0o600}
    assert not disk.restoring()
    again = run(restore.command, made[0], "--identity", key[1])
    assert (again.exit_code, again.output.count("unchanged ")) == (exits.OK, 2), "a second run changes nothing"
    assert "not in the backup" not in again.output


def test_a_backup_says_whose_secrets_it_has(made, key):
    origin, files = backups.opened(made[0], [key[0]])
    assert (origin.stack, origin.host, origin.account_id) == ("test", "agentkeys-broker-host-test", "429071895007")
    assert [file.path for file in files] == [str(row.path) for row in ROWS]


def test_a_backup_needs_somebody_who_can_read_it_and_a_file(run, key, tmp_path):
    done = run(backup.command, "--out", tmp_path / "test.age")
    assert (done.exit_code, list(tmp_path.glob("*.age"))) == (2, [])
    assert "Missing option '--recipient'" in done.output
    done = run(backup.command, "--recipient", key[0].to_public())
    assert done.exit_code == 2
    assert "Missing option '--out'" in done.output


@pytest.mark.parametrize("lines", [["end"], ["a"], ["a", "end"], ["a", "b"], ["a", "b", "c", "end"], []])
def test_secrets_that_do_not_arrive_whole_are_no_backup(run, monkeypatch, release, lines):
    """The connection may break at any line."""
    monkeypatch.setattr(host, "as_root", lambda *_given, **_how: "\n".join(lines))
    with pytest.raises(backups.BackupError, match=r"did not arrive whole\. Nothing was written"):
        backup.collected(a_stack("test", release))


def test_a_file_that_appears_during_a_backup_is_kept(tmp_path):
    (tmp_path / "test.age").write_text("another")
    with pytest.raises(backups.BackupError, match="exists already, and no backup is overwritten"):
        backup.write(tmp_path / "test.age", b"new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"test.age": "another"}


def test_no_secret_is_in_the_file_the_output_or_a_command_line(run, made, disk, key, sent, tmp_path):
    out, done = made
    (tmp_path / "host/root/opt/secrets" / PAIR).unlink()
    failed = run(backup.command, "--recipient", key[0].to_public(), "--out", tmp_path / "second.age")
    assert failed.exit_code == exits.WRONG
    (tmp_path / "host/root/opt/secrets" / VARIABLE).write_text(CONTENTS("b")[VARIABLE])
    refused = run(restore.command, out, "--identity", key[1])
    assert refused.exit_code == exits.WRONG
    for text in (done.output, failed.output, refused.output, out.read_bytes().decode("latin-1")):
        for secret in ("a" * 20, "b" * 20, str(key[0]), "YWFhYWFhYW"):
            assert secret not in text
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_host_with_other_secrets_is_refused_and_stays_as_it_is(run, made, disk, key):
    disk.fill("b")
    (disk.secrets / PAIR).unlink()
    before = disk.seen()
    done = run(restore.command, made[0], "--identity", key[1])
    assert done.exit_code == exits.WRONG
    assert re.search(
        rf"this host has other secrets already: /opt/secrets/{VARIABLE}, the oldest of 20\d\d-", done.output
    )
    assert disk.seen() == before
    assert not disk.restoring()


def test_a_host_that_is_not_set_up_so_far_is_refused(run, made, disk, key):
    shutil.rmtree(disk.secrets)
    done = run(restore.command, made[0], "--identity", key[1])
    assert done.exit_code == exits.WRONG
    assert "this host is not set up so far" in done.output
    assert not disk.secrets.exists()


def test_a_run_that_fails_half_way_takes_back_what_it_wrote(run, made, disk, key, sent):
    shutil.rmtree(disk.secrets)
    disk.secrets.mkdir()
    run(restore.command, made[0], "--identity", key[1])
    script = sent[-1]
    shutil.rmtree(disk.secrets)
    disk.secrets.mkdir()
    broken = re.sub(rf"(file /opt/secrets/{PAIR} \S+) \S+", r"\1 " + "0" * 64, script)
    code, _, error = disk.bash(broken)
    assert (code, disk.seen()) == (1, {}), error
    assert not disk.restoring()
    cut_off = script[: script.index(f"file /opt/secrets/{PAIR}")]
    code, _, error = disk.bash(cut_off)
    assert (code, disk.seen()) == (1, {})
    assert "did not arrive whole" in error


def test_a_power_loss_is_completed_by_the_next_run_and_no_secret_is_made_meanwhile(run, made, disk, key, sent):
    shutil.rmtree(disk.secrets)
    disk.secrets.mkdir()
    run(restore.command, made[0], "--identity", key[1])
    script = sent[-1]
    whole = disk.seen()
    seen_half = False
    for at in range(40, 140, 4):
        shutil.rmtree(disk.secrets)
        disk.secrets.mkdir()
        (disk.root / "var/lib/agentkeys-setup/restoring").unlink(missing_ok=True)
        crash = f"n=0; crash() {{ n=$((n + 1)); ((n < {at})) || kill -9 0; }}; set -T; trap crash DEBUG\n"
        disk.command("bash", "-s", stdin=crash + script)
        names = {name for name in disk.seen() if not name.startswith(".")}
        if names and names != set(whole):
            seen_half = True
            assert disk.restoring()
            refused = disk.run("secrets", stdin=f"variable AGENTKEYS_WORKER_KEK_HEX /opt/secrets/{VARIABLE}\n")
            assert (refused.returncode, "a restore of this host's secrets was cut off" in refused.stderr) == (1, True)
        code, _, error = disk.bash(script)
        assert (code, disk.seen(), disk.restoring()) == (0, whole, False), error
    assert seen_half, "no crash hit the middle"


def test_a_backup_of_another_stack_another_key_or_another_content_is_refused_before_the_host_is_asked(
    run, made, key, sent, tmp_path
):
    out, other = made[0], tmp_path / "other.txt"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    changed = tmp_path / "changed.age"
    content = bytearray(out.read_bytes())
    content[-5] ^= 1
    changed.write_bytes(content)
    foreign = tmp_path / "foreign.age"
    foreign.write_bytes(pyrage.encrypt(b"no archive", [key[0].to_public()]))
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("hello\n")
    before = len(sent)
    for arguments, stack, told in (
        ((out, "--identity", key[1]), "prod", "the backup is of agentkeys-broker-host-test"),
        ((out, "--identity", other), "test", "cannot be decrypted"),
        ((changed, "--identity", key[1]), "test", "cannot be decrypted"),
        ((foreign, "--identity", key[1]), "test", "is no backup of `agentkeys backup`"),
        ((out, "--identity", nothing), "test", "holds no secret key that can be used"),
    ):
        done = run(restore.command, *arguments, stack=stack)
        assert done.exit_code == exits.WRONG, told
        assert told in done.output
    assert len(sent) == before


def test_an_ssh_key_reads_it_too(run, tmp_path, disk):
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    out = tmp_path / "ssh.age"
    public = path.with_suffix(".pub").read_text()
    assert run(backup.command, "--recipient", public, "--out", out).exit_code == exits.OK
    assert run(restore.command, out, "--identity", path).exit_code == exits.OK


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("age1abc", "'age1abc' is no public key of age"),
        ("AGE-SECRET-KEY-1QQQQ", "is a secret key. Give its public key"),
        ("ssh-dss AAAA", "is no public key of age"),
    ],
)
def test_a_recipient_that_is_no_public_key_is_a_usage_error(run, tmp_path, given, told, sent):
    done = run(backup.command, "--recipient", given, "--out", tmp_path / "x.age")
    assert (done.exit_code, told in done.output) == (2, True), done.output
    assert "QQQQ" not in done.output
    assert not sent


def test_a_backup_overwrites_nothing_and_leaves_nothing_half(run, made, key, tmp_path, sent, monkeypatch):
    before, count = made[0].read_bytes(), len(sent)
    done = run(backup.command, "--recipient", key[0].to_public(), "--out", made[0])
    assert (done.exit_code, "exists already" in done.output) == (exits.WRONG, True)
    assert (made[0].read_bytes(), len(sent)) == (before, count)
    done = run(backup.command, "--recipient", key[0].to_public(), "--out", tmp_path / "no/x.age")
    assert (done.exit_code, "there is no folder" in done.output) == (exits.WRONG, True)
    monkeypatch.setattr(backup.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    run(backup.command, "--recipient", key[0].to_public(), "--out", tmp_path / "full.age")
    assert not [name for name in tmp_path.iterdir() if "full" in name.name]


def test_secrets_that_are_missing_or_malformed_are_not_backed_up(run, disk, key, tmp_path):
    out = tmp_path / "x.age"
    (disk.secrets / VARIABLE).write_text("AGENTKEYS_WORKER_KEK_HEX=abc\n")
    done = run(backup.command, "--recipient", key[0].to_public(), "--out", out)
    assert (done.exit_code, f"{VARIABLE} is empty, cut off or malformed" in done.output) == (exits.WRONG, True)
    (disk.secrets / VARIABLE).unlink()
    done = run(backup.command, "--recipient", key[0].to_public(), "--out", out)
    assert (done.exit_code, f"this host does not have /opt/secrets/{VARIABLE}" in done.output) == (exits.WRONG, True)
    assert not out.exists()


def test_every_secret_that_a_host_makes_is_in_a_backup_in_the_form_that_it_makes():
    made = {path: kind for kind, _, path, *_ in map(str.split, _secrets().splitlines())}
    forms = {"variable": CONTENTS("a")[VARIABLE].encode(), "keypair": CONTENTS("a")[PAIR].encode()}
    sound = {str(row.path): [kind for kind, content in forms.items() if row.is_sound(content)] for row in SECRETS}
    assert sound == {path: [kind] for path, kind in made.items()}


def test_a_restore_says_which_secrets_are_not_in_the_backup(run, made, key, monkeypatch):
    newer = SecretFile(path=PurePosixPath("/opt/secrets/newer.env"), owner="root:root", variable=True)
    monkeypatch.setattr(restore, "SECRETS", (*ROWS, newer))
    done = run(restore.command, made[0], "--identity", key[1])
    assert done.exit_code == exits.OK, done.output
    assert "not in the backup, so the next `up` makes them: /opt/secrets/newer.env\n" in done.output


def test_a_restore_that_fails_on_the_host_shows_nothing_that_the_host_printed(run, made, key, monkeypatch, tmp_path):
    (tmp_path / "failing").write_text("echo aSecret; exit 3\n")
    monkeypatch.setattr(restore, "_SCRIPT", tmp_path / "failing")
    done = run(restore.command, made[0], "--identity", key[1])
    assert done.exit_code == exits.NOT_RUN, done.output
    assert "aSecret" not in done.output


@pytest.mark.parametrize(("file", "said"), [("absent.age", "does not exist"), ("folder", "is a directory")])
def test_a_restore_from_no_file_is_a_usage_error(run, key, tmp_path, file, said):
    (tmp_path / "folder").mkdir()
    done = run(restore.command, tmp_path / file, "--identity", key[1])
    assert (done.exit_code, said in " ".join(done.output.split())) == (2, True), done.output


def test_what_a_private_script_printed_is_in_no_error(disk):
    inside = [*disk.entering, "sh", "-c", "exec bash -s"]
    for private in (False, True):
        with pytest.raises(host.HostError) as error:
            host._run([*inside, "sudo"], "echo aSecret; exit 3", "3.208.12.34", private=private)
        assert ("aSecret" in str(error.value)) == (not private)


@pytest.mark.parametrize("owner", ["root:root", "agentkeys:agentkeys", "zoe:zoe"])
def test_a_secret_of_another_owner_is_none_of_the_programs(owner):
    for row in SECRETS:
        file = backups.Kept(path=str(row.path), owner=owner, content=b"of another form")
        said = "is none of the program" if owner != row.owner else "is empty, cut off or malformed"
        with pytest.raises(ValueError, match=said):
            backups.require_sound([file], ValueError)
