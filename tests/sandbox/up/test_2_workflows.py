"""The shell steps of the workflows, as they stand in the files, against the running stack; `gh` is a stand-in."""

import subprocess
import sys

import pytest
import yaml

from dev.recorder import PROJECT
from sandbox import layout

GH = """#!/bin/sh
echo "$*" >>"$RUNNER_TEMP/gh.log"
case "$1 $2" in
  "issue list") cat "$RUNNER_TEMP/open" 2>/dev/null ;;
  "issue create" | "issue comment") while [ "$1" != --body-file ]; do shift; done; cat "$2" >>"$RUNNER_TEMP/said" ;;
esac
"""


@pytest.fixture
def runner(ground, tmp_path):
    """Runs a named step as GitHub's runner does: `bash -e` in the checkout, files of its own for outputs."""
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(GH)
    gh.chmod(0o755)
    outputs = tmp_path / "output"

    def run(workflow, name, *, folder=layout.CHECKOUT, **more):
        jobs = yaml.safe_load((PROJECT / f".github/workflows/{workflow}.yml").read_text())["jobs"]
        (step,) = [step for job in jobs.values() for step in job["steps"] if step.get("name") == name]
        outputs.write_text("")
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=folder,
            env={
                **ground.engine.environment,
                "PATH": f"{gh.parent}:{ground.engine.environment['PATH']}",
                "STACK": "test",
                "RUN": "https://github.example/run/1",
                "GITHUB_OUTPUT": str(outputs),
                "RUNNER_TEMP": str(tmp_path),
                **more,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, outputs.read_text()

    run.folder = tmp_path
    return run


@pytest.mark.parametrize("workflow", ["up-stack", "destroy"])
def test_a_stack_that_lost_nothing_is_left_alone_by_the_step_that_recovers(runner, workflow):
    done, _ = runner(workflow, "Recover what an earlier run lost")
    assert (done.returncode, done.stdout) == (0, "stack test has nothing to recover\n"), done.stdout + done.stderr


def test_after_an_up_a_second_preview_is_empty(runner):
    done, _ = runner("up-stack", "Check that a second preview is empty")
    assert done.returncode == 0, done.stdout + done.stderr


def test_after_an_up_the_audit_finds_nothing(runner):
    done, _ = runner("up-stack", "Audit")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_end_to_end_job_reaches_broker_and_inbox_with_the_operators_file(ground, runner):
    broker, address = "test-broker.litentry.org", ground.outputs("test")["elasticIp"]
    subprocess.run(
        [sys.executable, "-m", "ops", "env", "-s", "test", "--directory", str(runner.folder)],
        cwd=layout.CHECKOUT, env=ground.engine.environment, check=True, capture_output=True,
    )  # fmt: skip
    (runner.folder / "operator-workstation.test.env").rename(runner.folder / "operator-workstation.env")
    # Only the sandbox's own resolvers know the name.
    (runner.folder / ".curlrc").write_text(
        f'resolve = "{broker}:443:{address}"\ncacert = "{ground.engine.environment["AGENTKEYS_CA_BUNDLE"]}"\n'
    )
    step = ("e2e", "Check that the broker answers and the inbox can be read")
    done, _ = runner(*step, folder=runner.folder, CURL_HOME=str(runner.folder))
    assert done.returncode == 0, done.stderr
    lost = (runner.folder / "operator-workstation.env").read_text().replace("agentkeys-mail-test-", "agentkeys-none-")
    (runner.folder / "operator-workstation.env").write_text(lost)
    assert runner(*step, folder=runner.folder, CURL_HOME=str(runner.folder))[0].returncode != 0


def test_a_night_without_drift_is_quiet(runner):
    done, outputs = runner("drift", "Compare the account")
    assert (done.returncode, outputs) == (0, "code=0\n"), done.stdout + done.stderr


def test_a_night_looks_at_the_host_too_and_names_what_differs_in_the_issue(ground, runner):
    runner("drift", "Compare the account")
    done, outputs = runner("drift", "Compare the host")
    assert (done.returncode, outputs) == (0, "code=0\n"), done.stdout + done.stderr
    site = "server { listen 80; server_name test-broker.litentry.org; }"
    ground.on_host("test", f"echo '{site}' | sudo tee /etc/nginx/conf.d/agentkeys-odd.conf")
    try:
        done, outputs = runner("drift", "Compare the host")
    finally:
        ground.on_host("test", "sudo rm /etc/nginx/conf.d/agentkeys-odd.conf")
    assert (done.returncode, outputs) == (7, "code=7\n"), done.stdout + done.stderr
    told, _ = runner("drift", "Report drift in an issue")
    assert told.returncode == 0, told.stderr
    assert "/etc/nginx/conf.d/agentkeys-odd.conf" in (runner.folder / "said").read_text()


def test_a_host_that_is_closed_to_the_runner_is_a_warning(runner, tmp_path):
    ssh = tmp_path / "bin" / "ssh"
    ssh.write_text("#!/bin/sh\necho 'connect to host: Connection timed out' >&2\nexit 255\n")
    ssh.chmod(0o755)
    done, outputs = runner("drift", "Compare the host")
    assert (done.returncode, outputs) == (0, "code=3\n"), done.stdout + done.stderr
    assert "::warning title=Host of stack test not compared::Error: the host at " in done.stdout


def test_drift_ends_with_seven_names_the_resource_and_goes_into_one_issue(ground, runner):
    bucket = ground.outputs("test")["buckets"]["vault"]
    s3 = ground.client("s3")
    guards = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**guards, "RestrictPublicBuckets": False})
    try:
        done, outputs = runner("drift", "Compare the account")
        assert (done.returncode, outputs) == (7, "code=7\n"), done.stdout + done.stderr
        assert "vault-public-access" in done.stdout
        assert "restrictPublicBuckets" in done.stdout

        told, _ = runner("drift", "Report drift in an issue")
        assert told.returncode == 0, told.stderr
        (runner.folder / "open").write_text("12\n")
        again, _ = runner("drift", "Report drift in an issue")
        assert again.returncode == 0, again.stderr
        calls = [line.split(" --")[0] for line in (runner.folder / "gh.log").read_text().splitlines()]
        assert calls == ["issue list", "issue create", "issue list", "issue comment 12"]
        said = (runner.folder / "said").read_text()
        assert said.count("https://github.example/run/1") == 2
        assert said.count("vault-public-access") >= 2
    finally:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=guards)
