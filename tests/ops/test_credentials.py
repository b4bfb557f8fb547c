"""Access keys in the AWS credentials file: what is kept, what is replaced, what is never shown."""

import configparser

import pytest
from click.testing import CliRunner

from ops import credentials, exits
from tests.ops.stacks import a_stack

KEYS = {"broker": {"aws_access_key_id": "AKIAONE", "aws_secret_access_key": "not-a-real-secret/1"}}
OTHERS = "# mine\n[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\n\n[work]\nrole_arn=x # note\n"


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws" / "credentials"))
    return tmp_path / "aws" / "credentials"


@pytest.fixture
def run(release, monkeypatch, path):
    stack = a_stack("test", release)
    monkeypatch.setattr(credentials, "read", lambda _name: stack)

    def call(*arguments, keys=KEYS, answer="y\n"):
        monkeypatch.setattr(credentials, "ask", lambda *_asked: keys)
        return CliRunner().invoke(credentials.command, ["-s", "test", *arguments], input=answer)

    return call


def parsed(path):
    parser = configparser.ConfigParser()
    parser.read(path)
    return parser


def test_a_profile_is_written_for_its_owner_alone_and_the_secret_is_not_shown(run, path):
    done = run()
    assert done.exit_code == exits.OK, done.output
    assert "not-a-real-secret" not in done.output
    assert dict(parsed(path)["agentkeys-broker-test"]) == {**KEYS["broker"], "region": "us-east-1"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_others_wrote_stays_as_it_was(run, path):
    path.parent.mkdir()
    path.write_text(OTHERS)
    run()
    assert path.read_text().startswith(OTHERS)
    assert parsed(path)["agentkeys-broker-test"]["aws_access_key_id"] == "AKIAONE"


def test_a_second_run_changes_nothing_and_asks_nothing(run, path):
    run()
    before = path.read_text()
    assert run(answer="").output == f"unchanged {path}\n"
    assert path.read_text() == before


def test_another_key_is_kept_until_replace_is_given_and_its_neighbours_then_stay(run, path):
    path.parent.mkdir()
    path.write_text(f"[agentkeys-broker-test]\naws_access_key_id = AKIAOLD\noutput = json\n\n{OTHERS}")
    refused = run()
    assert refused.exit_code == exits.WRONG
    assert "with another key (AKIAOLD), and nothing has been changed" in refused.output
    assert "AKIAOLD" in path.read_text()
    assert run("--replace").exit_code == exits.OK
    assert dict(parsed(path)["agentkeys-broker-test"]) == {**KEYS["broker"], "region": "us-east-1", "output": "json"}
    assert path.read_text().endswith(OTHERS)


def test_nothing_is_written_without_a_yes(run, path):
    assert run(answer="n\n").exit_code == exits.WRONG
    assert not path.exists()


def test_a_stack_without_keys_says_how_to_get_some(run):
    refused = run(keys={})
    assert refused.exit_code == exits.WRONG
    assert "name the users in accessKeyUsers" in refused.output
