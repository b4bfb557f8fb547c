"""The drift command as an operator calls it, on the stack that is up, and the `up` that puts right what it names."""

import json
import subprocess

from ops import exits
from sandbox import layout


def drift(ground, *options):
    return subprocess.run(
        [layout.CHECKOUT / "venv/bin/python", "-m", "ops", "drift", "-s", "test", *options],
        cwd=layout.CHECKOUT, env=ground.engine.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_stack_that_was_brought_up_has_no_drift(ground):
    done = drift(ground)
    assert done.returncode == exits.OK, done.stdout + done.stderr
    assert "the host matches the program" in done.stdout


def test_drift_ends_with_7_and_the_steps_run_again_put_it_right(ground):
    ground.on_host("test", "sudo rm /etc/nginx/conf.d/agentkeys.conf; sudo systemctl disable --now agentkeys-signer")
    done = drift(ground, "--json")
    assert done.returncode == exits.DRIFT
    named = {item["what"] for item in json.loads(done.stdout)["drift"]}
    assert {"/etc/nginx/conf.d/agentkeys.conf", "agentkeys-signer.service"} <= named
    ground.pulumi("test", "up", "--yes", "--skip-preview", "--target-replace=**setup-*")
    done = drift(ground)
    assert done.returncode == exits.OK, done.stdout


def test_a_host_that_cannot_be_reached_is_3_and_says_so(ground):
    (group,) = ground.client("ec2").describe_security_groups(GroupNames=["agentkeys-broker-host-test"])[
        "SecurityGroups"
    ]
    ssh = [rule for rule in group["IpPermissions"] if rule["FromPort"] == 22]
    ground.client("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=ssh)
    try:
        done = drift(ground)
    finally:
        ground.client("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=ssh)
    assert done.returncode == exits.NOT_RUN, done.stdout
    assert "cannot be reached over SSH" in done.stderr
    assert "Traceback" not in done.stderr
