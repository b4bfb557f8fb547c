"""The table of probes covers what the emulated account adds to moto, and its answers are those that AWS gave."""

import datetime
import re
from collections.abc import Callable
from pathlib import Path

from sandbox.aws.probes import page, validate
from sandbox.aws.probes.ground import PREFIX
from sandbox.aws.probes.normal import normalised, of_words
from sandbox.aws.probes.rows import WITHOUT, subjects, table
from tests.emulated.conftest import Client

PROBES = table()
SAFE = [probe for probe in PROBES.values() if not probe.unsafe]


def test_every_behaviour_has_a_probe_or_a_reason_and_none_has_both() -> None:
    covered = {subject for probe in PROBES.values() for subject in probe.subjects}
    assert covered | set(WITHOUT) == subjects()
    assert covered & set(WITHOUT) == set()


def test_rows_say_what_aws_does_and_which_page_says_so() -> None:
    for probe in PROBES.values():
        assert re.fullmatch(r"[A-Z][^\n]+\.", probe.statement), f"{probe.name}: one sentence on one line"
        assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+\.html", probe.page), probe.name
        assert probe.calls, probe.name


def test_the_safe_probes_cost_less_than_a_cent() -> None:
    assert sum(probe.cents for probe in SAFE) < 1


def test_no_safe_probe_launches_an_instance_or_sends_a_mail() -> None:
    for probe in SAFE:
        assert not {"instance", "verify_email_identity", "send_email"} & set(probe.run.__code__.co_names), probe.name


def test_every_probe_ends_and_deletes_what_it_made(
    emulated_answers: dict[str, validate.Outcome], client: Client
) -> None:
    assert {name: one.reason for name, one in emulated_answers.items() if one.answers is None} == {}
    assert {name: one.left for name, one in emulated_answers.items() if one.left} == {}
    iam, ec2 = client("iam"), client("ec2")
    names = [
        *(role["RoleName"] for role in iam.list_roles()["Roles"]),
        *(user["UserName"] for user in iam.list_users()["Users"]),
        *(group["GroupName"] for group in iam.list_groups()["Groups"]),
        *(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        *(one["Arn"].split("/")[1] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]),
        *(bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]),
        *(zone["Name"] for zone in client("route53").list_hosted_zones()["HostedZones"]),
        *(one["IdentityName"] for one in client("sesv2").list_email_identities()["EmailIdentities"]),
        *(one["Name"] for one in client("ses").list_receipt_rule_sets()["RuleSets"]),
        *(group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]),
    ]
    assert [name for name in names if name.startswith(PREFIX)] == []
    tagged = [{"Name": "tag:Name", "Values": [f"{PREFIX}*"]}]
    assert ec2.describe_addresses(Filters=tagged)["Addresses"] == []
    assert ec2.describe_volumes(Filters=tagged)["Volumes"] == []
    assert ec2.describe_network_interfaces(Filters=tagged)["NetworkInterfaces"] == []


def differing(kept: dict[str, dict[str, object]], emulated: dict[str, validate.Outcome]) -> dict[str, list[str]]:
    """Where the emulated account differs from the answers that AWS gave, by probe."""
    found = {}
    for name, aws in kept.items():
        ours = emulated[name].answers if name in emulated else {}
        found[name], _ = validate.compared(aws["answers"], ours or {})  # type: ignore[arg-type]
    return {name: lines for name, lines in found.items() if lines}


def test_the_emulated_account_answers_as_aws_did(emulated_answers: dict[str, validate.Outcome]) -> None:
    assert differing(validate.kept(), emulated_answers) == {}, "correct the emulated account, not the answers"


def test_a_kept_answer_that_differs_is_found(emulated_answers: dict[str, validate.Outcome], tmp_path: Path) -> None:
    chosen = emulated_answers["user_ids_have_a_prefix"]
    validate.keep([chosen], "2026-12-01", tmp_path)
    assert differing(validate.kept(tmp_path), emulated_answers) == {}
    validate.keep([validate.Outcome(probe=chosen.probe, answers={"starts with": "USER"})], "2026-12-02", tmp_path)
    assert differing(validate.kept(tmp_path), emulated_answers) == {
        chosen.probe.name: ['starts with: AWS "USER", emulated "AIDA"']
    }
    shown = page.text(PROBES, validate.kept(tmp_path))
    assert "API_CreateUser" not in shown
    assert re.search(r"^\| `user_ids_have_a_prefix` .* \| 2026-12-02 \|$", shown, re.MULTILINE)
    assert re.search(r"^\| `unknown_keys_are_refused` .* \| never \|$", shown, re.MULTILINE)


def test_the_page_is_that_of_the_table(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/validated.md", page.text(PROBES, validate.kept()))


# --- normalised answers


def test_the_same_value_gets_the_same_placeholder_and_known_ones_their_own() -> None:
    answers = {
        "a": "AROAABCDEFGHIJKLMNOP in 429071895007",
        "b": ["AROAABCDEFGHIJKLMNOP", "AROAZZZZZZZZZZZZZZZZ"],
        "c": {"eipalloc-0123456789abcdef0": "192.0.2.1 at 2026-12-01T00:00:00Z"},
        "d": datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC),
        "e": 8,
        "f": "run-1.litentry.org and run-1",
    }
    assert normalised(answers, {"429071895007": "<account>", "run-1": "<run>", "run-1.litentry.org": "<domain>"}) == {
        "a": "<role-id:1> in <account>",
        "b": ["<role-id:1>", "<role-id:2>"],
        "c": {"<ec2-id:1>": "<address:1> at <date:1>"},
        "d": "<date>",
        "e": 8,
        "f": "<domain> and <run>",
    }


def test_other_words_of_an_error_are_no_other_behaviour() -> None:
    aws = {"again": {"error": "X", "status": 400, "message": "No."}, "more": 1}
    behaviour, words = validate.compared(aws, {"again": {"error": "X", "status": 409, "message": "Never."}})
    assert behaviour == ["again.status: AWS 400, emulated 409", "more: AWS 1, emulated null"]
    assert words == ['again.message: AWS "No.", emulated "Never."']
    assert of_words("again.message")
    assert not of_words("message.error")
