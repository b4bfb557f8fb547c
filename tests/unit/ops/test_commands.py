"""All commands alike: what each can be asked, and how it ends when engine, account or a file do not answer."""

import http.server
import json
import os
import socket
import threading

import click
import pytest
from click.testing import CliRunner

from dev.recorder import ADDRESS, INSTANCE_ID, PROJECT, configuration
from ops import clients, exits, options
from ops.__main__ import COMMANDS, main
from ops.commands import ssh

ACCOUNT_ID = "429071895007"

#: Those that report; the others write a file, connect, or do one thing.
REPORTING = {"adopt", "audit", "doctor", "drift", "enrol", "env", "proof", "records", "recover", "retire", "snapshots"}
#: Those that call AWS, not only the engine and the host.
ASKING_AWS = ["adopt", "audit", "doctor", "proof", "retire", "sender", "snapshots", "ssh"]

#: What a command cannot be called without, beside its stack; the files are in the folder of ``run``.
NEEDED = {
    "backup": ("--recipient", "age1pen3jw5u0emv878cneuj2spdq9nwnde9nqws6xkegeu8n9n98feqn525xg", "--out", "new.age"),
    "enrol": ("ab" * 32, "--cloud", "gcp"),
    "restore": ("secrets.age", "--identity", "key.txt"),
}

IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT_ID}:user/agentkeys-admin</Arn><UserId>AIDA</UserId><Account>{ACCOUNT_ID}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
REFUSAL = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{0}</Code><Message>refused: {0}</Message></Error></ErrorResponse>"
)


def command(name):
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_takes_its_stack_in_the_same_way(name):
    asked = CliRunner().invoke(main, [name, "--help"], prog_name="agentkeys")
    assert asked.exit_code == exits.OK
    assert asked.output.startswith(f"Usage: agentkeys {name} ")
    assert "-s, --stack STACK" in asked.output
    first = (command(name).help or "").splitlines()[0]
    assert first.endswith((".", "?")), "the first line is a sentence"
    assert all(
        option.help and option.help.endswith(".") for option in command(name).params if isinstance(option, click.Option)
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_json_is_asked_for_in_one_way_by_whatever_reports(name):
    flags = [option for option in command(name).params if "--json" in option.opts]
    assert [(option.name, option.is_flag) for option in flags] == [("as_json", True)] * (name in REPORTING)


# --- what an engine and an account may answer

ENGINE = """#!/bin/sh
case "$1 $2 $3" in
  "config --json "*) cat {answers}/config ;;
  "stack output --json") cat {answers}/outputs ;;
  "stack output accessKeys") echo '{{"broker": {{"aws_access_key_id": "AKIA", "aws_secret_access_key": "x"}}}}' ;;
  "stack output sshPrivateKey") cat {answers}/key ;;
  "stack export "*) cat {answers}/state ;;
  *) echo "error: no answer to $*" >&2; exit 255 ;;
esac
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory, release):
    """Of an engine whose stack is up."""
    folder = tmp_path_factory.mktemp("engine")
    values = configuration(PROJECT, "test") | {f"agentkeys-cloud:{key}": value for key, value in release.items()}
    (folder / "config").write_text(json.dumps({key: {"value": value} for key, value in values.items()}))
    outputs = {
        "instanceId": INSTANCE_ID, "elasticIp": ADDRESS, "sshHostKey": "ssh-ed25519 AAAA", "dnsRecords": [],
        "release": "sha256:00",
    }  # fmt: skip
    (folder / "outputs").write_text(json.dumps(outputs))
    bucket = {"type": "aws:s3/bucket:Bucket", "urn": "u::vault-bucket", "id": "vault", "custom": True, "inputs": {}}
    (folder / "state").write_text(json.dumps({"deployment": {"resources": [bucket]}}))
    (folder / "key").write_text(json.dumps(ssh.ephemeral_key()[0]))
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").write_text(ENGINE.format(answers=folder))
    # Nothing listens at the address, and the test must not wait for that.
    (folder / "bin" / "ssh").write_text("#!/bin/sh\necho 'ssh: connect to host: timed out' >&2\nexit 255\n")
    for program in (folder / "bin").iterdir():
        program.chmod(0o755)
    return folder


@pytest.fixture
def run(answers, monkeypatch, tmp_path):
    """A command as a person in an empty folder calls it, who has no credentials."""
    monkeypatch.chdir(tmp_path)
    for needed in ("secrets.age", "key.txt"):
        (tmp_path / needed).write_text("")
    monkeypatch.setenv("PATH", f"{answers / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AGENTKEYS_DOH_URLS", json.dumps([f"http://127.0.0.1:{closed_port()}/dns-query"] * 1))
    monkeypatch.setattr(clients, "RETRIES", {"total_max_attempts": 1})
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")

    def call(*arguments):
        # What is given wins: the last of two equal options counts.
        given = [arguments[0], *NEEDED.get(arguments[0], ()), *arguments[1:]]
        done = CliRunner().invoke(main, given, prog_name="agentkeys", input="y\n")
        assert isinstance(done.exception, SystemExit | None), "a traceback"
        return done

    return call


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def keys(tmp_path):
    """Credentials in the file, also for the profile that `ssh` takes."""
    profile = "aws_access_key_id = AKIA\naws_secret_access_key = x\n"
    (tmp_path / "credentials").write_text(f"[default]\n{profile}[agentkeys-broker-test]\n{profile}")


@pytest.fixture
def aws(monkeypatch):
    """An account that answers every request with an error code, but may know who asks."""
    said = {"code": "AccessDenied", "known": False}

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            known = said["known"] and "Action=GetCallerIdentity" in body
            text = (IDENTITY if known else REFUSAL.format(said["code"])).encode()
            self.send_response(200 if known else 403)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("x-amzn-ErrorType", said["code"])
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815 - the names are http.server's

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield said
    server.shutdown()
    server.server_close()


def explained(done, code, said):
    assert done.exit_code == code, done.output
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert said in line


@pytest.mark.parametrize("name", COMMANDS)
def test_without_an_engine_the_way_to_one_is_told(run, name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    explained(run(name, "-s", "test"), exits.NOT_RUN, "there is no `pulumi` on PATH. Install it")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stack_that_has_no_file_is_a_wrong_argument(run, name):
    folder, known = (PROJECT / "clouds" / "gcp", "test") if name == "enrol" else (PROJECT, "prod, test")
    explained(run(name, "-s", "tset"), 2, f"there is no Pulumi.tset.yaml in {folder}; the stacks are {known}.")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stack_that_is_not_at_the_backend_is_told_with_both_ways_out(run, name, monkeypatch, tmp_path):
    engine = tmp_path / "bin" / "pulumi"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\necho \"error: no stack named 'test' found\" >&2\nexit 255\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", str(engine.parent))
    where = "-C clouds/gcp " if name == "enrol" else ""
    explained(run(name, "-s", "test"), exits.NOT_RUN, f"or create the stack: `pulumi {where}stack init test`.")


@pytest.mark.parametrize("name", [name for name in ASKING_AWS if name != "ssh"])
def test_without_credentials_a_profile_is_asked_for(run, name):
    explained(run(name, "-s", "test"), exits.NOT_RUN, "Unable to locate credentials. Select a profile (AWS_PROFILE)")


@pytest.mark.parametrize("name", ASKING_AWS)
def test_a_profile_that_is_not_there_is_named(run, name, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    given = ("--profile", "nobody") if name == "ssh" else ()
    done = run(name, "-s", "test", *given)
    explained(done, exits.NOT_RUN, "nobody")
    assert name == "ssh" or "Select a profile (AWS_PROFILE)" in done.stderr


@pytest.mark.parametrize("name", ASKING_AWS)
def test_a_token_that_has_expired_is_told_in_aws_words(run, name, keys, aws):
    aws["code"] = "ExpiredTokenException"
    explained(run(name, "-s", "test"), exits.NOT_RUN, "ExpiredTokenException")


@pytest.mark.parametrize("name", ASKING_AWS)
def test_an_account_that_cannot_be_reached_is_told_with_its_address(run, name, keys, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    explained(run(name, "-s", "test"), exits.NOT_RUN, "Could not connect to the endpoint URL")


@pytest.mark.parametrize("name", ASKING_AWS)
def test_a_file_of_profiles_that_is_none_is_named(run, name, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("no profile\n")
    explained(run(name, "-s", "test"), exits.NOT_RUN, str(tmp_path / "config"))


@pytest.mark.parametrize("name", ["adopt", "retire", "sender", "ssh"])
def test_credentials_that_may_nothing_are_told_with_what_was_refused(run, name, keys, aws):
    aws["known"] = True
    explained(run(name, "-s", "test"), exits.NOT_RUN, "AccessDenied")


@pytest.mark.parametrize("name", ["audit", "doctor", "proof"])
def test_a_report_with_credentials_that_may_nothing_has_lines_that_did_not_run(run, name, keys, aws):
    aws["known"] = True
    done = run(name, "-s", "test", "--json")
    assert done.exit_code in (exits.NOT_RUN, exits.WRONG), done.output
    assert json.loads(done.stdout)["summary"]["not run"] > 5


@pytest.mark.parametrize("arguments", [["drift"], ["ssh", "--fallback"]])
def test_a_host_that_does_not_answer_is_told_by_ssh_or_by_the_command(run, arguments):
    done = run(*arguments, "-s", "test")
    assert done.exit_code in (exits.NOT_RUN, 255)


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("credentials", ["credentials", "-s", "test"]),
        ("broker.test.env", ["env", "-s", "test"]),
        ("broker.test.env", ["env", "-s", "test", "--check"]),
        ("token", ["proof", "-s", "test", "--session-token-file", "token", "--session-token-file", "token"]),
    ],
)
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None], ids=["no text", "a folder"])
def test_a_file_that_cannot_be_used_is_named_and_kept(run, file, arguments, content, tmp_path):
    path = tmp_path / file
    path.mkdir() if content is None else path.write_bytes(content)
    done = run(*arguments)
    # Bytes that are no text are kept, so a file with some is one that differs.
    assert done.exit_code in (exits.WRONG, 2, exits.DRIFT), done.output
    assert file in done.output
    assert content is None or path.read_bytes() == content


@pytest.mark.parametrize("option", ["--out", "--summary"])
def test_a_report_without_a_place_runs_nothing(run, option):
    done = run("report", "-s", "test", option, "none/page")
    explained(done, exits.WRONG, "none/page cannot be written: there is no folder none that you may write to.")
    assert "audit" not in done.stderr


def test_a_folder_without_stacks_is_named(run, tmp_path):
    done = run("recover", "-s", "test", "--folder", str(tmp_path))
    explained(done, 2, f"there is no Pulumi.test.yaml in {tmp_path}; that folder has no stack's file.")


def test_the_name_of_a_stack_may_have_dots(tmp_path):
    (tmp_path / "Pulumi.a.b.yaml").touch()
    assert options.stacks(tmp_path) == ["a.b"]


def test_an_actor_is_enrolled_on_google_cloud_only(run, monkeypatch, tmp_path):
    """That needs no engine to be said."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in (options.AWS, "host"):
        done = run("enrol", "-s", "test", "--cloud", name)
        explained(done, 2, "only stacks on Google Cloud have enrolments: add --cloud gcp.")


@pytest.mark.parametrize("name", ["adopt", "env"])
def test_a_folder_that_cannot_be_made_is_named(run, name, tmp_path):
    (tmp_path / "file").touch()
    explained(run(name, "-s", "test", "--directory", "file/below"), exits.NOT_RUN, "file/below: Not a directory")


def test_a_folder_is_the_callers_and_a_file_of_the_settings_is_the_projects(run, monkeypatch, tmp_path):
    """The certificates are looked for from the project's folder, as the engine does."""
    monkeypatch.setenv("AGENTKEYS_CA_BUNDLE", "settings.py")
    done = run("env", "-s", "test", "--directory", "here", "--json")
    assert done.exit_code == exits.OK, done.output
    assert [item["path"] for item in json.loads(done.stdout)["files"]][1] == "here/broker.test.env"
    assert (tmp_path / "here" / "broker.test.env").is_file()
