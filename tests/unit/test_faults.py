"""The eleven faults of the scripts that went before, each with the tests that show it impossible here.

The list is the whole of it, in the scripts' own order; a test is written where its subject is, and here when it has no
other place. A test that is renamed or gone fails here.
"""

import json
import re
import subprocess
import sys

import pytest

from dev.recorder import PROJECT, run
from ops.commands import env
from tests.support.stacks import a_stack

SANDBOX = "tests/sandbox/operate/test_2_faults.py"

#: What must be impossible, and its tests. Those of ``tests/sandbox`` use the real engine, and a host.
FAULTS = {
    "1. A run of one stack writes another's roles, because a variable was not exported": [
        "tests/unit/test_faults.py::test_a_shell_with_prods_variables_changes_nothing_of_test",
        "tests/unit/test_faults.py::test_no_resource_of_test_has_a_name_of_prods",
        "tests/unit/components/policies/test_policies.py::test_no_document_of_one_stack_names_anything_of_the_other",
        "tests/unit/test_settings.py::test_the_surroundings_override_the_keys_that_they_may_and_no_others",
        "tests/sandbox/beside/test_3_beside.py::test_a_token_of_one_stack_is_nothing_to_the_other",
        "tests/sandbox/beside/test_5_ends.py::test_destroying_test_leaves_nothing_of_test_and_prod_as_it_was",
    ],
    "2. The sender's link is cut, the mail is lost, every run waits two minutes, a mail without a link ends it": [
        "tests/emulated/test_sender.py::"
        "test_a_link_is_read_to_its_end_out_of_quoted_printable_with_every_equals_sign_in_it",
        "tests/emulated/test_sender.py::test_the_mail_is_found_among_others_its_link_is_opened_and_only_it_is_deleted",
        "tests/emulated/test_sender.py::test_a_verified_address_costs_one_call",
        "tests/emulated/test_sender.py::test_a_link_that_ses_does_not_take_any_more_stays_and_the_next_mail_is_read",
        "tests/emulated/test_sender.py::test_with_worn_out_links_alone_another_mail_is_asked_for",
        "tests/emulated/test_sender.py::test_a_lost_mail_is_asked_for_again",
        "tests/sandbox/operate/test_2_commands.py::"
        "test_a_command_does_what_the_document_says[agentkeys sender -s test]",
    ],
    "3. An auto-assigned address or an unknown instance ends the run without a word": [
        "tests/unit/components/checks/test_existing_host.py::test_an_auto_assigned_address_is_said_to_be_lost_and_is_not_adopted",
        "tests/unit/components/checks/test_existing_host.py::test_an_unknown_instance_ends_with_a_sentence",
        "tests/unit/components/checks/test_existing_host.py::test_what_would_go_wrong_ends_with_a_sentence_and_nothing_is_created",
    ],
    "4. A partial run that went well ends with 1; a rehearsal writes": [
        f"{SANDBOX}::test_a_preview_needs_no_right_to_write_and_writes_nothing",
        f"{SANDBOX}::test_no_command_that_looks_writes_anything[doctor]",
        "tests/unit/ops/commands/test_env.py::test_check_names_what_differs_without_its_value_and_writes_nothing",
        "tests/sandbox/taken/test_4_existing.py::"
        "test_with_it_the_machine_is_taken_as_it_is_and_the_second_run_changes_nothing",
    ],
    "5. A second run undoes hardening: the broad grant and the broad mail policy come back": [
        "tests/unit/test_faults.py::test_no_run_after_federation_has_the_grants_of_the_stage_before",
        "tests/unit/test_faults.py::test_two_runs_ask_for_the_same",
        f"{SANDBOX}::test_the_broad_grants_of_the_stage_before_go_and_no_run_brings_them_back",
        "tests/sandbox/up/test_1_up.py::test_a_second_up_changes_nothing_on_the_host_either",
        "tests/sandbox/up/test_1_up.py::test_trust_switches_in_place_and_back",
    ],
    "6. What was changed behind a marker is skipped as done": [
        f"{SANDBOX}::test_what_was_loosened_by_hand_is_seen_by_preview_and_audit_and_an_up_puts_it_back",
        "tests/unit/ops/commands/test_audit.py::test_one_thing_changed_by_hand_is_told_where_it_is",
    ],
    "7. Account, private zone, address ranges, zone and caller are not checked": [
        f"{SANDBOX}::test_a_number_of_another_account_goes_nowhere",
        "tests/sandbox/operate/test_2_refusals.py::"
        "test_wrong_input_is_one_clear_error_before_anything_is_created[credentials of another account]",
        "tests/sandbox/operate/test_2_refusals.py::"
        "test_wrong_input_is_one_clear_error_before_anything_is_created[private zone]",
        "tests/sandbox/operate/test_2_refusals.py::"
        "test_wrong_input_is_one_clear_error_before_anything_is_created[refused address]",
        *(
            f"tests/unit/test_settings.py::test_an_address_that_cannot_be_an_elastic_ip_is_refused[{address}]"
            for address in ("198.18.0.0", "127.0.0.0", "169.254.0.0", "198.51.100.0", "300.1.1.1")
        ),
        "tests/unit/test_settings.py::test_what_aws_answers_is_checked_before_the_first_resource",
        "tests/unit/test_settings.py::test_a_settings_error_never_shows_as_a_lookup",
        "tests/unit/test_settings.py::test_the_callers_that_the_settings_name_may_run_it",
        "tests/unit/components/test_dns.py::test_a_zone_of_cloudflares_is_compared_with_the_zones_name",
        "tests/unit/test_program.py::test_every_aws_resource_uses_the_provider_that_refuses_other_accounts",
        "tests/emulated/test_asked_regions.py::"
        "test_the_credentials_of_another_account_are_refused_by_every_command_that_asks_aws",
    ],
    "8. The account's first associated address is taken for the stack's": [
        "tests/unit/components/checks/test_existing_host.py::"
        "test_a_launched_machine_takes_neither_the_first_address_of_the_account_nor_any_that_is_associated",
        "tests/unit/components/checks/test_existing_host.py::test_without_any_address_one_is_allocated_and_carries_the_mark_of_its_owner",
        "tests/unit/test_program.py::test_twelve_records_and_every_address_is_the_stacks_own",
        "tests/sandbox/beside/test_3_beside.py::"
        "test_every_address_record_of_a_stack_says_its_own_address_and_the_other_stacks_is_in_none",
    ],
    "9. Another active receipt rule set is replaced without a word": [
        "tests/unit/test_settings.py::test_the_account_takes_no_other_rule_sets_place",
        "tests/unit/test_settings.py::test_a_rule_set_that_could_not_be_read_is_not_taken_for_none",
        "tests/unit/account/test_account_guard.py::test_the_account_goes_only_when_nobodys_mail_ends_with_it",
        f"{SANDBOX}::test_a_rule_set_that_somebody_activated_stays_active",
        "tests/emulated/test_doctor.py::test_another_active_rule_set_is_told_and_never_taken",
    ],
    "10. The mail bucket's policy names a role that comes later, and a fresh account stops there": [
        "tests/unit/test_program.py::test_bucket_policies_wait_for_the_roles_they_name_and_follow_their_replacement",
        "tests/unit/test_program.py::test_the_receipt_rule_waits_for_the_policy_that_lets_ses_write",
        "tests/unit/test_settings.py::test_a_reader_of_the_mail_bucket_that_is_not_there_is_named_before_the_first_resource",
        "tests/emulated/test_written_policies.py::test_a_bucket_policy_is_checked_when_it_is_written",
        "tests/sandbox/up/test_1_up.py::test_ses_left_its_notification_when_the_rule_was_made",
    ],
    "11. The region of a profile is used for some calls": [
        "tests/unit/test_regions.py::test_every_session_with_aws_is_given_its_region",
        "tests/unit/test_regions.py::test_no_client_is_made_from_the_environment",
        "tests/unit/test_regions.py::test_every_provider_is_given_its_region",
        "tests/unit/test_regions.py::test_every_regional_command_that_the_program_runs_or_recommends_names_the_region",
        "tests/unit/test_regions.py::test_every_regional_command_of_documents_and_scripts_names_the_region",
        "tests/unit/test_regions.py::test_what_the_recovery_asks_is_asked_in_the_stacks_region",
        "tests/emulated/test_asked_regions.py::test_doctor_asks_in_the_stacks_region",
        "tests/emulated/test_asked_regions.py::test_the_audit_asks_in_the_stacks_region",
        f"{SANDBOX}::test_the_region_of_profile_and_shell_is_asked_for_nothing",
    ],
}


@pytest.fixture(scope="module")
def collected():
    """Ids of every test in the files that the list names, with and without their parameters."""
    files = sorted({test.partition("::")[0] for tests in FAULTS.values() for test in tests})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *files],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    whole = {line for line in done.stdout.splitlines() if "::" in line}
    return whole | {line.partition("[")[0] for line in whole}


def test_the_list_has_all_eleven():
    assert [fault.partition(".")[0] for fault in FAULTS] == [str(number) for number in range(1, 12)]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_tests(fault, collected):
    assert FAULTS[fault]
    assert [test for test in FAULTS[fault] if test not in collected] == []


def wanted(recorded):
    return {(item.type, item.name): item.inputs for item in recorded.registered}


def test_a_shell_with_prods_variables_changes_nothing_of_test(release, programs, monkeypatch):
    for file in env.files(a_stack("prod", release)).values():
        for name, value in file.items():
            monkeypatch.setenv(name, value)
    for key, value in {"SUFFIX": "", "BROKER_HOST": "broker.litentry.org", "MAIL_DOMAIN": "bots.litentry.org"}.items():
        monkeypatch.setenv(f"AGENTKEYS_{key}", value)
    assert wanted(run("test", changed=release)) == wanted(programs["test"])


def texts(value):
    """Every text of a resource's inputs, those of a policy document too."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in [key, *texts(inner)]]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    if isinstance(value, str) and value.startswith("{"):
        return texts(json.loads(value))
    return [str(value)]


def test_no_resource_of_test_has_a_name_of_prods(release, programs):
    names = a_stack("prod", release).names
    prods = {
        *(names.host, names.elastic_ip, names.receipt_rule, names.daemon_user, names.broker_user, names.broker_host),
        *(names.role(key) for key in ("data", "vault", "memory")),
        *(names.bucket(key) for key in ("mail", "vault", "memory")),
        *(names.mail_domain, names.email_from, *names.public_hosts.values()),
    }
    pattern = re.compile("|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])" for name in prods))
    found = [
        (item.name, match.group())
        for item in programs["test"].custom
        # A unit on the host has the name of prod's user.
        if item.type.startswith("aws:")
        for text in texts(item.inputs)
        for match in pattern.finditer(text)
    ]
    assert found == []
    assert any(pattern.search(text) for item in programs["prod"].custom for text in texts(item.inputs))


def test_no_run_after_federation_has_the_grants_of_the_stage_before(program):
    assert [item.name for item in program.of("aws:iam/rolePolicy:RolePolicy") if "data" in item.inputs["role"]] == []
    assert program.named("roles-data-only-inline").inputs["policyNames"] == []
    for statement in program.named("inbox-policy").policy["Statement"]:
        if "data-role" in json.dumps(statement.get("Principal", "")):
            bounds = json.dumps([statement["Resource"], statement.get("Condition", {})])
            assert "${aws:PrincipalTag/agentkeys_actor_omni}" in bounds, statement["Sid"]


def test_two_runs_ask_for_the_same(release, programs):
    assert wanted(run("test", changed=release)) == wanted(programs["test"])
