"""The runbook's name tables, row by row, for both stacks and for a third that nobody planned."""

import pytest

from components.naming import Names, default_broker_host, default_email_from, default_mail_domain


def names(suffix: str, zone: str = "litentry.org", account_id: str = "429071895007") -> Names:
    mail_domain = default_mail_domain(zone, suffix)
    return Names(
        account_id=account_id,
        region="us-east-1",
        zone=zone,
        suffix=suffix,
        broker_host=default_broker_host(zone, suffix),
        mail_domain=mail_domain,
        email_from=default_email_from(mail_domain, suffix),
    )


TABLE = [
    # what, prod, test
    (lambda n: n.daemon_user, "agentkeys-daemon", "agentkeys-daemon-test"),
    (lambda n: n.broker_user, "agentkeys-broker", "agentkeys-broker-test"),
    (lambda n: n.role("data"), "agentkeys-data-role", "agentkeys-data-role-test"),
    (lambda n: n.role("vault"), "agentkeys-vault-role", "agentkeys-vault-role-test"),
    (lambda n: n.role("memory"), "agentkeys-memory-role", "agentkeys-memory-role-test"),
    (lambda n: n.host, "agentkeys-broker-host", "agentkeys-broker-host-test"),
    (lambda n: n.elastic_ip, "agentkeys-broker-eip", "agentkeys-broker-eip-test"),
    (lambda n: n.bucket("mail"), "agentkeys-mail-429071895007", "agentkeys-mail-test-429071895007"),
    (lambda n: n.bucket("vault"), "agentkeys-vault-429071895007", "agentkeys-vault-test-429071895007"),
    (lambda n: n.bucket("memory"), "agentkeys-memory-429071895007", "agentkeys-memory-test-429071895007"),
    (lambda n: n.receipt_rule, "agentkeys-inbound", "agentkeys-inbound-test"),
    (lambda n: n.mail_domain, "bots.litentry.org", "bots-test.litentry.org"),
    (lambda n: n.email_from, "noreply@bots.litentry.org", "noreply-test@bots-test.litentry.org"),
    (lambda n: n.issuer, "https://broker.litentry.org", "https://test-broker.litentry.org"),
    (lambda n: n.public_hosts["signer"], "signer.litentry.org", "signer-test.litentry.org"),
    (lambda n: n.public_hosts["audit"], "audit.litentry.org", "audit-test.litentry.org"),
    (lambda n: n.public_hosts["email"], "email.litentry.org", "email-test.litentry.org"),
    (lambda n: n.public_hosts["cred"], "cred.litentry.org", "cred-test.litentry.org"),
    (lambda n: n.public_hosts["memory"], "memory.litentry.org", "memory-test.litentry.org"),
    (
        lambda n: n.role_arn("vault"),
        "arn:aws:iam::429071895007:role/agentkeys-vault-role",
        "arn:aws:iam::429071895007:role/agentkeys-vault-role-test",
    ),
]


@pytest.mark.parametrize(("what", "prod", "test"), TABLE, ids=[row[1] for row in TABLE])
def test_both_stacks_have_the_runbooks_names(what, prod, test):
    assert (what(names("")), what(names("-test"))) == (prod, test)


def test_a_third_stack_needs_no_new_code():
    dev = names("-dev", zone="example.com", account_id="111122223333")
    assert dev.broker_host == "dev-broker.example.com"
    assert dev.public_hosts["signer"] == "signer-dev.example.com"
    assert dev.bucket("vault") == "agentkeys-vault-dev-111122223333"


def test_a_suffix_that_makes_a_name_too_long_is_refused_with_the_name_and_the_limit():
    with pytest.raises(
        ValueError, match=r"suffix: makes the bucket name 'agentkeys-mail-a+-429071895007'.* is 63\. Shorten suffix\."
    ):
        names("-" + "a" * 50)
