"""The policy pack under the real engine: it passes the program as it is and stops weakened ones in time."""

import json

import pytest

from dev.lint import preview, resources
from dev.lint.__main__ import programs
from policypack.table import RULES
from sandbox import rehearsal
from tests.support.live import copy_of_checkout


@pytest.fixture(autouse=True, scope="module")
def _stacks(ground):
    ground.engine.up(rehearsal.ACCOUNT)
    ground.engine.init(rehearsal.deployment("test"))


@pytest.fixture
def weakened(tmp_path):
    """The checkout with one line changed."""

    def copy(file, old, new):
        made = copy_of_checkout(tmp_path)
        text = (made / file).read_text()
        assert text.count(old) == 1, file
        (made / file).write_text(text.replace(old, new))
        return made

    return copy


def run(ground, project, folder, *arguments):
    moved = rehearsal.Project(name=project.name, folder=folder, stack=project.stack)
    return ground.engine.run(moved, *arguments, capture=True, check=False)


def passed(done):
    return done.returncode == 0 and "✅ agentkeys-cloud@" in done.stdout


@pytest.mark.parametrize("stack", ["test", rehearsal.ACCOUNT_STACK])
def test_the_rules_pass_over_the_program_as_it_is(ground, stack):
    done = ground.pulumi(stack, "preview")
    assert passed(done), done.stdout
    assert "warning" not in done.stdout + done.stderr


#: Rule, file, line as it is, line weakened.
WEAKENED = [
    ("metadata-token-required", "components/host.py", '"HttpTokens": "required"', '"HttpTokens": "optional"'),
    ("bucket-guard-strength", "components/buckets.py", "restrict_public_buckets=True", "restrict_public_buckets=False"),
    (
        "dns-own-address",
        "components/dns.py",
        'kind="A", name=host, value=address',
        'kind="A", name=host, value="3.208.99.99"',
    ),
    ("names-of-own-stack", "components/naming.py", '"agentkeys-daemon{self.suffix}"', '"agentkeys-daemon"'),
]


@pytest.mark.parametrize(("rule", "file", "old", "new"), WEAKENED, ids=[rule for rule, *_ in WEAKENED])
def test_a_preview_of_a_weakened_program_fails_with_the_name_of_the_rule(ground, weakened, rule, file, old, new):
    done = run(ground, rehearsal.deployment("test"), weakened(file, old, new), "preview")
    assert done.returncode != 0
    assert rule in done.stdout, done.stdout + done.stderr
    assert next(each.fix for each in RULES if each.name == rule) in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr


def test_an_up_of_a_weakened_program_changes_nothing_that_the_rule_is_about(ground, weakened):
    folder = weakened("components/buckets.py", "restrict_public_buckets=True", "restrict_public_buckets=False")
    before = [ground.listing().get(f"bucket agentkeys-{key}-test-429071895007") for key in ("vault", "memory", "mail")]
    done = run(
        ground,
        rehearsal.deployment("test"),
        folder,
        *("up", "--yes", "--skip-preview", "--target", "**-public-access", "--target-dependents"),
    )
    assert done.returncode != 0
    assert "bucket-guard-strength" in done.stdout, done.stdout
    after = [ground.listing().get(f"bucket agentkeys-{key}-test-429071895007") for key in ("vault", "memory", "mail")]
    assert after == before


def test_a_real_preview_has_the_findings_of_the_recorded_program(ground):
    shown = ground.pulumi("test", "preview", "--json", "--show-sames")
    real = resources.findings({"test": preview.resources(json.loads(shown.stdout))}, rehearsal.say)
    assert set(real) == {
        finding for finding in resources.findings(programs(), rehearsal.say) if finding.where.startswith("test ")
    }
    assert real
