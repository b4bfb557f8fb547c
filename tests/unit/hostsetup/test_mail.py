"""The SMTP receiver and its delivery as real processes: with swaks, with exim as a sending MTA, and through mishaps."""

import concurrent.futures
import contextlib
import json
import resource
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.support.receiver import BUCKET, DOMAIN, NAME, Receiver
from tests.support.sites import require_tool

MESSAGE = f"From: somebody@example.com\r\nTo: bot@{DOMAIN}\r\nSubject: hello\r\n\r\n.a line that starts with a dot\r\n"


@pytest.fixture
def made(tmp_path):
    """Makes a receiver with a changed configuration, and ends all of them."""
    receivers = []

    def make(**changed):
        receivers.append(Receiver(tmp_path / str(len(receivers)), **changed))
        return receivers[-1]

    yield make
    for receiver in receivers:
        receiver.end()


@pytest.fixture(scope="module")
def store():
    """An object store that is AWS's emulator, and a client of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket=BUCKET)
    yield endpoint, client
    server.stop()


KEY = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}


def objects(client):
    found = client.list_objects_v2(Bucket=BUCKET, Prefix="inbound/").get("Contents", [])
    return {item["Key"]: client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in found}


def test_what_swaks_sends_is_in_the_bucket_as_it_came(made, store):
    endpoint, client = store
    receiver = made(endpoint=endpoint)
    receiver.deliver(**KEY)
    done = subprocess.run(
        [require_tool("swaks"), "--server", "127.0.0.1", "--port", str(receiver.port), "--from", "somebody@example.com",
         "--to", f"bot@{DOMAIN}", "--data", MESSAGE.replace("\r\n", "\\n")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (name,) = [line.split()[-1] for line in done.stdout.splitlines() if "250 2.0.0 OK" in line]
    assert receiver.eventually_empty()
    head, _, rest = objects(client)[f"inbound/{name}"].partition(b"From: somebody")
    assert head.startswith(b"Return-Path: <somebody@example.com>\r\nReceived: from ")
    assert f"by {NAME} with ESMTP\r\n for <bot@{DOMAIN}>;".encode() in head
    assert (b"From: somebody" + rest).rstrip() == MESSAGE.rstrip().encode()


EXIM = """
exim_path = {program}
spool_directory = {folder}/exim
log_file_path = {folder}/exim/%slog
primary_hostname = sender.example.com
trusted_users = root
keep_environment =
begin routers
there:
  driver = manualroute
  transport = smtp
  route_list = * 127.0.0.1
  self = send
begin transports
smtp:
  driver = smtp
  port = {port}
  hosts_require_tls = *
  tls_verify_certificates = {ca}
  tls_verify_hosts = *
  tls_verify_cert_hostnames = :
  tls_sni = {name}
begin retry
* * F,1h,1s
"""


@pytest.fixture
def open_folder():
    """A folder that exim's own user can reach, which pytest's are not."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "exim").mkdir()
        shutil.chown(folder / "exim", "Debian-exim", "Debian-exim")
        yield folder


def test_exim_keeps_mail_while_the_disk_is_full_and_delivers_it_afterwards(made, open_folder):
    """A real sending MTA: it takes 452 for a reason to try again, and its own queue empties then."""
    receiver = made(least_free_bytes=2**62)
    program = require_tool("exim4")
    configuration, authority = open_folder / "exim.conf", open_folder / "ca.pem"
    shutil.copy(receiver.credentials / "fullchain.pem", authority)
    configuration.write_text(
        EXIM.format(program=program, folder=open_folder, port=receiver.port, ca=authority, name=NAME)
    )

    def exim(*arguments, stdin=""):
        done = subprocess.run(
            [program, "-C", configuration, *arguments], input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    exim("-odi", "-f", "somebody@example.com", f"bot@{DOMAIN}", stdin=MESSAGE.replace("\r\n", "\n"))
    assert f"bot@{DOMAIN}" in exim("-bp"), "it stays in exim's queue"
    assert receiver.kept() == {}
    values = json.loads(receiver.configuration.read_text())
    receiver.configuration.write_text(json.dumps({**values, "least_free_bytes": 0}))
    receiver.process.terminate()
    receiver.process.wait()
    receiver.start()
    exim("-qff")
    assert exim("-bp").strip() == ""
    (content,) = receiver.kept().values()
    assert b"with ESMTPS" in content
    assert content.endswith(b"\r\n\r\n.a line that starts with a dot\r\n")


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (f"anyone@{DOMAIN}", 250),
        (f"anyone@{DOMAIN.upper()}", 250),
        ("postmaster", 250),
        ("root", 550),
        ("somebody@example.com", 550),
        (f"somebody@sub.{DOMAIN}", 550),
        (f"somebody%example.com@{DOMAIN}.example.com", 550),
        (f'"a@example.com"@{DOMAIN}', 250),
    ],
)
def test_it_takes_mail_for_its_domain_and_relays_nothing(made, recipient, code):
    with made().smtp() as client:
        client.ehlo()
        client.mail("somebody@example.com")
        assert client.rcpt(recipient)[0] == code


def test_a_message_above_the_limit_is_refused_before_and_after_its_data(made):
    receiver = made(limit_bytes=1000)
    with receiver.smtp() as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "1000"
        assert client.docmd("MAIL FROM:<somebody@example.com> SIZE=1001")[0] == 552
        client.mail("somebody@example.com")
        client.rcpt(f"bot@{DOMAIN}")
        assert client.data(b"x" * 900 + b"\r\n" + b"x" * 200)[0] == 552
    assert receiver.kept() == {}


def test_required_tls_is_required(made):
    receiver = made(requires_tls=True)
    with receiver.smtp() as client:
        client.ehlo()
        assert client.docmd("MAIL FROM:<somebody@example.com>")[0] == 530
    with receiver.smtp(tls=True) as client:
        client.sendmail("somebody@example.com", f"bot@{DOMAIN}", MESSAGE)
    assert len(receiver.kept()) == 1


def test_commands_in_front_of_the_handshake_do_not_count_behind_it(made):
    """RFC 3207 section 4.2: somebody on the way could put them there."""
    receiver = made()
    with receiver.smtp() as client:
        client.ehlo()
        client.sock.sendall(b"STARTTLS\r\nMAIL FROM:<injected@example.com>\r\n")
        assert client.getreply()[0] == 220
        context = ssl.create_default_context(cafile=str(receiver.credentials / "fullchain.pem"))
        client.sock = context.wrap_socket(client.sock, server_hostname=NAME)
        client.file = None
        client.ehlo_resp = client.helo_resp = None
        assert client.docmd("EHLO sender.example.com")[0] == 250, "no answer to the injected command is in front of it"
        assert client.rcpt(f"bot@{DOMAIN}")[0] == 503


def test_mail_waits_in_the_spool_while_the_store_is_away(made, store):
    endpoint, client = store
    receiver = made()
    with receiver.smtp() as sender:
        sender.sendmail("somebody@example.com", f"bot@{DOMAIN}", MESSAGE)
    delivery = receiver.deliver(**KEY)
    assert "stay in the spool" in delivery.stdout.readline()
    delivery.kill()
    ((name, content),) = receiver.kept().items()
    values = json.loads(receiver.configuration.read_text())
    receiver.configuration.write_text(json.dumps({**values, "endpoint": endpoint}))
    receiver.deliver(**KEY)
    assert receiver.eventually_empty()
    assert objects(client)[f"inbound/{name}"] == content


def test_kill_9_loses_nothing_that_was_accepted(made):
    receiver = made()
    accepted = []

    def send(number):
        with contextlib.suppress(OSError, smtplib.SMTPException), receiver.smtp() as client:
            client.ehlo()
            client.mail("somebody@example.com")
            client.rcpt(f"bot@{DOMAIN}")
            code, said = client.data(f"Subject: {number}\r\n\r\n{'x' * 50_000}\r\n")
            if code == 250:
                accepted.append((said.split()[-1].decode(), number))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in range(60)]
        for _ in range(3):
            time.sleep(0.15)
            receiver.process.send_signal(signal.SIGKILL)
            receiver.process.wait()
            receiver.start()
        concurrent.futures.wait(sent)
    kept = receiver.kept()
    assert accepted, "some were accepted between the kills"
    for name, number in accepted:
        assert f"Subject: {number}\r\n".encode() in kept[name], "accepted and lost"
        assert kept[name].endswith(b"x\r\n"), "accepted and cut"
    receiver.process.kill()
    receiver.process.wait()
    (receiver.spool / ".unfinished").write_text("x")
    receiver.start()
    assert ".unfinished" not in receiver.kept(), "nobody was told that it was accepted"


def test_a_disk_that_takes_no_more_is_answered_with_452_and_leaves_nothing(made):
    receiver = made()
    resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (500, 500))
    with receiver.smtp() as client:
        client.ehlo()
        client.mail("somebody@example.com")
        client.rcpt(f"bot@{DOMAIN}")
        assert client.data("x" * 900)[0] == 452
    assert receiver.kept() == {}


def test_connections_above_the_limit_are_turned_away_for_now_and_the_others_live_on(made):
    receiver = made()
    with contextlib.ExitStack() as opened:
        idle = [opened.enter_context(socket.create_connection(("127.0.0.1", receiver.port), 10)) for _ in range(60)]
        greetings = [one.recv(3) for one in idle]
        assert greetings.count(b"421") == 10
    with receiver.smtp() as client:
        assert client.noop()[0] == 250


def test_the_check_writes_the_expiry_once_and_names_what_is_wrong(made, store):
    endpoint, client = store
    receiver = made(endpoint=endpoint)
    other = {"ID": "theirs", "Filter": {"Prefix": "x/"}, "Status": "Enabled", "Expiration": {"Days": 1}}
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [other]})
    assert [receiver.deliver("check", **KEY).communicate()[0].split()[0] for _ in range(2)] == ["changed", "unchanged"]
    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert {rule["ID"]: rule["Expiration"]["Days"] for rule in rules} == {"theirs": 1, "inbound-30d-ttl": 30}
    assert "inbound/AGENTKEYS_SETUP_NOTIFICATION" in objects(client)
    away = made(endpoint=endpoint, bucket="no-such-bucket").deliver("check", **KEY)
    said = away.communicate()[0]
    assert away.returncode == 1
    assert "the bucket 'no-such-bucket' at http://" in said
    assert "Traceback" not in said
