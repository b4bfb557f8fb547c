"""Names over DNS and DNS over HTTPS, mail into buckets, and ports that somebody else holds."""

import email
import json
import os
import smtplib
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dnslib import RCODE, DNSRecord  # type: ignore[import-untyped]

from sandbox.aws import ports, seed
from sandbox.aws.dns import DohServer, NameServer
from sandbox.aws.mail import MailServer
from sandbox.aws.server import Account
from tests.support.emulated import ZONE_ID, s3_rule, ses_policy, upsert

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def names(account: Account) -> Iterator[NameServer]:
    server = NameServer(account, port=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def doh(account: Account) -> Iterator[DohServer]:
    server = DohServer(account, port=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def mail(account: Account) -> Iterator[MailServer]:
    server = MailServer(account, port=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def domain(client: Client, unique: str) -> str:
    route53, name = client("route53"), f"{unique}.litentry.org"
    upsert(route53, name, "A", "127.3.2.1")
    upsert(route53, name, "MX", "10 inbound-smtp.us-east-1.amazonaws.com")
    upsert(route53, name, "TXT", '"v=spf1 include:amazonses.com -all"', '"two" "halves"')
    upsert(route53, f"www.{name}", "CNAME", name)
    upsert(route53, f"deep.below.{name}", "A", "127.3.2.2")
    upsert(route53, f"*.wild.{name}", "A", "127.3.2.3")
    return name


def ask(names: NameServer, name: str, kind: str, *, tcp: bool = False) -> DNSRecord:
    return DNSRecord.parse(DNSRecord.question(name, kind).send("127.0.0.1", names.port, tcp=tcp, timeout=3))


def answers(reply: DNSRecord) -> list[str]:
    return [str(record.rdata) for record in reply.rr]


@pytest.mark.parametrize("tcp", [False, True])
def test_records_are_answered_with_authority(names: NameServer, domain: str, tcp: bool) -> None:
    reply = ask(names, domain.upper(), "A", tcp=tcp)
    assert answers(reply) == ["127.3.2.1"]
    assert (reply.header.aa, reply.header.ra, reply.rr[0].ttl) == (1, 0, 300)
    assert answers(ask(names, domain, "MX", tcp=tcp)) == ["10 inbound-smtp.us-east-1.amazonaws.com."]
    assert answers(ask(names, domain, "TXT", tcp=tcp)) == ['"v=spf1 include:amazonses.com -all"', '"two","halves"']
    assert answers(ask(names, f"www.{domain}", "A", tcp=tcp)) == [f"{domain}.", "127.3.2.1"]
    assert answers(ask(names, f"www.{domain}", "CNAME", tcp=tcp)) == [f"{domain}."]
    assert answers(ask(names, f"x.wild.{domain}", "A", tcp=tcp)) == ["127.3.2.3"]


def test_the_zone_answers_for_itself(names: NameServer) -> None:
    assert len(answers(ask(names, "litentry.org", "NS"))) == 4
    assert "ns-2048.awsdns-64.com." in answers(ask(names, "litentry.org", "SOA"))[0]


def test_no_such_name_and_no_such_type_differ(names: NameServer, domain: str) -> None:
    missing = ask(names, f"nothing.{domain}", "A")
    assert missing.header.rcode == RCODE.NXDOMAIN
    assert [record.rtype for record in missing.auth] == [6]
    # Certificate authorities ask for CAA before they issue; an empty answer lets them.
    for name, kind in ((domain, "CAA"), (domain, "AAAA"), (f"below.{domain}", "A")):
        empty = ask(names, name, kind)
        assert (empty.header.rcode, empty.rr) == (RCODE.NOERROR, [])
        assert [record.rtype for record in empty.auth] == [6]
    assert ask(names, "example.org", "A").header.rcode == RCODE.REFUSED


def test_private_zones_are_not_answered(names: NameServer, client: Client, unique: str) -> None:
    name = f"{unique}.litentry.org"
    upsert(client("route53"), name, "A", "127.0.0.8", zone_id=seed.PRIVATE_ZONE_ID)
    assert ask(names, name, "A").header.rcode == RCODE.NXDOMAIN


def fetch(doh: DohServer, path: str, accept: str = "application/dns-json") -> dict[str, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{doh.port}{path}", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310
        return dict(json.loads(answer.read()))


def test_dns_over_https_in_both_forms(doh: DohServer, domain: str) -> None:
    cloudflare = fetch(doh, f"/dns-query?name={domain}&type=A")
    assert cloudflare["Status"] == 0
    assert cloudflare["Answer"] == [{"name": domain, "type": 1, "TTL": 300, "data": "127.3.2.1"}]
    google = fetch(doh, f"/resolve?name={domain}.&type=16", accept="*/*")
    assert [answer["data"] for answer in google["Answer"]] == ["v=spf1 include:amazonses.com -all", "twohalves"]
    assert google["Answer"][0]["name"] == f"{domain}."
    assert fetch(doh, f"/dns-query?name={domain}&type=TXT")["Answer"][0]["data"].startswith('"v=spf1')
    missing = fetch(doh, f"/resolve?name=nothing.{domain}")
    assert missing["Status"] == 3
    assert "Answer" not in missing
    assert missing["Authority"][0]["type"] == 6
    for path, accept in (("/dns-query?name=x", "*/*"), ("/resolve?type=A", "*/*"), ("/resolve?name=x&type=?", "*/*")):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            fetch(doh, path, accept)


def send(mail: MailServer, recipient: str | list[str], body: str = "Subject: hello\r\n\r\nhello there\r\n") -> None:
    with smtplib.SMTP("127.0.0.1", mail.port, local_hostname="sender.example.org", timeout=5) as smtp:
        smtp.sendmail("someone@example.org", recipient, body)


def stored(client: Client, bucket: str) -> list[bytes]:
    s3 = client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return [
        s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys if not key.endswith("SETUP_NOTIFICATION")
    ]


@pytest.fixture
def receiving(client: Client, bucket: str, rule_set: str) -> Callable[..., None]:
    client("s3").put_bucket_policy(Bucket=bucket, Policy=ses_policy(bucket, None))

    def make(*recipients: str, name: str = "in", **changes: Any) -> None:
        client("ses").create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule(name, bucket, *recipients, **changes))

    return make


def test_mail_for_a_covered_recipient_lands_in_the_bucket(
    mail: MailServer, client: Client, bucket: str, receiving: Callable[..., None]
) -> None:
    receiving("bots.litentry.org")
    send(mail, "Agent@BOTS.litentry.org")
    (raw,) = stored(client, bucket)
    message = email.message_from_bytes(raw)
    assert message["Subject"] == "hello"
    assert message["X-SES-Spam-Verdict"] == "PASS"
    assert message["X-SES-RECEIPT"]
    assert "inbound-smtp.us-east-1.amazonaws.com" in message["Received"]
    assert message["Return-Path"] == "<someone@example.org>"
    assert message.get_payload() == "hello there\r\n"


@pytest.mark.parametrize(
    ("listed", "recipient", "accepted"),
    [
        ("a@bots.litentry.org", "a@bots.litentry.org", True),
        ("a@bots.litentry.org", "b@bots.litentry.org", False),
        ("bots.litentry.org", "a@sub.bots.litentry.org", False),
        (".bots.litentry.org", "a@sub.bots.litentry.org", True),
        (".bots.litentry.org", "a@bots.litentry.org", False),
        ("bots.litentry.org", "a@evilbots.litentry.org", False),
    ],
)
def test_recipients_are_matched_as_ses_does(
    mail: MailServer, receiving: Callable[..., None], listed: str, recipient: str, accepted: bool
) -> None:
    receiving(listed)
    if accepted:
        send(mail, recipient)
    else:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            send(mail, recipient)
        assert caught.value.recipients[recipient][0] == 550


def test_nobody_receives_without_an_active_set_or_an_enabled_rule(
    mail: MailServer, client: Client, receiving: Callable[..., None], rule_set: str
) -> None:
    receiving("bots.litentry.org", Enabled=False)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mail, "a@bots.litentry.org")
    client("ses").delete_receipt_rule(RuleSetName=rule_set, RuleName="in")
    receiving("bots.litentry.org")
    send(mail, "a@bots.litentry.org")
    client("ses").set_active_receipt_rule_set()
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mail, "a@bots.litentry.org")


def test_rules_run_in_order_until_one_stops(
    mail: MailServer, client: Client, bucket: str, receiving: Callable[..., None]
) -> None:
    receiving("bots.litentry.org", name="second")
    send(mail, "a@bots.litentry.org")
    assert len(stored(client, bucket)) == 1
    receiving("bots.litentry.org", name="first", Actions=[{"StopAction": {"Scope": "RuleSet"}}])
    send(mail, "a@bots.litentry.org")
    assert len(stored(client, bucket)) == 1


def test_the_bucket_policy_is_asked_at_each_mail(
    mail: MailServer, client: Client, bucket: str, receiving: Callable[..., None]
) -> None:
    receiving("bots.litentry.org")
    client("s3").delete_bucket_policy(Bucket=bucket)
    with pytest.raises(smtplib.SMTPDataError, match="the bucket has no policy"):
        send(mail, "a@bots.litentry.org")
    assert stored(client, bucket) == []


def test_a_taken_port_is_named_with_its_holder(account: Account) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        for server in (NameServer(account, port=port), DohServer(account, port=port), MailServer(account, port=port)):
            with pytest.raises(ports.PortTakenError, match=rf"port {port} .* process {os.getpid()} holds it"):
                server.start()
    with socket.socket() as free:
        # Free over TCP, which is checked first: the kernel assigns a UDP port without checking TCP.
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", port))
        with pytest.raises(ports.PortTakenError, match=rf"UDP port {port} .* process {os.getpid()} "):
            NameServer(account, port=port).start()
    assert account.zone_id == ZONE_ID
