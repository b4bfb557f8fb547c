"""The region of every question to AWS is the stack's: a profile's or a shell's own is used for none.

The running deployment's scripts once asked us-west-2, an operator's profile, and took the empty answer for none.
"""

import ast
import re
from pathlib import Path

import pytest

from dev.recorder import PROJECT
from ops.commands import recover

#: What runs against AWS. The sandbox and the tests speak with an emulated account.
SOURCES = [
    *(PROJECT / name for name in ("__main__.py", "settings.py", "account/__main__.py")),
    *(path for folder in ("components", "hostsetup", "ops") for path in (PROJECT / folder).rglob("*.py")),
    # It has an environment of its own below it.
    *(PROJECT / "policypack").glob("*.py"),
]
SCRIPTS = [path for path in (PROJECT / "hostsetup" / "scripts").iterdir() if path.is_file()]
DOCUMENTS = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]

#: Services whose answer is a region's. IAM, STS (who one is) and Route 53 have one answer; S3 knows a bucket's region.
REGIONAL = re.compile(r"\baws (?:ec2|ses|sesv2|ssm|ec2-instance-connect) [a-z-]+")


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def test_every_session_with_aws_is_given_its_region():
    sessions = [(path, call) for path in SOURCES for call in calls(path) if name_of(call) == "boto3.Session"]
    assert len(sessions) >= 4
    for path, call in sessions:
        assert "region_name" in {word.arg for word in call.keywords}, f"{path.name}:{call.lineno}"


def test_no_client_is_made_from_the_environment():
    made = [
        f"{path.relative_to(PROJECT)}:{call.lineno}"
        for path in SOURCES
        for call in calls(path)
        if name_of(call) in {"boto3.client", "boto3.resource", "boto3.setup_default_session"}
        # A client of botocore's own session would take the environment's region.
        or (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "create_client"
            and "region_name" not in {word.arg for word in call.keywords}
        )
    ]
    assert made == []


def test_every_provider_is_given_its_region():
    providers = [(path, call) for path in SOURCES for call in calls(path) if name_of(call) == "aws.Provider"]
    assert len(providers) == 2
    for path, call in providers:
        assert "region" in {word.arg for word in call.keywords}, path


def texts(path: Path) -> list[tuple[int, str]]:
    """Every text of a module with its line; what an f-string fills in is a dash."""
    return [
        (node.lineno, text)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr | ast.Constant)
        for text in [
            "".join(str(part.value) if isinstance(part, ast.Constant) else "-" for part in node.values)
            if isinstance(node, ast.JoinedStr)
            else str(node.value)
        ]
    ]


def without_region(text: str) -> list[str]:
    """The regional commands of a text that leave the region out; one ends at a backtick or at its line's end."""
    plain = text.replace("\\\n", " ")
    return [
        command
        for found in REGIONAL.finditer(plain)
        for command in [re.split(r"[`\n]", plain[found.start() :])[0]]
        if "--region" not in command
    ]


def parts_of_f_strings(path: Path) -> set[tuple[int, str]]:
    return {
        (part.lineno, part.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr)
        for part in node.values
        if isinstance(part, ast.Constant)
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_regional_command_that_the_program_runs_or_recommends_names_the_region(path):
    pieces = parts_of_f_strings(path)
    told = [text for line, text in texts(path) if (line, text) not in pieces]
    assert [command for text in told for command in without_region(text)] == []


@pytest.mark.parametrize("path", [*DOCUMENTS, *SCRIPTS], ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_regional_command_of_documents_and_scripts_names_the_region(path):
    text = re.sub(r"(?<!\n)\n(?!\n| {4}|[|#]|- )", " ", path.read_text())
    assert without_region(text) == []


def test_what_the_recovery_asks_is_asked_in_the_stacks_region(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert recover.clients_in("us-east-1")("ec2").meta.region_name == "us-east-1"
