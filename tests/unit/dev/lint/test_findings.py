"""The verdict over what linters find: new findings and permissions that nobody needs any more."""

import pytest

from dev.lint import documents, resources
from dev.lint.findings import Allowed, Finding, LintError, allowed, judge

FOUND = Finding(check="CKV_1", where="prod vault-bucket", said="should be better")
ENTRY = Allowed(check="CKV_1", where=("* vault-bucket",), reason="it is as it should be")


def test_a_finding_that_no_entry_allows_is_told_with_its_place():
    assert judge([FOUND], [], "list.toml") == ["prod vault-bucket: CKV_1: should be better"]


def test_a_finding_that_an_entry_allows_is_not_told():
    assert judge([FOUND], [ENTRY], "list.toml") == []


def test_an_entry_allows_its_own_check_at_its_own_places_alone():
    elsewhere = Finding(check="CKV_1", where="prod mail-bucket", said="should be better")
    other = Finding(check="CKV_2", where="prod vault-bucket", said="should be another")
    assert judge([FOUND, elsewhere, other], [ENTRY], "list.toml") == [
        "prod mail-bucket: CKV_1: should be better",
        "prod vault-bucket: CKV_2: should be another",
    ]


def test_an_entry_that_allows_nothing_any_more_is_told():
    entry = Allowed(check="CKV_1", where=("* vault-bucket", "* gone"), reason="it is as it should be")
    assert judge([FOUND], [entry], "list.toml") == [
        "list.toml: CKV_1 at '* gone' is allowed and no longer found: take the entry out"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        'check = "CKV_1"\nwhere = ["*"]',
        'check = "CKV_1"\nwhere = ["*"]\nreason = "false"',
        'check = "CKV_1"\nwhere = []\nreason = "it is as it should be"',
        'check = "CKV_1"\nwhere = ["*"]\nreason = "it is as it should be"\nstack = "prod"',
    ],
)
def test_an_entry_without_a_reason_or_a_place_is_refused(tmp_path, entry):
    path = tmp_path / "list.toml"
    path.write_text(f"[[allowed]]\n{entry}\n")
    with pytest.raises(LintError, match="reason in a sentence"):
        allowed(path)


@pytest.mark.parametrize("linter", [documents, resources])
def test_the_lists_can_be_read_and_allow_no_whole_check(linter):
    entries = allowed(linter.ALLOWED)
    assert entries
    for entry in entries:
        assert all(where.rpartition(" ")[2].strip("*") for where in entry.where), entry
