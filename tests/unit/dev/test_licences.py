"""Every dependency's licence is known, allowed where it is used, and in the document."""

import re
import subprocess
from pathlib import Path

import pytest

from dev import licences
from dev.licences import PROGRAM, TOOLS, Group, Part, accepted
from dev.toolchain import golang
from sandbox.engine.source import SOURCES

#: First words of a LICENSE, by SPDX name.
TEXTS = {
    "Apache-2.0": r"Apache License\s+Version 2\.0",
    "MIT": r"MIT License",
    "MPL-2.0": r"Mozilla Public License,? [Vv]ersion 2\.0",
}


def test_the_document_lists_what_is_locked_today(golden):
    golden("../../docs/licences.md", licences.document())


def test_no_licence_is_unknown_or_refused():
    for group in licences.groups():
        assert not group.refused, f"{group.title}: look at the licence, then allow it or take another package"


@pytest.mark.parametrize(
    "licence", ["AGPL-3.0-or-later", "GPL-3.0-or-later", "unknown", "MIT AND GPL-3.0-or-later", "SSPL-1.0"]
)
def test_the_program_takes_no_such_licence(licence):
    part = Part(name="x", version="1", licence=licence)
    assert Group(title="The program", allowed=PROGRAM, parts=(part,)).refused == [part]


@pytest.mark.parametrize("licence", ["MIT OR AGPL-3.0-or-later", "(MIT AND MPL-2.0) OR SSPL-1.0", "PSF-2.0"])
def test_one_allowed_alternative_is_enough(licence):
    assert accepted(licence, PROGRAM)


def test_the_programs_licences_are_permissive_or_by_file():
    assert not {name for name in PROGRAM if re.search("GPL|SSPL|BUSL|EPL", name)}
    assert PROGRAM < TOOLS


def test_the_programs_of_other_clouds_are_listed_with_their_providers_and_have_the_programs_licences():
    (group,) = [group for group in licences.groups() if group.title == "The programs of other clouds also"]
    assert {part.name for part in group.parts} == {"pulumi-alicloud", "pulumi-gcp", "tencentcloud-iac-pulumi"}
    assert group.allowed == PROGRAM
    plugins = {"google-beta", "tencentcloud"}
    assert plugins <= {module.rpartition("terraform-provider-")[2] for module in licences.go_modules()}


def test_every_go_tool_is_listed_and_no_other():
    assert set(licences.go_modules()) == set(licences.GO)


@pytest.mark.engine
@pytest.mark.parametrize("module", licences.GO)
def test_the_go_modules_files_say_so(module):
    """The module cache has them wherever they were built; elsewhere Go fetches them."""
    path = next(path for path in licences.files("go.mod") if re.search(rf"\s{re.escape(module)} v", path.read_text()))
    replaced = re.search(rf"^replace (\S+) => {re.escape(module)} v", path.read_text(), re.MULTILINE)
    asked = replaced.group(1) if replaced else module
    listed = [golang.find(print), "list", "-m", "-f", "{{.Dir}}", asked]
    found = subprocess.run(listed, cwd=path.parent, capture_output=True, text=True, check=True).stdout.strip()
    if path.parent.name in {row.module for row in SOURCES.values()} and not found:
        pytest.skip("its modules are fetched only for its own build")
    (file,) = Path(found).glob("LICENSE*")
    assert re.search(TEXTS[licences.GO[module]], file.read_text()[:400])
