"""What the documents name exists, and what they count is so."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import gates
from dev.recorder import PROJECT, run
from hostsetup.steps import steps
from hostsetup.units import EXPOSED
from tests.support.sites import a_site

DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))
KEYS = {
    key
    for project in ("Pulumi.yaml", "account/Pulumi.yaml")
    for key in yaml.safe_load((PROJECT / project).read_text())["config"]
}


@pytest.fixture(params=DOCUMENTS, ids=lambda path: path.name)
def document(request):
    return request.param


def test_every_link_leads_to_a_file(document):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target


def test_every_file_that_is_named_is_there(document):
    for name in re.findall(r"`((?:[\w.]+/)+[\w.]*|[\w.]+\.(?:py|yaml|md))`", document.read_text()):
        if "<" not in name and not name.startswith(("inbound/", "bots/", ".sandbox/", ".mutants/")):
            assert (PROJECT / name).exists(), name


def test_every_test_that_is_named_is_there(document):
    written = {
        name
        for path in (PROJECT / "tests").rglob("test_*.py")
        if "node_modules" not in path.parts
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    for name in re.findall(r"`(test_\w+)`", document.read_text()):
        assert name in written, name


def test_every_make_target_that_is_named_is_in_the_makefile(document):
    for line in re.findall(r"`([^`]+)`|^ {4}(.+)$", document.read_text(), re.MULTILINE):
        for target in re.findall(r"\bmake (?:-s )?([a-z-]+)", "".join(line)):
            assert target in TARGETS, target


@pytest.mark.parametrize("cloud", ["aws", "host", "gcp alicloud", ""])
def test_packages_are_installed_of_one_cloud_that_has_some(cloud):
    command = ["make", "--old-file=setup", "setup-cloud", f"CLOUD={cloud}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: CLOUD={cloud} has no packages of its own; give CLOUD=alicloud, CLOUD=gcp or")


def test_every_setting_that_is_set_is_declared(document):
    for key in re.findall(r"config set(?: -s \w+)? (\w+)|agentkeys-cloud:(\w+)=", document.read_text()):
        cloud = PROJECT / "clouds" / document.stem / "Pulumi.yaml"
        declared = KEYS | (yaml.safe_load(cloud.read_text())["config"].keys() if cloud.exists() else set())
        assert "".join(key) in declared, key


def test_every_section_of_the_runbook_that_a_message_names_is_there():
    runbook = (PROJECT / "docs/runbook.md").read_text()
    headings = re.findall(r"^## (.+)$", runbook, re.MULTILINE)
    named = 0
    for folder in ("ops", "components", "gates", "clouds"):
        for path in (PROJECT / folder).rglob("*.py"):
            if "venv" not in path.parts:
                # A message may go on in the next literal, and a docstring in the next line.
                text = re.sub(r'"?\n\s*f?"?', "", path.read_text())
                for after in re.findall(r"docs/runbook\.md, ([A-Z].{0,60})", text):
                    named += 1
                    words = after.replace(" ", "")
                    assert any(words.startswith(heading.replace(" ", "")) for heading in headings), (path, after)
    assert named > 5
    assert re.findall(r"[^\n]\n## .+", runbook) == [], "a heading follows an empty line"


def test_the_readmes_table_has_every_component():
    named = set(re.findall(r"^\| `(components/\w+\.py)`", (PROJECT / "README.md").read_text(), re.MULTILINE))
    written = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "components").glob("*.py")
        if "ComponentResource" in path.read_text()
    }
    assert named == written


def test_the_runbook_counts_the_resources_of_an_account(account):
    without, whole = map(
        int,
        re.findall(r"Its preview: (\d+) resources to create, (\d+) once", (PROJECT / "docs/runbook.md").read_text())[0],
    )
    bare = run("litentry", folder=PROJECT / "account")
    # The stack itself counts too.
    assert (without, whole) == (len(bare.registered) + 1, len(account.registered) + 1)


def test_the_runbook_counts_the_resources_of_a_first_up(programs):
    (count,) = re.findall(r"Expected preview: (\d+) resources to create", (PROJECT / "docs/runbook.md").read_text())
    assert int(count) == len(programs["test"].registered) + 1, "the stack itself counts too"


def test_the_runbook_counts_what_another_release_updates():
    text = (PROJECT / "docs/runbook.md").read_text()
    before = steps(a_site("test"))
    after = steps(dataclasses.replace(a_site("test"), release_sha256="cd" * 32))
    changed = [f"`setup-{old.name}`" for old, new in zip(before, after, strict=True) if old != new]
    assert f"Expected preview: {len(changed)} to update ({', '.join(changed)})" in text.replace("\n", " ")


def test_the_messages_that_the_runbook_quotes_are_said():
    said = "".join(path.read_text() for path in sorted((PROJECT / "hostsetup/scripts").iterdir()) if path.is_file())
    text = (PROJECT / "docs/runbook.md").read_text()
    release = text[text.index("## Roll back") : text.index("## Switch trust")]
    quoted = re.findall(r"^\| `([^`]+)` \|", release, re.MULTILINE)
    assert len(quoted) == 10
    for message in quoted:
        for part in message.replace("25", "$limit_minutes").split("…"):
            assert part.strip() in said, message


def test_the_resources_that_documents_name_are_registered(program):
    names = {item.name for item in program.registered}
    for name in re.findall(
        r"^\| `((?:setup|federation)-[\w-]+)`", (PROJECT / "docs/architecture.md").read_text(), re.M
    ):
        assert name in names, name


def test_the_waits_last_as_long_as_the_document_says():
    text = (PROJECT / "docs/architecture.md").read_text()
    told = {
        name: int(minutes) * 60 for name, minutes in re.findall(r"^\| `([\w-]+)` .* \| (\d+) minutes? \|$", text, re.M)
    }
    steps_of = {f"setup-{step.name}": step.timeout_seconds for step in steps(a_site("test"))}
    assert told == {
        "setup-host-key": gates.TIMEOUTS["host-key"],
        "setup-login": gates.TIMEOUTS["login"],
        "setup-booted": 600,
        "setup-dns": gates.TIMEOUTS["dns"],
        "setup-certificates": steps_of["setup-certificates"],
        "federation-issuer-check": gates.TIMEOUTS["issuer"],
    }


def test_the_exceptions_from_confinement_are_told_with_their_reasons():
    text = (PROJECT / "docs/architecture.md").read_text()
    assert dict(re.findall(r"^\| `([\w@-]+\.service)` \| (.+) \|$", text, re.MULTILINE)) == EXPOSED


def test_the_documents_name_nothing_of_this_machine():
    tracked = [
        path for path in PROJECT.rglob("*") if path.is_file() and path.suffix in {".md", ".py", ".yaml", ".toml"}
    ]
    for path in tracked:
        if not {"venv", ".sandbox", "node_modules"} & set(path.relative_to(PROJECT).parts):
            text = path.read_text()
            assert "/work/" + "main" not in text, path
            assert ".." + "/shared" not in text, path


def test_make_help_lists_every_target():
    phony = re.search(r"\.PHONY: ((?:.*\\\n)*.*)", (PROJECT / "Makefile").read_text())
    assert set(phony.group(1).replace("\\", " ").split()) == TARGETS


def test_the_gate_calls_what_the_readme_says():
    assert "make check" in (PROJECT / ".ci/run").read_text()
    assert "make test" in (PROJECT / ".ci/run").read_text()
    assert "make test " in Path(PROJECT / "README.md").read_text()
