"""What a person at a terminal sees of an engine's run, out of its events."""

import io

from rich.console import Console

from sandbox import rehearsal
from sandbox.display import Display

URN = "urn:pulumi:test::p::command:remote:Command::setup-units"


def event(kind, operation="create", urn=URN):
    return {kind: {"metadata": {"urn": urn, "op": operation, "new": {"custom": True}}}}


def said(message, urn=URN):
    return {"diagnosticEvent": {"urn": urn, "message": message, "ephemeral": True, "severity": "info"}}


class Screen:
    def __init__(self):
        self.text = io.StringIO()
        self.console = Console(file=self.text, force_terminal=True, color_system=None, width=120)

    def show(self, *events):
        """All that was ever on the screen."""
        with Display(self.console) as shown:
            for one in events:
                shown.take(one)
                shown._progress.refresh()
        return self.text.getvalue()


def test_what_is_at_work_is_shown_with_its_last_words_and_what_is_done_stays():
    seen = Screen().show(event("resourcePreEvent"), said("changed nginx (reloaded)\n"), event("resOutputsEvent"))
    assert "changed nginx (reloaded)" in seen
    assert "created setup-units (0.0 s)" in seen.replace("\r", "\n")
    assert "1 done, 0 at work" in seen


def test_a_step_on_the_host_is_done_with_its_number_and_its_outcome():
    lines = said("changed /etc/x\n"), said("step 12 of 17, units: changed\n")
    seen = Screen().show(event("resourcePreEvent"), *lines, event("resOutputsEvent"))
    assert "created setup-units (0.0 s) step 12 of 17, units: changed" in seen


def test_a_provider_is_no_resource_of_the_stack():
    provider = "urn:pulumi:test::p::pulumi:providers:aws::default"
    events = [event(kind, urn=provider) for kind in ("resourcePreEvent", "resOutputsEvent")]
    assert "default" not in Screen().show(*events)


def test_what_failed_is_named():
    assert "failed setup-units" in Screen().show(event("resourcePreEvent"), event("resOpFailedEvent"))


def test_what_stays_the_same_is_not_shown():
    assert "setup-units" not in Screen().show(event("resourcePreEvent", "same"), event("resOutputsEvent", "same"))


def test_words_of_a_host_steer_no_terminal_and_are_no_markup():
    seen = Screen().show(event("resourcePreEvent"), said("\x1b[31m[bold]red\x07"), event("resOutputsEvent"))
    assert "\x1b[31m" not in seen
    assert "\x07" not in seen
    assert "[31m[bold]red" in seen


def test_outputs_are_tables():
    lines = rehearsal._shown(
        "dnsRecords", [{"name": "a.example", "type": "A", "value": "1"}, {"name": "b", "type": "MX", "value": "2"}]
    )
    assert lines == ["  dnsRecords", "    a.example  A   1", "    b          MX  2"]
    assert rehearsal._shown("buckets", {"mail": "m", "memory": "n"}) == ["  buckets", "    mail    m", "    memory  n"]
    assert rehearsal._shown("sshPublicKeys", ["k"]) == ["  sshPublicKeys", "    k"]
    assert rehearsal._shown("accessKeys", {}) == ["  accessKeys       none"]
    assert rehearsal._shown("release", "x") == ["  release          x"]
