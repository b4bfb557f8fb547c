"""Records at other providers: what a person is asked for, what the wait sees, what Cloudflare is given."""

import json
import sys
from pathlib import Path

import pulumi
import pytest
from click.testing import CliRunner

from dev.recorder import ADDRESS, PROJECT, run
from dev.toolchain import wheels
from gates import dns
from gates.wait import NotYet
from ops.commands import records
from tests.support.stacks import a_stack


@pytest.fixture(scope="module")
def manual(release):
    return run("test", changed={**release, "dns": "manual", "parentZoneId": ""})


def arguments(recorded):
    return recorded.named("dns-published").inputs["create"]


def test_by_hand_no_record_is_made_and_no_zone_is_asked_for(release):
    refusing = {"aws:route53/getZone:getZone": "no such zone"}
    recorded = run("test", changed={**release, "dns": "manual", "parentZoneId": ""}, lookups=refusing)
    assert recorded.of("aws:route53/record:Record") == []


def test_by_hand_up_waits_for_the_same_twelve_records(manual, programs):
    asked = arguments(manual)
    for record in programs["test"].of("aws:route53/record:Record"):
        (value,) = record.inputs["records"]
        assert f"{record.inputs['name']} {record.inputs['type']} {value}" in asked
    assert asked.count("litentry.org A ") == 6


def test_certificates_and_the_sender_wait_for_the_person(manual):
    for name in ("setup-dns", "inbound-sender"):
        dependencies = manual.named(name).request.dependencies
        assert any(urn.endswith("::dns-published") for urn in dependencies), name


ASKED = ["bots.example A 3.208.12.34", "bots.example MX 10 in.example", "bots.example TXT v=spf1 -all"]


@pytest.mark.parametrize(
    ("record", "answer", "is_there"),
    [
        ("A 3.208.12.34", ["3.208.12.34"], True),
        ("A 3.208.12.34", ["3.208.12.34", "3.208.12.35"], False),
        ("A 3.208.12.34", [], False),
        ("MX 10 in.example", ["10 In.Example."], True),
        ("MX 10 in.example", ["10 in.example.", "20 old.example."], False),
        ("TXT v=spf1 -all", ['"v=spf1 -all"'], True),
        ("TXT v=spf1 -all", ["other=1", "v=spf1 -all"], True),
        ("TXT v=spf1 -all", ['"v=spf1 ~all"'], False),
        ("CNAME t.dkim.example", ["t.dkim.example."], True),
    ],
)
def test_a_record_is_there_when_every_resolver_gives_its_value(record, answer, is_there, monkeypatch):
    monkeypatch.setattr(dns, "resolve", lambda _name, _url, _kind: answer)
    if is_there:
        assert dns.published([f"a.example {record}"], ["one", "two"]) == "1 records are there"
    else:
        with pytest.raises(NotYet, match="1 of 1 records are not there"):
            dns.published([f"a.example {record}"], ["one", "two"])


def test_what_is_missing_is_said_as_lines_of_a_zone_file(monkeypatch):
    monkeypatch.setattr(dns, "resolve", lambda _name, _url, _kind: [])
    with pytest.raises(NotYet) as seen:
        dns.published(ASKED, ["one"])
    assert str(seen.value).splitlines()[1:] == [
        "bots.example. IN A 3.208.12.34",
        "bots.example. IN MX 10 in.example.",
        'bots.example. IN TXT "v=spf1 -all"',
    ]


@pytest.fixture
def printed(release, monkeypatch):
    stack = a_stack("test", release)
    listed = [{"name": name, "type": kind, "value": value} for name, kind, value in (
        line.split(" ", 2) for line in ASKED
    )]  # fmt: skip
    stack.outputs["dnsRecords"] = listed
    monkeypatch.setattr(records, "read_any", lambda *_: stack)

    def call(*form):
        done = CliRunner().invoke(records.command, ["-s", "test", *form])
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_the_records_are_printed_in_every_form(printed):
    assert json.loads(printed("--json"))["records"][1] == {
        "name": "bots.example", "type": "MX", "value": "10 in.example", "ttl": 300
    }  # fmt: skip
    assert printed("--format", "bind").splitlines()[0] == "$TTL 300"
    assert printed("--format", "bind").splitlines()[3] == 'bots.example. IN TXT "v=spf1 -all"'
    assert "10 in.example" in printed()


def test_the_zone_file_is_one_that_a_name_server_reads(printed):
    from dnslib import RR

    read = RR.fromZone(printed("--format", "bind"))
    assert [(str(item.rname), item.ttl) for item in read] == [("bots.example.", 300)] * 3


@pytest.fixture(scope="module")
def cloudflare_provider():
    """The pinned provider's package, in the cache folder: in venv/ the engine would ask for its plugin."""
    (pin,) = [
        line
        for line in (PROJECT / "requirements/cloudflare.txt").read_text().splitlines()
        if line.startswith("pulumi-")
    ]
    provider = wheels.program(pin, Path("pulumi_cloudflare/__init__.py"), "Cloudflare's provider", print)
    return str(provider.parent.parent)


def zone_of(name, *records):
    """A zone at Cloudflare, with records given as (name, type, content)."""
    results = [dict(zip(("name", "type", "content"), record, strict=True)) for record in records]
    return {
        "cloudflare:index/getZone:getZone": lambda asked: {"name": name, "zoneId": asked["zoneId"]},
        "cloudflare:index/getDnsRecords:getDnsRecords": lambda asked: {"results": results, **asked},
    }


AT_CLOUDFLARE = {"dns": "cloudflare", "parentZoneId": "", "cloudflareZoneId": "0123456789abcdef" * 2}


def test_cloudflare_is_given_the_same_twelve_records_past_its_proxy(
    release, programs, cloudflare_provider, monkeypatch
):
    monkeypatch.syspath_prepend(cloudflare_provider)
    recorded = run("test", changed={**release, **AT_CLOUDFLARE}, lookups=zone_of("litentry.org"))
    made = recorded.of("cloudflare:index/dnsRecord:DnsRecord")
    assert {(item.name, item.inputs["type"], item.inputs["name"]) for item in made} == {
        (item.name, item.inputs["type"], item.inputs["name"])
        for item in programs["test"].of("aws:route53/record:Record")
    }
    assert recorded.of("aws:route53/record:Record") == []
    assert all(item.inputs["proxied"] is False and item.inputs["ttl"] == 300 for item in made)
    mx, spf, broker = (recorded.named(name).inputs for name in ("dns-mx", "dns-spf", "dns-broker"))
    assert (mx["priority"], mx["content"]) == (10, "inbound-smtp.us-east-1.amazonaws.com")
    assert spf["content"] == '"v=spf1 include:amazonses.com -all"'
    assert broker["content"] == ADDRESS


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            zone_of("example.org"),
            "cloudflareZoneId: 0123456789abcdef0123456789abcdef is the zone 'example.org', not",
        ),
        (zone_of("other.org"), "is the zone 'other.org', not 'litentry.org'"),
        ({"cloudflare:index/getZone:getZone": "Invalid access token"}, "Invalid access token"),
    ],
)
def test_a_zone_of_cloudflares_is_compared_with_the_zones_name(
    release, cloudflare_provider, monkeypatch, answer, sentence
):
    monkeypatch.syspath_prepend(cloudflare_provider)
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, **AT_CLOUDFLARE}, lookups=answer)
    assert sentence in str(refused.value)
    assert "Nothing was created." in str(refused.value)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            ("test-broker.litentry.org", "AAAA", "2001:db8::1"),
            "test-broker.litentry.org AAAA 2001:db8::1: the host has",
        ),
        (("Signer-Test.litentry.org", "CNAME", "x.example"), "signer-test.litentry.org CNAME x.example: a name with a"),
        (("bots-test.litentry.org", "NS", "ns.example"), "bots-test.litentry.org NS ns.example: the name is delegated"),
        (("litentry.org", "CAA", '0 issue "pki.goog"'), "the CAA records of litentry.org do not let letsencrypt.org"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_record_at_cloudflare_that_excludes_the_stacks_own_stops_the_preview(
    release, cloudflare_provider, monkeypatch, record, said, preview
):
    monkeypatch.syspath_prepend(cloudflare_provider)
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, **AT_CLOUDFLARE}, lookups=zone_of("litentry.org", record), preview=preview)
    assert said in str(refused.value)
    assert "Nothing was created." in str(refused.value)
    assert "aws route53" not in str(refused.value)


def test_a_record_at_cloudflare_that_the_stack_would_double_stops_an_up(release, cloudflare_provider, monkeypatch):
    monkeypatch.syspath_prepend(cloudflare_provider)
    lookups = zone_of("litentry.org", ("test-broker.litentry.org", "A", "192.0.2.1"), ("a.litentry.org", "A", "::"))
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, **AT_CLOUDFLARE}, lookups=lookups)
    assert "test-broker.litentry.org A: 192.0.2.1\nCloudflare would answer with both." in str(refused.value)
    assert "agentkeys adopt" not in str(refused.value)
    said = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    run("test", changed={**release, **AT_CLOUDFLARE}, lookups=lookups, preview=True)
    assert ["test-broker.litentry.org A: 192.0.2.1" in line for line in said] == [True]
    own = "urn:pulumi:test::agentkeys-cloud::agentkeys:dns:Records$cloudflare:index/dnsRecord:DnsRecord::dns-broker"
    state = {"pulumi:pulumi:readStackResourceOutputs": {"outputs": {own: {}}}}
    run("test", changed={**release, **AT_CLOUDFLARE}, lookups={**lookups, **state})


def test_a_token_that_may_not_list_the_records_is_told(release, cloudflare_provider, monkeypatch):
    monkeypatch.syspath_prepend(cloudflare_provider)
    lookups = {**zone_of("litentry.org"), "cloudflare:index/getDnsRecords:getDnsRecords": "Authentication error"}
    with pytest.raises(pulumi.RunError, match=r"list the records of \w+: .*Authentication error.*CLOUDFLARE_API_TOKEN"):
        run("test", changed={**release, **AT_CLOUDFLARE}, lookups=lookups)


def test_without_the_provider_the_way_out_is_named(release, monkeypatch):
    monkeypatch.setitem(sys.modules, "pulumi_cloudflare", None)
    with pytest.raises(pulumi.RunError, match="pip install --require-hashes -r requirements/cloudflare"):
        run("test", changed={**release, **AT_CLOUDFLARE})
