"""Every rule of the policy pack through the real policy SDK, which shows a rule proxies instead of lists and maps.

pulumi-policy 1.21.0 (``pulumi_policy/proxy.py``): a list is a ``_ListProxy``, which equals no list, and ``in`` raises
UnknownValueError at the first unknown member. A rule that compares one with a list can never fire.
"""

import json
import subprocess

import pytest

from dev.recorder import PROJECT, run
from dev.toolchain import virtualenv
from policypack import facts as facts_module
from policypack.facts import configuration
from policypack.planned import UNKNOWN, Unknown
from policypack.table import RULES
from sandbox.engine.policies import PACK
from sandbox.rehearsal import say
from tests.unit.policypack.test_rules import WEAKENED

pytestmark = pytest.mark.engine

#: How the engine writes a text that it does not know yet.
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def wire(value):
    """A rule's view of a value as the engine sends it."""
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    if isinstance(value, dict):
        return {key: wire(inner) for key, inner in value.items()}
    return [wire(inner) for inner in value] if isinstance(value, list | tuple) else value


def entry(stack, resources, beside=()):
    """What one process judges; the rules over one resource pass over what ``beside`` has too."""
    account = stack == "litentry"
    folder = PROJECT / "account" if account else facts_module.CHECKOUT
    project = "agentkeys-account" if account else "agentkeys-cloud"
    urns = [resource.urn for resource in resources if not any(resource is other for other in beside)]
    return project, stack, configuration(folder, stack), [wire(vars(resource)) for resource in resources], urns


@pytest.fixture(scope="module")
def judged():
    """Judges entries in one process of the pack's own environment."""
    python = virtualenv.ensure(PACK / "venv", PROJECT / "requirements/policypack.lock", say) / "python"

    def judge(*entries):
        program = PROJECT / "tests/support/policy_sdk.py"
        given = json.dumps(entries)
        done = subprocess.run([python, program], input=given, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return judge


@pytest.fixture(scope="module")
def plans(programs, account):
    return {stack: recorded.planned() for stack, recorded in {**programs, "litentry": account}.items()}


def test_every_rule_fires_behind_the_real_sdk(judged, plans):
    answers = judged(*(entry(stack, weaken(plans[stack]), plans[stack]) for _, stack, weaken, _ in WEAKENED))
    silent = [
        (rule, part)
        for (rule, _, _, part), found in zip(WEAKENED, answers, strict=True)
        if not any(name == rule and part in message for name, _, message in found)
    ]
    assert silent == []
    assert {rule for rule, *_ in WEAKENED} == {rule.name for rule in RULES}


def test_the_real_programs_pass_behind_the_real_sdk(judged, plans, release):
    preview = run("test", changed=release, preview=True).planned(known=False)
    assert any(UNKNOWN in item.props.get("records", []) for item in preview)
    found = judged(*(entry(stack, plan) for stack, plan in plans.items()), entry("test", preview))
    assert found == [[], [], [], []]
