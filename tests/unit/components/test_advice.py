"""An interrupted program ends with the way on and without a traceback, whatever it does then. Real signals."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import advice
from dev.recorder import PROJECT

#: Runs a program up to its first package, and waits there, or in an event loop as the engine's runner does.
DRIVER = """
import asyncio, importlib.abc, runpy, sys, time
from pulumi.runtime import settings
settings.configure(settings.Settings(project="agentkeys-cloud", stack="test"))
program, moment, *packages = sys.argv[1:]

def wait():
    print("ready", flush=True)
    time.sleep(60)

class Packages(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in packages:
            if moment == "import":
                wait()
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Packages())
sys.path.insert(0, ".")
try:
    runpy.run_path(program, run_name="__main__")
except ModuleNotFoundError:
    pass

async def main():
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.new_event_loop().run_until_complete(main())
"""


@pytest.mark.parametrize("moment", ["import", "loop"])
@pytest.mark.parametrize(
    ("program", "package", "code", "says"),
    [
        ("__main__.py", "pulumi_aws", 130, "Next: `agentkeys recover -s test`, then the same command again.\n"),
        (
            "account/__main__.py",
            "pulumi_aws",
            130,
            "Next: `agentkeys recover -s test --folder account`, then the same command again.\n",
        ),
        *(
            (
                f"clouds/{cloud}/__main__.py",
                package,
                130,
                f"Next: `agentkeys recover -s test --folder clouds/{cloud}`, then the same command again.\n",
            )
            for cloud, package in (
                ("host", "clouds.host.left"),
                ("gcp", "pulumi_gcp"),
                ("alicloud", "pulumi_alicloud"),
                ("tencentcloud", "tencentcloud_iac_pulumi"),
            )
        ),
        ("policypack/__main__.py", "pulumi_policy", -signal.SIGINT, ""),
    ],
)
def test_an_interrupted_program_says_how_to_go_on(
    program: str, package: str, code: int, says: str, moment: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, program, moment, package],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode == code
    assert "Traceback" not in said
    assert said.endswith(says)
    assert bool(said) == bool(says)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[bool], list[str]]]:
    """What the hook answers to failed operations, one after the other, and the warnings that it shows."""
    added: list[Callable[[pulumi.ResourceTransformationArgs], pulumi.ResourceTransformationResult]] = []
    said: list[str] = []
    monkeypatch.setattr(advice, "_said", False)
    monkeypatch.setattr(advice, "monitor_supports_feature", lambda _feature: True)
    monkeypatch.setattr(pulumi.runtime, "register_stack_transformation", added.append)
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    # The SDK's own would register itself with an engine.
    monkeypatch.setattr(pulumi, "ErrorHook", lambda name, callback: SimpleNamespace(name=name, callback=callback))

    def fail(times: int, *again: bool) -> tuple[list[bool], list[str]]:
        answers = list(again)

        async def unless(_args: pulumi.ErrorHookArgs) -> bool:
            return answers.pop(0)

        advice.when_failed(unless=unless if again else None)
        given = pulumi.ResourceTransformationArgs(
            resource=None,
            type_="t",
            name="n",
            props={},
            opts=pulumi.ResourceOptions(protect=True),  # type: ignore[arg-type]
        )
        options = added[-1](given).opts
        assert options.protect
        (hook,) = options.hooks.on_error
        return [asyncio.run(hook.callback(None)) for _ in range(times)], said

    return fail


def test_a_failed_operation_is_not_tried_again_and_the_way_on_is_shown_once(failing: Any) -> None:
    answers, said = failing(2)
    assert answers == [False, False]
    (line,) = said
    assert "Next: `agentkeys recover -s test`, then the same command again." in line


def test_an_operation_that_can_be_tried_again_shows_nothing(failing: Any) -> None:
    assert failing(1, True) == ([True], [])
    answers, said = failing(2, True, False)
    assert (answers, len(said)) == ([True, False], 1)
