"""docs/ambient.md names every environment variable that the code reads or sets, and no other without a test."""

import ast
import os
import re
import ssl

import pytest
import requests

from components import cli
from dev.recorder import PROJECT
from gates import dns, issuer
from ops import clients, session
from ops.commands import doctor
from tests.support import environment
from tests.support.stacks import a_stack

PAGE = (PROJECT / "docs/ambient.md").read_text()
COMPUTER, HOST = re.split("^## On the host$", PAGE, flags=re.MULTILINE)

#: Variables that no code names, because a tool or a library takes them, with the test that shows what the page says.
#: Those that a column calls passed are not taken from the environment of the tool.
BY_TOOLS = {
    "AWS_REGION": "tests/emulated/test_asked_regions.py",
    "AWS_DEFAULT_REGION": "tests/emulated/test_asked_regions.py",
    "AWS_ENDPOINT_URL_*": "tests/unit/test_ambient.py::test_commands_ask_where_the_environment_says",
    "AWS_MAX_ATTEMPTS": "tests/unit/test_ambient.py::test_commands_have_their_own_retries",
    "AWS_RETRY_MODE": "tests/unit/test_ambient.py::test_commands_have_their_own_retries",
    "AWS_SHARED_CREDENTIALS_FILE": "tests/unit/ops/commands/test_credentials.py",
    "AWS_CONFIG_FILE": "tests/emulated/test_asked_regions.py",
    "HTTPS_PROXY": "tests/unit/test_ambient.py::test_resolvers_are_asked_as_the_environment_says",
    "NO_PROXY": "tests/unit/test_ambient.py::test_resolvers_are_asked_as_the_environment_says",
    "AWS_CA_BUNDLE": "tests/unit/test_ambient.py::test_commands_trust_whom_the_environment_names",
    "REQUESTS_CA_BUNDLE": "tests/unit/test_ambient.py::test_commands_trust_whom_the_environment_names",
    "SSL_CERT_FILE": "tests/unit/test_ambient.py::test_the_doctor_trusts_the_bundle_or_the_systems_authorities",
    "NETRC": "tests/unit/gates/test_gates.py::test_a_resolver_is_sent_no_password_of_the_operators",
    "SSH_ASKPASS": "tests/unit/test_ambient.py::test_ssh_asks_nobody_and_reads_no_file_of_the_users",
    "PYTHONPATH": "tests/unit/ops/test_agentkeys.py::test_modules_of_pythonpath_are_not_taken",
    "PYTHONHOME": "tests/unit/ops/test_agentkeys.py::test_modules_of_pythonpath_are_not_taken",
    "TMPDIR": "tests/unit/gates/test_gates.py::test_an_agent_listens_below_a_temporary_folder_with_a_long_name",
    "LANG": "tests/unit/ops/test_stack.py::test_output_that_is_not_utf_8_is_read",
    "PATH": "tests/unit/gates/test_gates.py::test_a_missing_program_is_named_before_the_wait",
}

#: Names that are in the code and are no variables of the environment.
OTHERS = {"ID": "of /etc/os-release"}


def named(text):
    """The variables in the tables' first columns and, on the host, in all columns."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [cell for row in rows for cell in (row.split(" | ") if text is HOST else row.split(" | ")[:1])]
    spans = [span for cell in cells for span in re.findall(r"`([^`]+)`", cell)]
    return {span for span in spans if re.fullmatch(r"[A-Z][A-Z0-9_]{2,}\*?", span)}


def covers(name, names):
    return name in names or any(one.endswith("*") and name.startswith(one[:-1]) for one in names)


@pytest.mark.parametrize(
    ("text", "places"), [(COMPUTER, environment.ON_COMPUTER), (HOST, environment.ON_HOST)], ids=["computer", "host"]
)
def test_the_page_names_every_variable_of_the_code(text, places):
    missing = {
        name: sorted(files)
        for name, files in environment.found(*places).items()
        if name not in OTHERS and not covers(name, named(text))
    }
    assert missing == {}


@pytest.mark.parametrize(
    ("text", "places"), [(COMPUTER, environment.ON_COMPUTER), (HOST, environment.ON_HOST)], ids=["computer", "host"]
)
def test_what_the_page_names_is_in_the_code_or_has_a_test(text, places):
    assert named(text) - environment.found(*places).keys() - BY_TOOLS.keys() == set()


def test_every_named_test_is_there():
    for place in set(BY_TOOLS.values()):
        path, _, name = place.partition("::")
        functions = {
            node.name for node in ast.walk(ast.parse((PROJECT / path).read_text())) if isinstance(node, ast.FunctionDef)
        }
        assert not name or name in functions, place
    assert set(BY_TOOLS) <= named(COMPUTER) | named(HOST)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('import os\ndef f():\n    return os.environ["A_B"]\ndef g():\n    return "C_D"', {"A_B"}),
        ('import os\nX = os.environ.get(f"A_{x}")', {"A_*"}),
        ('import os\nrun(env={**os.environ, "A_B": "1"})', {"A_B"}),
        ('from os import environ as e\nimport os\nos.getenv("A_B")', {"A_B"}),
        ('X = "export A_B=1 C_D=2\\n"', {"A_B", "C_D"}),
    ],
)
def test_names_are_found_in_python(text, names):
    assert environment.of_python(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('echo $A_B ${C_D-} "${E_F[0]}" $lower $LINENO ${PIPESTATUS[0]}', {"A_B", "C_D", "E_F"}),
        ("export A_B=1 C_D=2\nE_F=3 command", {"A_B", "C_D", "E_F"}),
        ("# $A_B\n  # C_D=1\ntrue # $E_F", set()),
        ("openssl -subj /CN=x --opt-A_B=1", set()),
    ],
)
def test_names_are_found_in_shell(text, names):
    assert environment.of_shell(text) == names


# --- what tools and libraries take


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def made(service="sts"):
    return clients.of(session.boto3.Session(region_name="us-east-1"), service)


def test_commands_have_their_own_retries(credentials, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    assert made().meta.config.retries == {"mode": "standard", "total_max_attempts": 6}


def test_commands_ask_where_the_environment_says(credentials, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2")
    assert [made(name).meta.endpoint_url for name in ("sts", "s3")] == ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def test_commands_trust_whom_the_environment_names(credentials, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "requests.pem"))
    assert made()._endpoint.http_session._verify == str(tmp_path / "requests.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "aws.pem"))
    assert made()._endpoint.http_session._verify == str(tmp_path / "aws.pem")


@pytest.fixture
def sent(monkeypatch):
    """What requests would send, and how."""
    seen = []

    def send(_self, request, **how):
        seen.append({"url": request.url, **how})
        raise requests.ConnectionError

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return seen


def test_resolvers_are_asked_as_the_environment_says(sent, monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("NO_PROXY", "b.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", "/none")
    for resolver in ("https://a.example/dns-query", "https://b.example/dns-query"):
        with pytest.raises(Exception, match="example"):
            dns.resolve("www.example.org", resolver)
    assert [how["proxies"].get("https") for how in sent] == ["http://192.0.2.1:3128", None]
    assert [how["verify"] for how in sent] == [str(tmp_path)] * 2


def test_the_issuer_is_reached_directly_and_trusted_by_the_stack(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/none")
    monkeypatch.setenv("SSL_CERT_FILE", "/none")
    pools = [issuer.connection("192.0.2.2", "broker.example.org", bundle) for bundle in ("", "/mine.pem")]
    assert [(pool.host, pool.proxy) for pool in pools] == [("192.0.2.2", None)] * 2
    assert [pool.ca_certs for pool in pools] == [requests.certs.where(), "/mine.pem"]


@pytest.mark.parametrize(("bundle", "wanted"), [("", None), ("/mine.pem", "/mine.pem")])
def test_the_doctor_trusts_the_bundle_or_the_systems_authorities(release, monkeypatch, bundle, wanted):
    """Python's own authorities are those of SSL_CERT_FILE, if it is set."""
    asked = []
    monkeypatch.setattr(ssl, "create_default_context", lambda cafile=None: asked.append(cafile) or 1 / 0)
    stack = a_stack("test", release)
    stack.settings.__dict__["ca_bundle"] = bundle
    with pytest.raises(ZeroDivisionError):
        doctor.Doctor(stack=stack, ask=None).certificate("broker.example.org", "192.0.2.2")
    assert asked == [wanted]
    assert ssl.get_default_verify_paths().openssl_cafile_env == "SSL_CERT_FILE"


def test_ssh_asks_nobody_and_reads_no_file_of_the_users():
    from gates.ssh import session as to_host
    from tests.unit.ops.commands.test_ssh import ssh

    with to_host("ubuntu@192.0.2.1", ssh.ephemeral_key()[0], "ssh-ed25519 AAAA") as command:
        assert command[:3] == ["ssh", "-F", "none"]
        effective = dict(
            line.split(" ", 1)
            for line in os.popen(f"SSH_AUTH_SOCK=/none {' '.join(command)} -G").read().lower().splitlines()  # noqa: S605
        )
    for name in ("passwordauthentication", "kbdinteractiveauthentication"):
        assert effective[name] == "no"
    assert "agentkeys-" in effective["identityagent"]


def test_the_aws_cli_of_resources_is_asked_for_text():
    """The profile's `output` has no effect on a call that names its own."""
    # Without the line ends of shell and of Python.
    texts = [
        re.sub(r'\\\n *|"\n +f?"', "", path.read_text()) for path in sorted((PROJECT / "components").rglob("*.py"))
    ]
    calls = [call for text in texts for call in re.findall(r"(?:\$\(|\) )(aws (?:ec2|ses) .*)", text)]
    assert len(calls) == 5
    for call in calls:
        assert "--output text" in call
        assert "--region" in call
    assert "AWS_PAGER=''" in cli.PLAIN
