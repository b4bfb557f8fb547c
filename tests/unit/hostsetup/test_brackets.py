"""Every script of a host runs on each Debian of tests/sandbox/machine/test_7_brackets.py."""

import re
from dataclasses import replace

from dev.recorder import PROJECT
from hostsetup.steps import authorized_keys, steps
from tests.support.host_scripts import BY_THEMSELVES, METRICS_NAMESPACE, NOT_EVERYWHERE
from tests.support.sites import a_site

SCRIPTS = {path.name: path.read_text() for path in (PROJECT / "hostsetup/scripts").iterdir() if path.is_file()}


def called_by(texts: list[str]) -> set[str]:
    """The scripts that these texts name as a file of the toolkit or of their own folder."""
    named = {name for text in texts for name in re.findall(r"(?:/|\$toolkit/)([\w.-]+)", text)}
    return named & set(SCRIPTS)


def test_every_script_runs_on_every_bracket_or_says_why_not() -> None:
    # The first step installs every script, which runs none of them but its own.
    every = [*steps(replace(a_site("test"), metrics_namespace=METRICS_NAMESPACE))[1:], authorized_keys([])]
    # What `step` runs, and what the units and sshd's configuration name.
    ran = {"install-files", *called_by([text for step in every for text in (step.command, step.stdin)])}
    ran |= {word for step in every for word in step.command.split() if word in SCRIPTS}
    ran -= set(BY_THEMSELVES) | set(NOT_EVERYWHERE)
    while more := called_by([SCRIPTS[name] for name in ran]) - ran - set(BY_THEMSELVES) - set(NOT_EVERYWHERE):
        ran |= more
    assert set(SCRIPTS) - ran == set(BY_THEMSELVES) | set(NOT_EVERYWHERE)
