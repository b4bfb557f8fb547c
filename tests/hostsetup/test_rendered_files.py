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
from hostsetup.units import unit_files
from tests.hostsetup.sites import SCRIPTS, require_tool

TEMPLATES = SCRIPTS.parent / "templates"

#: Ten times what systemd-analyze prints; the facts' own directives score 85.
MOST_EXPOSED = "25"


def test_the_scripts_pass_shellcheck() -> None:
    scripts = [path for path in SCRIPTS.iterdir() if path.name not in SOURCED]
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
    analyze = require_tool("systemd-analyze")
    for unit in units:
        done = subprocess.run(
            [analyze, "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED}", unit],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout.splitlines()[-1:] + done.stderr.splitlines()


def test_units_restart_and_depend_as_the_deployment_does(site: Site) -> None:
    content = {Path(file.path).stem: file.content for file in unit_files(site)}
    for service in SERVICES:
        unit = content[service.unit]
        assert ("Requires=agentkeys-broker.service" in unit) == service.requires_broker
        assert f"Restart={'always' if service.unit == 'agentkeys-broker' else 'on-failure'}\n" in unit
        assert "RestartSec=5s\n" in unit
        assert f"{BIN_DIR}/{service.binary}" in unit
    assert f"--inbox-bucket {site.mail_bucket}" in content["agentkeys-worker-email"]


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


def test_sshd_accepts_the_drop_in(tmp_path: Path) -> None:
    sshd = require_tool("sshd")
    Path("/run/sshd").mkdir(exist_ok=True)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (tmp_path / "sshd_config").write_text(fill("sshd.conf") + f"HostKey {key}\n")
    shown = subprocess.run([sshd, "-T", "-f", tmp_path / "sshd_config"], capture_output=True, text=True, check=True)
    for line in ("passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin no"):
        assert line in shown.stdout.splitlines()


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
