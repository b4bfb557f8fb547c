"""The rendered files before the programs that will read them: shellcheck, systemd, sshd, sudo."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hostsetup.rendering import fill
from hostsetup.services import BIN_DIR, SERVICES, Site
from hostsetup.steps import SOURCED, steps
from hostsetup.units import EXPOSED, MOST_EXPOSED, unit_files
from ops.commands import backup, drift, restore
from tests.support.sites import SCRIPTS, require_tool

TEMPLATES = SCRIPTS.parent / "templates"


def test_the_scripts_pass_shellcheck() -> None:
    scripts = [path for path in SCRIPTS.iterdir() if path.name not in SOURCED and path.suffix != ".py"]
    done = subprocess.run(
        # Those are read where they are sourced.
        [
            Path(sys.executable).parent / "shellcheck",
            *("--external-sources", "--check-sourced", "--source-path=SCRIPTDIR"),
            *scripts,
            TEMPLATES / "renewal-hook",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


#: Where a tool's standard error may be dropped: nothing else would be said than what the script goes on to find.
QUIET = {
    "step": 1,  # the rest of a process group may be gone already
    "certificates": 1,  # certbot's log may not exist yet
    "observe": 4,  # a file, a package or a folder may be missing, which is the answer
    "write-secrets": 1,  # a user may be missing, which its own message says
}


def test_no_script_hides_what_a_tool_says() -> None:
    """Standard error goes to the step's own or to the log, so that an option which a host lacks is seen."""
    hidden = re.compile(r"2>\s*/dev/null|&>\s*/dev/null|>\s*/dev/null\s+2>&1")
    found = {
        path.name: len(hidden.findall(path.read_text()))
        for path in [*SCRIPTS.iterdir(), *TEMPLATES.iterdir(), drift._OBSERVER, backup._SCRIPT, restore._SCRIPT]
    }
    assert {name: count for name, count in found.items() if count} == QUIET


@pytest.fixture
def units(tmp_path: Path, site: Site) -> list[Path]:
    """The units with programs that exist here in place of the host's."""
    paths = []
    for file in unit_files(site):
        path = tmp_path / Path(file.path).name
        path.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", file.content, flags=re.MULTILINE))
        paths.append(path)
    return paths


def test_systemd_accepts_the_units(units: list[Path]) -> None:
    analyze = require_tool("systemd-analyze")
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "agentkeys" in line]
    assert (done.returncode, complaints) == (0, []), done.stderr


def test_the_units_are_confined(units: list[Path]) -> None:
    """The facts' own directives alone score 8.5; what is printed as 2.5 is 25 as a threshold."""
    analyze = require_tool("systemd-analyze")
    for unit in units:
        done = subprocess.run(
            [analyze, "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", unit],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout.splitlines()[-1:] + done.stderr.splitlines()


def test_the_architecture_page_says_how_exposed_a_unit_may_be() -> None:
    text = (SCRIPTS.parents[1] / "docs/architecture.md").read_text()
    assert f"rates each at {MOST_EXPOSED} or lower" in text


def test_no_unit_of_ours_is_an_exception(units: list[Path]) -> None:
    assert not {unit.name for unit in units} & EXPOSED.keys()


def test_all_services_at_their_limits_leave_the_smallest_machine_its_own_part() -> None:
    t3_small = 2048
    assert sum(service.memory_mib for service in SERVICES) <= t3_small - 256


def test_units_restart_and_depend_as_the_deployment_does(site: Site) -> None:
    content = {Path(file.path).stem: file.content for file in unit_files(site)}
    for service in SERVICES:
        unit = content[service.unit]
        assert ("Requires=agentkeys-broker.service" in unit) == service.requires_broker
        assert f"Restart={'always' if service.unit == 'agentkeys-broker' else 'on-failure'}\n" in unit
        assert "RestartSec=5s\n" in unit
        assert f"{BIN_DIR}/{service.binary}" in unit
    assert f"--inbox-bucket {site.buckets['mail']}" in content["agentkeys-worker-email"]


def test_the_session_key_reaches_the_workers_that_read_it_from_the_environment(site: Site) -> None:
    wrapped = {Path(file.path).stem for file in unit_files(site) if "/with-session-public-key " in file.content}
    assert wrapped == {"agentkeys-worker-creds", "agentkeys-worker-memory"}


def test_the_key_wrapper_hands_over_every_line_and_fails_without_the_file(tmp_path: Path) -> None:
    wrapper = SCRIPTS / "with-session-public-key"
    pem = "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----"
    (tmp_path / "key.pem").write_text(pem + "\n")

    def run(file: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", wrapper, tmp_path / file, "printenv", "BROKER_CAP_PUBKEY_PEM"],
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("key.pem").stdout == pem + "\n"
    assert run("absent.pem").returncode != 0
    assert "the broker writes it" in run("absent.pem").stderr


@pytest.fixture
def sshd_config(tmp_path: Path) -> Path:
    """Both drop-ins in their order, as a host includes them."""
    Path("/run/sshd").mkdir(exist_ok=True)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    connect = fill("instance-connect.conf").replace("@command@", "/bin/true").replace("@user@", "nobody")
    (tmp_path / "00.conf").write_text(fill("sshd.conf"))
    (tmp_path / "10.conf").write_text(connect)
    (tmp_path / "sshd_config").write_text(f"Include {tmp_path}/*.conf\nHostKey {key}\nX11Forwarding no\n")
    return tmp_path / "sshd_config"


def effective(config: Path, user: str, *options: str) -> list[str]:
    """What sshd makes of a configuration for a user, by its own word."""
    shown = subprocess.run(
        [require_tool("sshd"), "-T", "-f", config, *options, "-C", f"user={user},host=localhost,addr=127.0.0.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.splitlines()


def test_sshd_accepts_the_drop_ins(sshd_config: Path) -> None:
    for user in ("agentkey", "ubuntu"):
        said = effective(sshd_config, user)
        for line in ("passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin no"):
            assert line in said
        # What comes behind the drop-ins is for everybody again.
        assert "x11forwarding no" in said


def test_instance_connect_is_for_agentkey_alone_also_where_a_command_line_gives_it_to_all(sshd_config: Path) -> None:
    ubuntus = ("-o", "AuthorizedKeysCommand /bin/false", "-o", "AuthorizedKeysCommandUser nobody")
    for options in ((), ubuntus):
        assert "authorizedkeyscommand /bin/true %u %f" in effective(sshd_config, "agentkey", *options)
        assert "authorizedkeyscommand none" in effective(sshd_config, "ubuntu", *options)


def test_sudo_accepts_the_drop_in(tmp_path: Path) -> None:
    visudo = require_tool("visudo")
    (tmp_path / "agentkey").write_text(fill("sudoers"))
    (tmp_path / "agentkey").chmod(0o440)
    subprocess.run([visudo, "-c", "-q", "-f", tmp_path / "agentkey"], check=True)


def test_a_template_refuses_a_value_that_it_has_no_place_for() -> None:
    with pytest.raises(ValueError, match="no place for colour"):
        fill("sudoers", colour="red")


def test_one_more_name_is_one_more_certificate_and_vhost(site: Site) -> None:
    names = {**site.public_names, "memory": "elsewhere.example.org"}
    made = {step.name: step for step in steps(dataclasses.replace(site, public_names=names))}
    assert "elsewhere.example.org" in made["certificates"].command
    assert "server_name elsewhere.example.org;" in made["nginx-https"].stdin
