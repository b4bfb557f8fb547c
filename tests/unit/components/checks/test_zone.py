"""Records that are in the zone already: which of them the stack cannot stand beside, and what CAA lets be issued."""

from types import SimpleNamespace

import pulumi
import pytest

from dev.recorder import PROJECT, run

HOST, DOMAIN = "signer-test.litentry.org", "bots-test.litentry.org"
RECORDS = "aws:route53/getRecords:getRecords"
STATE = "pulumi:pulumi:readStackResourceOutputs"
URN = "urn:pulumi:test::agentkeys-cloud::agentkeys:dns:Records$aws:route53/record:Record::"
NOT_LETS_ENCRYPT = {"acmeDirectory": "https://ca.example/directory"}


def zone(*records):
    """The zone with records given as (name, type, value...)."""
    sets = [
        {"name": f"{name}.", "type": kind, "resourceRecords": [{"value": value} for value in values]}
        for name, kind, *values in records
    ]
    return {RECORDS: {"resourceRecordSets": sets}}


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    "record",
    [
        (HOST, "CNAME", "elsewhere.example."),
        (HOST.upper(), "CNAME", "elsewhere.example."),
        (HOST, "AAAA", "2001:db8::1"),
        (HOST, "AAAA"),
        (HOST, "HTTPS", "1 . alpn=h2"),
        (HOST, "NS", "ns.example."),
        ("test-broker.litentry.org", "AAAA", "2001:db8::1"),
        (DOMAIN, "CNAME", "mail.example."),
        (DOMAIN, "NS", "ns.example."),
        (f"_dmarc.{DOMAIN}", "CNAME", "dmarc.example."),
        (f"_domainkey.{DOMAIN}", "NS", "ns.example."),
    ],
    ids=lambda record: "-".join(record[:2]) + ("" if record[2:] else "-alias"),
)
def test_a_record_that_excludes_the_stacks_own_stops_the_preview(release, record, preview):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed=release, lookups=zone(record), preview=preview)
    message = str(refused.value)
    assert f"{record[0].lower()} {record[1]} " in message
    assert "RFC" in message or "IPv6" in message
    assert "Nothing was created. Remove them" in message


def test_a_name_below_a_delegated_one_is_in_another_zone(release):
    given = {**release, "brokerHost": "issuer.eu.litentry.org"}
    with pytest.raises(pulumi.RunError, match=r"eu\.litentry\.org NS: .*; issuer\.eu\.litentry\.org is below it"):
        run("test", changed=given, lookups=zone(("eu.litentry.org", "NS", "ns.example.")))


def test_what_may_stand_beside_it_may(release, warnings):
    others = zone(
        ("litentry.org", "NS", "ns-1.example."), ("litentry.org", "SOA", "x"), ("litentry.org", "AAAA", "2001:db8::1"),
        (DOMAIN, "AAAA", "2001:db8::1"), (HOST, "TXT", '"x"'), (f"other.{DOMAIN}", "CNAME", "x."),
        ("another.litentry.org", "CNAME", "x."), (f"mail._domainkey.{DOMAIN}", "CNAME", "x."),
    )  # fmt: skip
    run("test", changed=release, lookups=others)
    assert warnings == []


TAKEN = [(HOST, "A", "3.208.1.1", "dns-signer"), (DOMAIN, "MX", "10 mail.example.", "dns-mx"),
         (DOMAIN, "TXT", '"google-site-verification=x"', "dns-spf"),
         (f"_dmarc.{DOMAIN}", "TXT", '"v=DMARC1; p=none"', "dns-dmarc")]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "value", "key"), TAKEN, ids=[key for *_, key in TAKEN])
def test_a_record_of_its_own_type_stops_the_up_and_not_the_preview_that_adopt_makes(
    release, warnings, name, kind, value, key
):
    there = zone((name, kind, value))
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed=release, lookups=there)
    assert f"{name} {kind}: {value}" in str(refused.value)
    assert "`agentkeys adopt -s test`. Nothing was created." in str(refused.value)
    run("test", changed=release, lookups=there, preview=True)
    assert [f"{name} {kind}: {value}" in said for said in warnings] == [True]
    warnings.clear()
    run("test", changed=release, lookups={**there, STATE: {"outputs": {URN + key: {}}}})
    assert warnings == [], "its own"


def test_every_record_of_the_program_is_one_that_is_looked_for(program):
    """A record that is added must be known to the check."""
    from components.checks import zone as checks

    made = {item.name for item in program.of("aws:route53/record:Record") if "_domainkey" not in item.inputs["name"]}
    names = run_names(program)
    assert {key for key, _, _ in checks._wanted(names)} == made
    assert {(key, name, kind) for key, name, kind in checks._wanted(names)} == {
        (item.name, item.inputs["name"], item.inputs["type"])
        for item in program.of("aws:route53/record:Record") if item.name in made
    }  # fmt: skip


def run_names(program):
    from policypack.facts import configuration, facts

    stack = "test" if program.named("dns-mx").inputs["name"].startswith("bots-test") else "prod"
    return facts("agentkeys-cloud", stack, configuration(PROJECT, stack)).names


def test_without_an_answer_about_the_state_nothing_is_foreign(release, warnings):
    run("test", changed=release, lookups={**zone((HOST, "A", "3.208.1.1")), STATE: "not allowed"})
    assert warnings == []


def test_records_that_could_not_be_read_are_not_taken_for_none(release):
    with pytest.raises(pulumi.RunError, match=r"parentZoneId: AWS rejected the lookup of the records .* Nothing was"):
        run("test", changed=release, lookups={RECORDS: "AccessDenied"})


def test_all_records_at_cloudflare_are_read_and_a_refusal_is_no_empty_zone(monkeypatch):
    """Its provider returns 1,000 records unless it is asked for more."""
    from components.checks import zone as checks

    listed = [SimpleNamespace(name=f"R{number}.Example.org.", type="A", content="192.0.2.1") for number in range(1500)]
    listed[0] = SimpleNamespace(name="r0.example.org", type="CAA", content=None)

    def records(*, zone_id, max_items=1000):
        if zone_id != "z1":
            raise ValueError("10000: Authentication error")
        return SimpleNamespace(results=listed[:max_items])

    monkeypatch.setattr(checks, "cloudflare_provider", lambda: SimpleNamespace(get_dns_records=records))
    found = checks.records_at_cloudflare("z1")
    assert len(found) == 1500
    assert found[0] == checks.Found(name="r0.example.org", type="CAA", values=[""])
    assert found[1499] == checks.Found(name="r1499.example.org", type="A", values=["192.0.2.1"])
    with pytest.raises(pulumi.RunError, match=r"cloudflareZoneId: Cloudflare refused to list the records of z2: 10000"):
        checks.records_at_cloudflare("z2")


#: CAA record sets by what they say, and what of it stops the preview; none if nothing does.
CAA = {
    "another authority": ([("litentry.org", '0 issue "pki.goog"')], "they name 'pki.goog'"),
    "nobody": ([("litentry.org", '0 issue ";"')], "they name ';'"),
    "this authority among others": ([("litentry.org", '0 issue "pki.goog"', '0 issue "letsencrypt.org"')], None),
    "with parameters": ([("litentry.org", '0 issue "LetsEncrypt.org; validationmethods=dns-01,http-01"')], None),
    # RFC 8659 section 4.1: every bit but the first is reserved and ignored.
    "an unknown kind with a reserved bit": ([("litentry.org", '1 tbs "x"', '0 issue "letsencrypt.org"')], None),
    "a parameter of another kind": (
        [("litentry.org", '0 issue "letsencrypt.org; accounturi=https://a/1; x-policy=ev"')], None,
    ),
    "another challenge": ([("litentry.org", '0 issue "letsencrypt.org; validationmethods=dns-01"')], "http-01"),
    "wildcards only": ([("litentry.org", '0 issuewild "pki.goog"', '0 iodef "mailto:a@b.org"')], None),
    "the host's own before the zone's": (
        [("litentry.org", '0 issue "pki.goog"'), (HOST, '0 issue "letsencrypt.org"')], "pki.goog",
    ),
    "one host's own": ([(HOST, '0 issue "pki.goog"')], f"certificate for {HOST}"),
    "critical and unknown": ([(HOST, '128 policy "x"', '0 issue "letsencrypt.org"')], "is critical"),
    "not critical and unknown": ([(HOST, '0 policy "x"', '0 issue "letsencrypt.org"')], None),
    "elsewhere in the zone": ([("www.litentry.org", '0 issue "pki.goog"')], None),
}  # fmt: skip


@pytest.mark.parametrize("case", CAA)
def test_caa_is_read_as_an_authority_reads_it(release, case):
    sets, said = CAA[case]
    lookups = zone(*((name, "CAA", *values) for name, *values in sets))
    if said is None:
        run("test", changed=release, lookups=lookups)
    else:
        with pytest.raises(pulumi.RunError) as refused:
            run("test", changed=release, lookups=lookups)
        assert said in str(refused.value)
        assert "acmeDirectory: the CAA records of" in str(refused.value)
        assert 'CAA 0 issue "letsencrypt.org"`' in str(refused.value)
    run("test", changed={**release, **NOT_LETS_ENCRYPT}, lookups=lookups)


def test_a_zone_that_is_kept_elsewhere_is_not_asked_at_aws(release):
    asked = {RECORDS: lambda _asked: pytest.fail("the records are not at Route 53")}
    run("test", changed={**release, "dns": "manual"}, lookups=asked)
