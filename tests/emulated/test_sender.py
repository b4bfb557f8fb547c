"""`agentkeys sender` against the emulated account: which links it opens, which mails it leaves, and its messages."""

import quopri
from types import SimpleNamespace

import boto3
import pytest

from ops.commands import sender
from tests.support.emulated import ACCOUNT_ID, REGION, credentials, s3_rule, ses_policy
from tests.support.stacks import a_stack

ADDRESS = "noreply-test@bots-test.litentry.org"
DECOY = f"https://email-verification.{REGION}.amazonaws.com/?Context=%s&Identity.IdentityName=%s&Token=1"


@pytest.fixture
def stack(release):
    return a_stack("test", release)


@pytest.fixture
def here(account, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.endpoint)
    return boto3.Session(region_name=REGION, **credentials(account.home))


@pytest.fixture
def inbox(client, stack, rule_set):
    bucket = stack.names.bucket("mail")
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=ses_policy(bucket, None))
    client("ses").create_receipt_rule(RuleSetName=rule_set, Rule=s3_rule("in", bucket, stack.names.mail_domain))
    yield bucket
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"])
    s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def identity(client, inbox):
    client("sesv2").create_email_identity(EmailIdentity=ADDRESS)
    yield ADDRESS
    client("sesv2").delete_email_identity(EmailIdentity=ADDRESS)


def keys(client, bucket):
    return {item["Key"] for item in client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_the_mail_is_found_among_others_its_link_is_opened_and_only_it_is_deleted(client, stack, here, inbox, identity):
    s3 = client("s3")
    (mail,) = keys(client, inbox) - {"inbound/AMAZON_SES_SETUP_NOTIFICATION"}
    s3.put_object(Bucket=inbox, Key="inbound/000-no-link", Body=b"Subject: hello\r\n\r\nno link = in here\r\n")
    said = sender.verify(stack, here, say=lambda _line: None)
    assert said == f"{ADDRESS} is verified"
    assert client("sesv2").get_email_identity(EmailIdentity=ADDRESS)["VerifiedForSendingStatus"]
    assert keys(client, inbox) == {"inbound/AMAZON_SES_SETUP_NOTIFICATION", "inbound/000-no-link"}
    assert mail not in keys(client, inbox)


def test_a_link_that_ses_does_not_take_any_more_stays_and_the_next_mail_is_read(client, stack, here, inbox, identity):
    """Links live for a day, mails for thirty: a worn-out one must not be in the way of every later run."""
    s3 = client("s3")
    (mail,) = keys(client, inbox) - {"inbound/AMAZON_SES_SETUP_NOTIFICATION"}
    worn_out = f"Content-Type: text/plain\r\n\r\n{DECOY % (ACCOUNT_ID, ADDRESS)}\r\n".encode()
    s3.put_object(Bucket=inbox, Key="inbound/0-worn-out", Body=worn_out)
    assert sender.verify(stack, here, say=lambda _line: None) == f"{ADDRESS} is verified"
    assert "inbound/0-worn-out" in keys(client, inbox)
    assert mail not in keys(client, inbox)


def test_with_worn_out_links_alone_another_mail_is_asked_for(client, stack, here, inbox, identity):
    for key in keys(client, inbox):
        client("s3").delete_object(Bucket=inbox, Key=key)
    worn_out = f"Content-Type: text/plain\r\n\r\n{DECOY % (ACCOUNT_ID, ADDRESS)}\r\n".encode()
    client("s3").put_object(Bucket=inbox, Key="inbound/0-worn-out", Body=worn_out)
    lines = []
    assert sender.verify(stack, here, say=lines.append, pause=0.01) == f"{ADDRESS} is verified"
    assert lines.count(f"asking SES to send a mail to {ADDRESS}") == 1


def test_a_link_is_read_to_its_end_out_of_quoted_printable_with_every_equals_sign_in_it():
    link = (DECOY % (ACCOUNT_ID, ADDRESS)).replace("Token=1", f"Token={'ab' * 60}&X-Amz-Algorithm=one&more=two==")
    body = quopri.encodestring(f"Please open\r\n\r\n{link}\r\n".encode())
    assert body.count(b"=\r\n") >= 2, "the link is cut into lines"
    raw = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + body
    assert sender.link_of(raw, ADDRESS, ACCOUNT_ID, REGION) == link


def test_a_verified_address_costs_one_call(client, stack, here, inbox, identity):
    sender.verify(stack, here, say=lambda _line: None)
    before = keys(client, inbox)
    lines = []
    assert sender.verify(stack, here, say=lines.append) == f"{ADDRESS} is verified already; nothing was done"
    assert (lines, keys(client, inbox)) == ([], before)


def test_a_lost_mail_is_asked_for_again(client, stack, here, inbox, identity):
    for key in keys(client, inbox):
        client("s3").delete_object(Bucket=inbox, Key=key)
    lines = []
    assert sender.verify(stack, here, say=lines.append, pause=0.01) == f"{ADDRESS} is verified"
    assert lines[0] == f"asking SES to send a mail to {ADDRESS}"


@pytest.mark.parametrize(("context", "name"), [("111122223333", ADDRESS), (ACCOUNT_ID, "someone@else.org")])
def test_a_link_of_another_account_or_for_another_address_is_never_opened(context, name):
    raw = f"Content-Type: text/plain\r\n\r\n{DECOY % (context, name)}\r\n".encode()
    assert sender.link_of(raw, ADDRESS, ACCOUNT_ID, REGION) is None
    right = raw.replace(context.encode(), ACCOUNT_ID.encode()).replace(name.encode(), ADDRESS.encode())
    assert sender.link_of(right, ADDRESS, ACCOUNT_ID, REGION) == DECOY % (ACCOUNT_ID, ADDRESS)


def test_a_link_in_html_is_read_as_a_browser_reads_it():
    link = (DECOY % (ACCOUNT_ID, ADDRESS)).replace("&", "&amp;")
    raw = f'Content-Type: text/html\r\n\r\n<a href="{link}">here</a>\r\n'.encode()
    assert sender.link_of(raw, ADDRESS, ACCOUNT_ID, REGION) == DECOY % (ACCOUNT_ID, ADDRESS)


def test_without_the_mail_the_message_says_what_to_look_at(client, stack, here, inbox, identity):
    ses = client("ses")
    (active,) = [item["Name"] for item in [ses.describe_active_receipt_rule_set()["Metadata"]]]
    ses.delete_receipt_rule(RuleSetName=active, RuleName="in")
    for key in keys(client, inbox):
        client("s3").delete_object(Bucket=inbox, Key=key)
    with pytest.raises(sender.SenderError, match=r"no mail from SES for .*\(0 mails were read.*MX record of bots-test"):
        sender.verify(stack, here, say=lambda _line: None, patience=0.05, pause=0.02)


def test_before_the_first_up_the_way_out_is_named(stack, here, inbox):
    with pytest.raises(sender.SenderError, match=r"SES has no identity .*: run `pulumi up -s test` first"):
        sender.verify(stack, here, say=lambda _line: None)


def test_a_forged_mail_leads_nowhere_else():
    """A mail can be forged; its link cannot, so what counts is where the link leads."""
    forged = (
        b"From: no-reply-aws@amazon.com\r\n\r\nhttps://email-verification.us-east-1.amazonaws.com.evil.org/?a=1\r\n"
    )
    assert sender.link_of(forged, ADDRESS, ACCOUNT_ID, REGION) is None


LINK = DECOY % (ACCOUNT_ID, ADDRESS)


def mail(head, body=LINK):
    return f"{head}\r\n\r\n{body}\r\n".encode("latin-1")


@pytest.mark.parametrize(
    "raw",
    [
        mail("Content-Type: text/plain; charset=no-such-charset"),
        mail('Content-Type: text/plain; charset="utf-8\xff"'),
        mail("Content-Type: text/plain; charset=utf-8", f"\xff\xfe {LINK}"),
        mail("Content-Type: text/plain; charset*=utf-8''%ff"),
        mail("Content-Transfer-Encoding: 8bit\r\nSubject: =?no-such?B?!!!?=\r\nContent-Type: text/plain"),
        mail("To: \"a\" <@:\r\nDate: \xff\r\nContent-Type: text/plain; =;;"),
    ],
)  # fmt: skip
def test_the_link_is_found_whatever_the_mail_claims_about_itself(raw):
    assert sender.link_of(raw, ADDRESS, ACCOUNT_ID, REGION) == LINK


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        mail("Content-Type: multipart/mixed; boundary=", "--"),
        mail("Content-Type: text/plain; charset=no-such-charset", "nothing"),
        mail("Content-Type: text/plain; charset=idna", "a" * 100),
        mail("Content-Type: message/rfc822", "Content-Type: message/rfc822\r\n\r\n" * 2000),
        mail("Content-Type: text/html", LINK.replace("https://email", "https://[email")),
        mail("Content-Type: text/plain", LINK.replace("?", "?" + "a=1&" * 3000)),
    ],
)  # fmt: skip
def test_no_mail_ends_the_command(raw):
    sender.link_of(raw, ADDRESS, ACCOUNT_ID, REGION)


def test_a_mail_with_an_unknown_charset_does_not_keep_the_address_from_being_verified(
    client, stack, here, inbox, identity
):
    client("s3").put_object(
        Bucket=inbox, Key="inbound/zzz-newest", Body=mail("Content-Type: text/plain; charset=x-evil", "no link")
    )
    assert sender.verify(stack, here, say=lambda _line: None) == f"{ADDRESS} is verified"


def test_the_link_is_opened_without_a_password_of_the_operators(account, monkeypatch, tmp_path):
    """requests reads ~/.netrc by itself; a `default` line there would be sent to SES."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    sent = []
    monkeypatch.setattr(
        "requests.Session.send", lambda _self, request, **_how: sent.append(request) or SimpleNamespace(ok=True)
    )
    assert sender.open_link(LINK)
    assert "Authorization" not in sent[0].headers
