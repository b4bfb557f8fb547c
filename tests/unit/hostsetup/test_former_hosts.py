"""How the steps detect a host that the bash scripts set up: by the paths of its key pairs and by its nginx sites."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.sites import SCRIPTS


def function(script: str, name: str, root: Path) -> str:
    """One function of a script, with the files of a folder in place of the system's."""
    found = re.search(rf"^{name}\(\) {{.*?^}}\n", (SCRIPTS / script).read_text(), re.MULTILINE | re.DOTALL)
    assert found, name
    return found[0].replace("/etc/", f"{root}/etc/")


def bash(text: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("file", "content", "path"),
    [
        ("agentkeys/broker.env", "BROKER_OIDC_KEYPAIR_PATH=/home/keys/oidc.json\n", "/home/keys/oidc.json"),
        ("agentkeys/broker.env", 'BROKER_OIDC_KEYPAIR_PATH="/home/keys/oidc.json"\n', "/home/keys/oidc.json"),
        (
            "systemd/system/agentkeys-broker.service",
            "[Service]\nEnvironment=BROKER_OIDC_KEYPAIR_PATH=/srv/o.json\nEnvironment=HOME=/x\n",
            "/srv/o.json",
        ),
        (
            "systemd/system/agentkeys-broker.service",
            '[Service]\nEnvironment="BROKER_OIDC_KEYPAIR_PATH=/srv/o.json"\n',
            "/srv/o.json",
        ),
        ("agentkeys/broker.env", "BROKER_SESSION_KEYPAIR_PATH=/srv/s.json\n#BROKER_OIDC_KEYPAIR_PATH=/no\n", ""),
        ("agentkeys/other.env", "", ""),
    ],
)
def test_the_former_place_of_a_key_pair_is_read_from_the_brokers_environment(
    tmp_path: Path, file: str, content: str, path: str
) -> None:
    where = tmp_path / "etc" / file
    where.parent.mkdir(parents=True)
    where.write_text(content)
    done = bash(function("secrets", "former_key_pair", tmp_path) + "former_key_pair oidc || true")
    assert done.stdout.strip() == path, done.stderr


@pytest.mark.parametrize(
    ("site", "ours"),
    [
        ("server {\n    server_name broker.example.org;\n}\n", True),
        ("server {\n\tserver_name  broker.example.org   signer.example.org ;\n}\n", True),
        ("server { listen 80; }\n", False),
        ("server { listen 80; server_name broker.example.org\n  signer.example.org; }\n", True),
        ("server { server_name broker.example.org; } server { server_name shop.example.org; } # one line\n", False),
        ("server {\n # server_name shop.example.org;\n server_name broker.example.org;\n}\n", True),
        ("server {\n server_name broker.example.org;\n}\nserver {\n server_name shop.example.org;\n}\n", False),
        ("server {\n server_name brokerXexample.org;\n}\n", False),
        ("server {\n server_name _;\n}\n", False),
    ],
)
def test_a_site_goes_only_when_it_serves_none_but_this_hosts_names(tmp_path: Path, site: str, ours: bool) -> None:
    (tmp_path / "site").write_text(site)
    (tmp_path / "hosts").write_text("broker broker.example.org\nsigner signer.example.org\n")
    text = f"source {SCRIPTS}/checks\n"
    done = bash(f"{text}if serves_only_these {tmp_path}/site {tmp_path}/hosts; then echo yes; else echo no; fi")
    assert done.stdout.strip() == ("yes" if ours else "no"), done.stderr
