"""The prose linter: its rules are the glossary's rows, and documents fail where code only warns."""

import re
from pathlib import Path

import pytest

from dev.lint import prose
from dev.lint.findings import LintError

TABLE = "\n## Say this, not that\n\n| not | say |\n|---|---|\n"

BAD = """Run the cure in its `surroundings`.

    cure

It is told, and only the cured go on.
"""
BAD_CODE = '''"""The cure.

It is told.
"""

CURE = "cure"  # anew
'''


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What Vale finds in one document and one module of each kind."""
    folder = tmp_path_factory.mktemp("prose")
    for name, text in {"bad.md": BAD, "bad.py": BAD_CODE, "clean.md": "Run the fix.\n"}.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prose, "CHECKOUT", folder)
        return prose.findings(sorted(folder.iterdir()), print)


def at(found, name):
    return [(one.line, re.findall(r"instead of '(.+)'", one.said)[0]) for one in found if one.path == Path(name)]


def test_a_document_is_checked_outside_of_its_code(found):
    assert at(found, "bad.md") == [(1, "cure"), (5, "is told"), (5, "cured"), (5, "go on")]
    assert at(found, "clean.md") == []


def test_docstrings_and_comments_are_checked_and_strings_are_not(found):
    assert at(found, "bad.py") == [(1, "cure"), (3, "is told"), (6, "anew")]


def test_documents_fail_and_code_warns(found):
    assert {one.is_error for one in found if one.path.suffix == ".md"} == {True}
    assert {one.is_error for one in found if one.path.suffix == ".py"} == {False}


def test_every_document_is_checked():
    checked = {path.relative_to(prose.CHECKOUT).as_posix() for path in prose.files()}
    assert {"README.md", "CHANGELOG.md", "docs/runbook.md", "docs/decisions/0002-mail.md", "settings.py"} <= checked


def test_a_row_is_a_rule():
    assert prose.rules(TABLE + "| `cured\\|curing` | fixed, fixing |\n") == {"cured|curing": "fixed, fixing"}


@pytest.mark.parametrize("row", ["| `cure | fix |", "| `cure` |", "| `(cure` | fix |", ""])
def test_a_row_that_is_no_rule_is_an_error(row):
    with pytest.raises(LintError, match=r"docs/glossary\.md"):
        prose.rules(f"{TABLE}{row}\n")


def test_the_glossarys_rows_are_the_rules():
    assert "cures?" in prose.rules(prose.GLOSSARY.read_text())
