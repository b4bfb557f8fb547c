"""A person who types the commands of the documentation in a sandbox."""

import json
import subprocess

from tests.support.live import copy_of_checkout


class Operator:
    """Who works in a checkout of his own, because some commands write settings into a stack's file."""

    def __init__(self, ground, folder):
        self.folder = copy_of_checkout(folder)
        self.environment = {**ground.engine.environment, "PULUMI_SKIP_CONFIRMATIONS": "true"}

    def types(self, command, *, code=0):
        """A command as typed, and what it printed."""
        done = subprocess.run(
            ["bash", "-euc", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        assert "BEGIN OPENSSH" not in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def found(self, command, *, code):
        """The lines of an audit or a proof that are not as they should be."""
        told = json.loads(self.types(f"venv/bin/python -m ops {command} --json", code=code).stdout)
        return [(line["subject"], line["claim"]) for line in told["lines"] if line["verdict"] != "ok"]
