"""Access keys in the AWS credentials file: what is kept, what is replaced, what is never shown."""

import configparser

import boto3
import pytest
from click.testing import CliRunner

from ops import exits
from ops.commands import credentials
from tests.support.stacks import a_stack

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
    assert "with another key (AKIAOLD). Nothing was changed" in refused.output
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


#: Forms that botocore reads and that people write, each of a profile whose key is another; %s is the profile.
ODD = {
    "a comment behind the header": "[%s] # mine\naws_access_key_id = AKIAOLD\naws_secret_access_key = o\n",
    "colons": "[%s]\naws_access_key_id: AKIAOLD\naws_secret_access_key: o\n",
    "upper case": "[%s]\nAWS_ACCESS_KEY_ID=AKIAOLD\nAws_Secret_Access_Key = o\n",
    "indented": "[%s]\n  output = json\n  aws_access_key_id = AKIAOLD\n  ; a note\n  aws_secret_access_key = o\n",
    "a continued value": "[%s]\naws_access_key_id = AKIAOLD\naws_secret_access_key = o\n  more\n",
    "carriage returns": "[%s]\r\naws_access_key_id = AKIAOLD\r\naws_secret_access_key = o\r\n",
    "no last line end": "[%s]\naws_access_key_id = AKIAOLD\naws_secret_access_key = o",
    "a session token": "[%s]\naws_access_key_id = AKIAOLD\naws_secret_access_key = o\naws_session_token = old\n",
}


@pytest.mark.parametrize("form", ODD)
def test_every_form_that_the_sdks_read_is_replaced_and_the_sdks_then_use_the_stacks_key(run, path, form):
    path.parent.mkdir()
    others = "[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\nS3 =\n  max_concurrent_requests = 1\n"
    path.write_bytes((others + ODD[form] % "agentkeys-broker-test").encode())
    assert "another key (AKIAOLD)" in run().output
    assert run("--replace").exit_code == exits.OK
    used = boto3.Session(profile_name="agentkeys-broker-test").get_credentials().get_frozen_credentials()
    assert (used.access_key, used.secret_key, used.token) == ("AKIAONE", "not-a-real-secret/1", None)
    written = path.read_bytes().decode()
    assert written.startswith(others)
    assert run("--replace", answer="").output == f"unchanged {path}\n"
    spelling = {"a comment behind the header": "] # mine", "colons": "aws_secret_access_key: not-a-real-secret/1\n",
                "upper case": "AWS_ACCESS_KEY_ID=AKIAONE\n", "indented": "  output = json\n",
                "carriage returns": "aws_access_key_id = AKIAONE\r\n"}  # fmt: skip
    assert spelling.get(form, "") in written


def test_an_old_session_token_is_taken_out_even_if_the_key_is_right(run, path):
    run()
    path.write_text(path.read_text() + "aws_session_token = old\n")
    assert "without aws_session_token" in run().output
    assert "aws_session_token" not in path.read_text()


def test_a_file_that_the_sdks_reject_is_not_touched(run, path):
    path.parent.mkdir()
    for text in (b"[default]\nregion = a\n[default]\nregion = b\n", b"# caf\xe9\n[default]\nregion = a\n"):
        path.write_bytes(text)
        refused = run()
        assert refused.exit_code == exits.WRONG
        assert "is not a credentials file that the AWS SDKs can read" in refused.output
        assert path.read_bytes() == text


def test_a_linked_file_stays_linked(run, path, tmp_path):
    real = tmp_path / "dotfiles"
    real.write_text(f"# café\n{OTHERS}")
    path.parent.mkdir()
    path.symlink_to(real)
    assert run().exit_code == exits.OK
    assert path.is_symlink()
    assert real.read_text().startswith(f"# café\n{OTHERS}")


def test_the_file_is_found_as_the_sdks_find_it(run, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "~/mine/credentials")
    assert run().exit_code == exits.OK
    assert (tmp_path / "mine" / "credentials").is_file()


def test_a_folder_that_cannot_be_written_is_an_answer(run, path, monkeypatch):
    path.parent.mkdir()

    def refuse(**_asked):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ops.commands.env.tempfile.mkstemp", refuse)
    refused = run()
    assert refused.exit_code == exits.WRONG
    assert "cannot be written: Permission denied. Nothing was changed." in refused.output
