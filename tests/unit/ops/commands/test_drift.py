"""What counts as drift, told from a host's answers, and what the observer answers on this machine."""

import base64
import dataclasses
import hashlib
import json
import os
import pwd
import subprocess
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from dev.recorder import PROJECT
from hostsetup.families import FAMILIES, SHARE, UPDATES
from hostsetup.services import BIN_DIR, BINARIES, SERVICES
from hostsetup.steps import installed_files, steps
from hostsetup.users import USERS, User
from hostsetup.vhosts import FRAGMENTS
from ops import exits, host
from ops.commands import drift
from ops.commands.ssh import ephemeral_key
from ops.stack import StackError
from tests.support.stacks import PUBLIC_KEY, a_stack

NOW = 1_800_000_000
DAY = 86400
UBUNTU = FAMILIES[0]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Host:
    """A clean host's answers by question, for a test to change."""

    def __init__(self, stack):
        self.stack = stack
        site = stack.settings.site
        self.files = dict(installed_files(site, [PUBLIC_KEY]))
        made = drift._made_files(self.files, UBUNTU, site)
        active = "".join(
            self.files[FRAGMENTS + part].content
            for part in ("http.conf", *(f"{key}.https.conf" for key in site.public_names), "https.conf")
        )
        self.release = f"sha256:{site.release_sha256}"
        self.file = {path: self.as_is(path, file) for path, file in {**self.files, **made}.items()}
        self.file[drift.NGINX] = ["file", "root:root", "0644", "x", encoded(active)]
        self.file[drift.RELEASE] = ["file", "root:root", "0644", "x", encoded(self.release + "\n")]
        for path, (owner, mode) in drift.SECRETS.items():
            self.file[path] = ["file", owner, mode, "", ""]
        for family in FAMILIES[1:]:
            for _, path in family.updates:
                self.file.setdefault(path, ["missing", "-", "-", "-", ""])
        up = {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "NeedDaemonReload": "no",
              "Started": "yes", "Runs": "yes", "DropInPaths": ""}  # fmt: skip
        self.units = {
            unit: {**up, "FragmentPath": f"/etc/systemd/system/{unit}.service"}
            for unit in (*(service.unit for service in SERVICES), "nginx", UBUNTU.renewal_timer, *UBUNTU.update_timers)
        }
        self.certificates = {
            name: [str(NOW - 10 * DAY), str(NOW + 80 * DAY), "yes", "yes", site.acme_directory]
            for name in site.public_names.values()
        }
        self.loaded = {"sshd": "yes", "journal": "yes", "nginx": "yes"}
        self.packages = dict.fromkeys(
            {package for family in FAMILIES for package in family.packages}, "missing"
        ) | dict.fromkeys(UBUNTU.packages, "installed")
        self.users = {"agentkeys": "/var/lib/agentkeys:/usr/sbin/nologin", "agentkey": "/home/agentkey:/bin/bash"}
        closed = ["passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin no"]
        self.sshd = {
            "ubuntu": [*closed, "authorizedkeyscommand none"],
            "agentkey": [*closed, f"authorizedkeyscommand {UBUNTU.keys_command} %u %f"],
        }
        self.authorized = {PUBLIC_KEY.split()[1]: "yes"}
        self.barred = {}
        self.unsettled = {}
        self.sites = []
        self.digests = {f"{BIN_DIR}/{name}": "ok" for name in BINARIES}
        self.beside = [*(path.rstrip("/") for path in self.files), *self.digests, *drift.SECRETS]
        self.family = "ubuntu"

    @staticmethod
    def as_is(path, file):
        if path.endswith("/"):
            return ["directory", file.owner, file.mode, "-", ""]
        return ["file", file.owner, file.mode, hashlib.sha256(file.content.encode()).hexdigest(), ""]

    def edit(self, path, content):
        """The file has another content, sent in the form that the question asked for."""
        shown = drift._shown(self.files[path])
        if shown == "names":
            content = "".join(
                f"{line.partition('=')[0]} {hashlib.sha256(line.encode()).hexdigest()}\n"
                for line in content.splitlines()
            )
        self.file[path] = [*self.file[path][:3], "another", encoded(content)]

    def answer(self, _stack=None, _script=None):
        rows = [
            ["host", str(NOW), self.family],
            *(["file", path, *fields] for path, fields in self.file.items()),
            *(
                ["unit", name, *(f"{key}={value}" for key, value in shown.items())]
                for name, shown in self.units.items()
            ),
            *(["loaded", *item] for item in self.loaded.items()),
            *(["package", *item] for item in self.packages.items()),
            *(["user", *item] for item in self.users.items()),
            *(["certificate", name, *fields] for name, fields in self.certificates.items()),
            *(["sshd", user, line] for user, lines in self.sshd.items() for line in lines),
            *(["authorized", "ubuntu", *item] for item in self.authorized.items()),
            *(["barred", *item] for item in self.barred.items()),
            *(["unsettled", user, encoded(said)] for user, said in self.unsettled.items()),
            *(["site", encoded(path)] for path in self.sites),
            *(["under", "/", encoded(path)] for path in self.beside),
            *(["digests", drift.DIGESTS, verdict, path] for path, verdict in self.digests.items()),
        ]
        return "".join("\t".join(row) + "\n" for row in (["begin"], *rows, ["end", str(len(rows))]))

    def report(self):
        return drift.look(self.stack, self.answer)


@pytest.fixture
def clean(release):
    return Host(a_stack("test", release))


def the_one(report):
    (finding,) = report.drift
    return finding


def test_a_clean_host_has_no_drift_and_everything_was_compared(clean):
    report = clean.report()
    assert report.drift == []
    assert report.warnings == []
    assert report.compared["files"] > 40
    assert report.compared["units"] == 11
    assert report.compared["binaries"] == len(BINARIES)
    assert (report.compared["certificates"], report.compared["secrets"], report.compared["users"]) == (6, 5, 2)


UNIT = "/etc/systemd/system/agentkeys-broker.service"
BROKER_ENV = "/etc/agentkeys/broker.env"


def test_a_changed_unit_is_shown_line_by_line(clean):
    clean.edit(UNIT, clean.files[UNIT].content.replace("ProtectHome=yes", "ProtectHome=no"))
    finding = the_one(clean.report())
    assert finding.what == UNIT
    assert "-ProtectHome=yes\n+ProtectHome=no\n" in finding.diff


def test_of_a_changed_environment_file_only_the_variables_names_are_told(clean):
    content = clean.files[BROKER_ENV].content.replace("REGION=us-east-1", "REGION=us-west-2") + "EXTRA=of-somebody\n"
    clean.edit(BROKER_ENV, content.replace("HOME=/var/lib/agentkeys\n", ""))
    finding = the_one(clean.report())
    assert finding.what == BROKER_ENV
    assert finding.said == "differs in BROKER_AWS_REGION, EXTRA, HOME, REGION (values are not shown)"
    assert finding.diff == ""


def test_a_secret_in_a_file_that_has_none_is_not_shown(clean):
    clean.edit(UNIT, clean.files[UNIT].content + f"Environment=KEK={'ab' * 32}\n-----BEGIN PRIVATE KEY-----\nMIIabc\n")
    diff = the_one(clean.report()).diff
    assert "ab" * 32 not in diff
    assert "MIIabc" not in diff
    assert "[not shown]" in diff


def changed(name, index, value):
    def change(clean):
        clean.file[name] = [*clean.file[name][:index], value, *clean.file[name][index + 1 :]]

    return change


def unit(name, **values):
    return lambda clean: clean.units[name].update(values)


def certificate(index, value):
    def change(clean):
        clean.certificates["signer-test.litentry.org"][index] = value

    return change


MASTER = "/etc/agentkeys/dev-key-service.env"
DRIFT = {
    "a file that is gone": (lambda c: c.file.update({UNIT: ["missing", "-", "-", "-", ""]}), UNIT, "is missing"),
    "a link in a file's place": (changed(UNIT, 0, "link"), UNIT, "is a link"),
    "a mode": (changed(BROKER_ENV, 2, "0644"), BROKER_ENV, "mode is 0644, should be 0640"),
    "an owner": (changed("/etc/agentkeys/", 1, "ubuntu:ubuntu"), "/etc/agentkeys/", "owner is ubuntu:ubuntu"),
    "a disabled unit": (
        unit("agentkeys-signer", UnitFileState="disabled"),
        *("agentkeys-signer.service", "UnitFileState is disabled, should be enabled"),
    ),
    "a stopped unit": (
        unit("agentkeys-broker", ActiveState="failed"),
        *("agentkeys-broker.service", "ActiveState is failed, should be active"),
    ),
    "a unit that systemd has not read again": (
        unit("agentkeys-broker", NeedDaemonReload="yes"),
        *("agentkeys-broker.service", "NeedDaemonReload is yes"),
    ),
    "a unit of which systemd tells nothing": (
        lambda c: c.units.update({"agentkeys-broker": {"Started": "no", "Runs": "no"}}),
        *("agentkeys-broker.service", "ActiveState is empty, should be active"),
    ),
    "a drop-in": (
        unit("agentkeys-broker", DropInPaths="/run/systemd/system/agentkeys-broker.service.d/x.conf"),
        *("agentkeys-broker.service", "DropInPaths is /run/systemd"),
    ),
    "a service with older files": (
        unit("agentkeys-backend", Started="no"),
        *("agentkeys-backend.service", "was not started with its present unit"),
    ),
    "a service with an older binary": (unit("agentkeys-backend", Runs="no"), "agentkeys-backend.service", "was not st"),
    "a stopped timer": (unit("certbot.timer", ActiveState="inactive"), "certbot.timer", "ActiveState is inactive"),
    "nginx with another configuration": (lambda c: c.loaded.update(nginx="no"), "nginx", "runs with other files"),
    "sshd with another configuration": (lambda c: c.loaded.update(sshd="no"), "sshd", "runs with other files"),
    "a missing package": (
        lambda c: c.packages.update(certbot="missing"),
        *("package certbot", "it is missing, should be installed"),
    ),
    "a user's shell": (
        lambda c: c.users.update(agentkeys="/var/lib/agentkeys:/bin/bash"),
        *("user agentkeys", "should be /var/lib/agentkeys:/usr/sbin/nologin"),
    ),
    "a missing user": (lambda c: c.users.update(agentkey=""), "user agentkey", "home and shell is empty"),
    "another binary": (
        lambda c: c.digests.update({f"{BIN_DIR}/agentkeys-broker-server": "differs"}),
        *(f"{BIN_DIR}/agentkeys-broker-server", "is not the binary of release sha256:"),
    ),
    "another release": (changed(drift.RELEASE, 4, encoded("sha256:00\n")), "release", "what runs is sha256:00, should"),
    "an expired certificate": (certificate(1, str(NOW - 1)), "certificate of signer-test.litentry.org", "expired on"),
    "a certificate of another name": (certificate(2, "no"), "certificate of signer-test.litentry.org", "for the name"),
    "a certificate of another key": (certificate(3, "no"), "certificate of signer-test.litentry.org", "privkey.pem"),
    "another authority": (
        certificate(4, "https://acme.example/dir"),
        *("certificate of signer-test.litentry.org", "ACME directory of its renewal is https://acme.example/dir"),
    ),
    "passwords over SSH": (
        lambda c: c.sshd["ubuntu"].__setitem__(0, "passwordauthentication yes"),
        *("sshd for ubuntu", "passwordauthentication is yes, should be no"),
    ),
    "another way in": (
        lambda c: c.sshd["agentkey"].__setitem__(3, "authorizedkeyscommand /tmp/anybody"),
        *("sshd for agentkey", "authorizedkeyscommand is /tmp/anybody"),
    ),
    "a key of the stack that is not let in": (
        lambda c: c.authorized.update({PUBLIC_KEY.split()[1]: "no"}),
        *("authorized_keys of ubuntu", "does not have the stack's key SHA256:"),
    ),
    "other keys than the stack's": (
        lambda c: c.edit(SHARE + "authorized-keys", "ssh-ed25519 AAAA\n"),
        *(SHARE + "authorized-keys", "differs"),
    ),
    "a missing secret": (changed(MASTER, 0, "missing"), MASTER, "is missing: stored data cannot be read"),
    "a secret that others may read": (changed(MASTER, 2, "0644"), MASTER, "mode is 0644, should be 0600"),
    "a secret of another owner": (changed(MASTER, 1, "agentkeys:agentkeys"), MASTER, "owner is agentkeys:agentkeys"),
    "somebody's file": (
        lambda c: c.beside.append("/etc/agentkeys/backup.env"),
        *("/etc/agentkeys/backup.env", "does not belong to the program"),
    ),
    "an operators' user that sshd does not let in": (
        lambda c: c.barred.update(agentkey="allowusers ubuntu"),
        *("sshd for agentkey", "allowusers ubuntu is in effect, so agentkey cannot log in"),
    ),
    "a site with a name of the stack": (
        lambda c: c.sites.append("/etc/nginx/sites-enabled/mine"),
        *("/etc/nginx/sites-enabled/mine", "takes the default server or a name of this stack"),
    ),
    "a release that lies ready": (
        lambda c: c.beside.append("/usr/local/lib/agentkeys-release/name"),
        *("/usr/local/lib/agentkeys-release/name", "belongs to a release that is staged"),
    ),
}


@pytest.mark.parametrize("what", DRIFT)
def test_each_kind_of_drift_is_named(clean, what):
    change, name, said = DRIFT[what]
    change(clean)
    found = [finding for finding in clean.report().drift if finding.what == name]
    assert len([finding for finding in found if said in finding.said]) == 1, clean.report().drift


def test_the_list_of_keys_of_a_host_that_was_adopted_again_is_no_drift(clean):
    clean.stack.outputs["sshPublicKeys"] = []
    clean.beside.append(SHARE + "authorized-keys")
    assert clean.report().drift == []


def test_a_name_without_a_usable_certificate_is_expected_over_http(clean):
    clean.certificates["signer-test.litentry.org"][:] = ["missing"]
    whats = {finding.what for finding in clean.report().drift}
    assert whats == {"certificate of signer-test.litentry.org", drift.NGINX}


def test_a_certificate_that_cannot_be_read_is_told_with_the_reason(clean):
    clean.certificates["signer-test.litentry.org"][:] = ["unreadable", encoded("ValueError: not PEM")]
    found = {finding.what: finding.said for finding in clean.report().drift}
    assert found["certificate of signer-test.litentry.org"] == "cannot be read: ValueError: not PEM"


def test_an_operators_own_size_of_the_names_table_is_no_drift(clean):
    active = base64.b64decode(clean.file[drift.NGINX][4]).decode()
    assert "server_names_hash_bucket_size 512;\n" in active
    clean.file[drift.NGINX][4] = encoded(active.replace("server_names_hash_bucket_size 512;\n", ""))
    assert clean.report().drift == []


def test_ocsp_lines_that_the_host_puts_in_are_no_drift(clean):
    line = "    ssl_certificate_key /etc/letsencrypt/live/test-broker.litentry.org/privkey.pem;\n"
    active = base64.b64decode(clean.file[drift.NGINX][4]).decode()
    assert line in active
    stapling = "    ssl_stapling on;\n    ssl_stapling_verify on;\n    resolver 10.0.0.2 valid=300s;\n"
    clean.file[drift.NGINX][4] = encoded(active.replace(line, line + stapling))
    assert clean.report().drift == []
    clean.file[drift.NGINX][4] = encoded(active.replace("TLSv1.2 TLSv1.3", "TLSv1 TLSv1.2"))
    assert "+    ssl_protocols TLSv1 TLSv1.2;" in the_one(clean.report()).diff


def test_a_certificate_in_its_last_third_is_a_warning_and_no_drift(clean):
    clean.certificates["test-broker.litentry.org"][:2] = [str(NOW - 61 * DAY), str(NOW + 29 * DAY)]
    report = clean.report()
    assert report.drift == []
    assert [finding.said for finding in report.warnings] == [
        "has 29.0 days left (until 2027-02-13 08:00 UTC) and should have been renewed"
    ]
    clean.certificates["test-broker.litentry.org"][:2] = [str(NOW - 59 * DAY), str(NOW + 31 * DAY)]
    assert clean.report().warnings == []


def test_a_masked_timer_was_meant_and_a_masked_service_was_not(clean):
    clean.units["apt-daily.timer"].update(UnitFileState="masked", LoadState="masked", ActiveState="inactive")
    report = clean.report()
    assert [finding.what for finding in report.warnings] == ["apt-daily.timer"]
    assert report.drift == []
    clean.units["agentkeys-signer"].update(UnitFileState="masked", LoadState="masked", ActiveState="inactive")
    assert {finding.what for finding in clean.report().drift} == {"agentkeys-signer.service"}


def test_what_the_scripts_make_for_the_hosts_own_distribution_is_compared(clean):
    path = UBUNTU.updates[0][1]
    assert clean.file[path][3] == hashlib.sha256(clean.files[UPDATES + "apt.conf"].content.encode()).hexdigest()
    clean.file[path] = [*clean.file[path][:3], "another", encoded('APT::Periodic::Enable "0";\n')]
    assert the_one(clean.report()).what == path


def test_a_built_release_is_known_by_its_commit_or_by_what_the_last_up_found():
    commit = "ab" * 20
    source = {"sourceRepository": "https://git.example/r.git"}
    assert drift.wanted_release(a_stack("test", source, sourceRef=commit)) == f"commit:{commit}"
    tagged = a_stack("test", source, sourceRef="v1")
    tagged = dataclasses.replace(tagged, outputs={"release": "commit:1234"})
    assert drift.wanted_release(tagged) == "commit:1234"


@pytest.mark.parametrize("said", ["", "welcome\n", "host\t1\tubuntu\nend\t1\nhalf a line"])
def test_what_the_login_users_start_up_files_print_around_it_is_no_part_of_the_answer(clean, said):
    assert drift.look(clean.stack, lambda *_: f"{said}\n{clean.answer()}{said}").drift == []


def test_the_observer_begins_a_line_of_its_own():
    """bash run by sshd reads ~/.bashrc before the command."""
    done = subprocess.run(
        ["bash", "-c", "echo welcome; printf half; exec bash -s"],
        input=drift.script(["user root", "end"]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert drift.answers(done.stdout)["user"] == [["root", "/root:/bin/bash"]]


def test_a_host_that_does_not_run_the_look_is_quoted(clean):
    with pytest.raises(host.HostError, match="printed 'Please login as the user admin' instead"):
        drift.look(clean.stack, lambda *_: "Please login as the user admin\n")


@pytest.mark.parametrize("cut", [1, 2, 50])
def test_an_answer_that_broke_off_is_no_verdict(clean, cut):
    whole = clean.answer().splitlines(keepends=True)
    with pytest.raises(host.HostError, match="is incomplete"):
        drift.look(clean.stack, lambda *_: "".join(whole[:cut]))


def test_an_unknown_distribution_is_no_verdict(clean):
    clean.family = "gentoo"
    with pytest.raises(host.HostError, match="the host runs 'gentoo'"):
        clean.report()


@pytest.fixture
def run(clean, monkeypatch):
    monkeypatch.setattr(drift, "read_any", lambda *_: clean.stack)
    monkeypatch.setattr(host, "as_root", lambda *_: clean.answer())
    monkeypatch.setattr(drift, "look", lambda stack, look=drift.look: look(stack, clean.answer))
    return lambda *arguments: CliRunner().invoke(drift.command, ["-s", "test", *arguments])


def test_the_command_ends_with_0_on_a_clean_host_and_with_7_on_drift(run, clean):
    done = run()
    assert done.exit_code == exits.OK
    assert done.output.startswith("test: the host matches the program (")
    clean.edit(UNIT, "another\n")
    done = run()
    assert done.exit_code == exits.DRIFT
    assert UNIT in done.output
    assert "+another" not in done.output
    assert "+another" in run("--diff").output


def test_json_is_alone_on_stdout_and_says_the_same(run, clean):
    clean.edit(UNIT, "another\n")
    done = run("--json")
    assert done.exit_code == exits.DRIFT
    told = json.loads(done.stdout)
    assert [item["what"] for item in told["drift"]] == [UNIT]
    assert told["compared"]["secrets"] == 5
    assert UNIT in done.stderr


def test_a_host_that_cannot_be_asked_is_3(run, monkeypatch):
    def fail(_stack):
        raise host.HostError("the host at 3.208.12.34 cannot be reached over SSH")

    monkeypatch.setattr(drift, "look", fail)
    done = run()
    assert done.exit_code == exits.NOT_RUN
    assert "cannot be reached over SSH" in done.output


# --- the observer


def observe(*questions):
    done = subprocess.run(
        ["bash", "-s"], input=drift.script([*questions, "end"]), capture_output=True, text=True, check=True
    )
    return {kind: rows for kind, rows in drift.answers(done.stdout).items() if kind != "host"}


def test_the_observer_tells_files_as_they_are(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("NAME=value\nno newline at the end")
    file.chmod(0o640)
    link.symlink_to(file)
    owner = f"{pwd.getpwuid(os.getuid()).pw_name}:"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    rows = observe(
        f"file text - {file}", f"file text {digest} {file}", f"file names - {file}", f"file secret - {file}",
        f"file text - {link}", f"file text - {tmp_path}/", f"file text - {tmp_path}/absent",
    )["file"]  # fmt: skip
    assert all(row[2].startswith(owner) for row in rows if row[1] in ("file", "directory"))
    shown = [(row[1], row[3], row[4], base64.b64decode(row[5]).decode()) for row in rows]
    names = f"NAME {hashlib.sha256(b'NAME=value').hexdigest()}\n"
    assert shown[0] == ("file", "0640", digest, file.read_text())
    assert shown[1] == ("file", "0640", digest, "")
    assert shown[2][3].startswith(names)
    assert "value" not in shown[2][3]
    assert shown[3] == ("file", "0640", "", "")
    assert [row[0] for row in shown[4:]] == ["link", "directory", "missing"]


def test_the_observer_checks_digests_and_lists_what_lies_in_a_folder(tmp_path):
    (tmp_path / "right").write_text("a")
    (tmp_path / "wrong").write_text("b")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "a name with spaces").touch()
    sums = tmp_path / "sums"
    digest = hashlib.sha256(b"a").hexdigest()
    sums.write_text(f"{digest}  {tmp_path}/right\n{digest}  {tmp_path}/wrong\n")
    seen = observe(f"digests {sums}", f"digests {tmp_path}/none", f"under {tmp_path} *", f"under {tmp_path} s*")
    assert seen["digests"] == [
        [str(sums), "ok", f"{tmp_path}/right"], [str(sums), "differs", f"{tmp_path}/wrong"],
        [f"{tmp_path}/none", "missing", ""],
    ]  # fmt: skip
    listed = [base64.b64decode(row[1]).decode().removeprefix(f"{tmp_path}/") for row in seen["under"]]
    assert listed == ["deeper", "deeper/a name with spaces", "right", "sums", "wrong", "sums"]


def test_the_observer_finds_a_key_in_a_line_that_is_no_comment(tmp_path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/authorized_keys").write_text('#ssh-ed25519 AAAAone\nfrom="::1" ssh-ed25519 AAAAtwo+/= me\n')
    # There is no such user here, so that one is asked who has this folder.
    home = f"getent() {{ echo somebody:x:1:1::{tmp_path}:/bin/sh; }}\n"
    questions = [f"authorized somebody {key}" for key in ("AAAAone", "AAAAtwo+/=", "AAAAtw")]
    done = subprocess.run(
        ["bash", "-s"], input=home + drift.script([*questions, "end"]), capture_output=True, text=True, check=True
    )
    assert [row[2] for row in drift.answers(done.stdout)["authorized"]] == ["no", "yes", "no"]


def test_a_configuration_that_sshd_cannot_read_is_one_finding_with_its_reason(clean):
    said = "/etc/ssh/sshd_config.d/mine.conf: line 1: Bad configuration option: Pasword\n"
    clean.sshd["ubuntu"], clean.unsettled["ubuntu"] = [], said
    (found,) = [finding for finding in clean.report().drift if finding.what == "sshd for ubuntu"]
    assert found.said == f"sshd cannot read its files, and would not start again: {said.strip()}"


@pytest.mark.parametrize(("code", "kind"), [(0, "sshd"), (255, "unsettled")])
def test_the_observer_keeps_what_sshd_says_of_its_files(code, kind):
    sshd = f"sshd() {{ echo 'line 1: Deprecated option Port1' >&2; echo permitrootlogin no; return {code}; }}\n"
    done = subprocess.run(
        ["bash", "-s"], input=sshd + drift.script(["sshd nobody", "end"]), capture_output=True, text=True, check=True
    )
    said = [fields for fields in drift.answers(done.stdout)[kind] if fields[0] == "nobody"]
    lines = [line for _, text in said for line in (text if code == 0 else drift._decoded(text)).splitlines()]
    assert lines == ["line 1: Deprecated option Port1", "permitrootlogin no"]


def test_the_observer_refuses_a_question_that_it_does_not_know_and_questions_without_an_end():
    for lines, said in ((["frobnicate x", "end"], "no such question: frobnicate"), ([], "were cut off")):
        done = subprocess.run(["bash", "-s"], input=drift.script(lines), capture_output=True, text=True)
        assert done.returncode == 1
        assert said in done.stderr


def test_every_question_of_a_look_is_known_to_the_observer(clean):
    asked = {
        line.split()[0] for line in drift.questions(clean.files, clean.stack.settings.site, "ubuntu", [PUBLIC_KEY])
    }
    text = drift._OBSERVER.read_text()
    assert all(f"      {kind}) " in text for kind in asked)


def test_the_observer_is_sound_and_writes_nothing(tmp_path):
    shell = tmp_path / "observer"
    shell.write_text("#!/bin/bash\n" + drift.script(["end"]))
    done = subprocess.run(
        ["venv/bin/shellcheck", "-S", "warning", shell],
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stdout
    for line in drift._OBSERVER.read_text().splitlines():
        if not line.startswith("#"):
            assert not any(word in line.split() for word in ("rm", "mv", "cp", "install", "touch", "tee", "mkdir")), (
                line
            )


def test_a_user_is_one_row_for_the_step_and_for_drift(monkeypatch, clean):
    row = User(name="agentkeys-extra", home="/srv/extra", login_shell="/bin/false", kind="system")
    monkeypatch.setattr("hostsetup.users.USERS", (*USERS, row))
    created = next(step for step in steps(clean.stack.settings.site) if step.name == "users")
    assert created.command.endswith(" agentkeys-extra:/srv/extra:/bin/false:system")
    assert "user agentkeys-extra" in drift.questions(clean.files, clean.stack.settings.site, "ubuntu", [])


# --- the way to the host


@pytest.fixture
def ssh(tmp_path, monkeypatch, release):
    """A program in the place of ssh, and the stack whose host it stands for."""
    stack = a_stack("test", release)
    stack = dataclasses.replace(stack, outputs={**stack.outputs, "sshHostKey": "ssh-ed25519 AAAAhost\n"})
    private, _ = ephemeral_key()
    monkeypatch.setattr(host, "ask", lambda *_, **_how: private)

    def with_script(script):
        (tmp_path / "ssh").write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return stack

    return with_script


def test_the_host_is_asked_as_root_without_a_question_to_anybody_and_must_show_the_pinned_key(ssh, tmp_path):
    stack = ssh(
        f'printf "%s\\n" "$@" >{tmp_path}/arguments\n'
        'for one; do case $one in -oUserKnownHostsFile=*) cat "${one#*=}" ;; esac; done\ncat'
    )
    assert host.as_root(stack, "the script\n").splitlines() == ["3.208.12.34 ssh-ed25519 AAAAhost", "the script"]
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert {"-oStrictHostKeyChecking=yes", "-oGlobalKnownHostsFile=/dev/null", "-oBatchMode=yes"} <= set(arguments)
    assert arguments[-2:] == ["ubuntu@3.208.12.34", "sudo -n bash -s"]


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            'echo "connect to host 3.208.12.34 port 22: Connection refused" >&2; exit 255',
            "cannot be reached over SSH: con",
        ),
        ('echo "Host key verification failed." >&2; exit 255', "shows another host key than the one that this stack"),
        (
            'echo "sudo: a password is required" >&2; exit 1',
            "failed on the host at 3.208.12.34 \\(exit code 1\\): sudo: a password",
        ),
    ],
)
def test_a_host_that_does_not_answer_is_a_message_and_exit_code_3(ssh, script, sentence):
    with pytest.raises(host.HostError, match=sentence) as error:
        host.as_root(ssh(script), "x")
    assert error.value.exit_code == exits.NOT_RUN


def test_a_stack_that_was_never_up_says_so(ssh, release):
    ssh("exit 0")
    with pytest.raises(StackError, match="Run `pulumi up -s test` first"):
        host.as_root(a_stack("test", release, up=False), "x")


def test_a_bundle_is_read_as_it_was_written(clean):
    assert SHARE + "binaries" in clean.files
    assert clean.files["/usr/local/lib/agentkeys-setup/prelude"].mode == "0644"
    assert clean.files[BROKER_ENV].owner == "root:agentkeys"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_host_of_another_cloud_has_every_package_but_ec2s(family):
    site = SimpleNamespace(elsewhere=SimpleNamespace(mail=None))
    assert set(drift._packages(family, site)) == set(family.packages) - {"ec2-instance-connect"}
