"""An interrupted program ends with the way on and without a traceback, whatever it does then. Real signals."""

import signal
import subprocess
import sys

import pytest

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
