"""The workflows' promises that no linter knows: pins, one run per stack at a time, no way to prod by hand."""

import json
import os
import re
import subprocess

import pytest
import yaml
from packaging.version import Version

from dev import pins
from dev.recorder import PROJECT
from ops.commands import env
from sandbox.engine import versions
from tests.support.stacks import a_stack

ACTION = PROJECT / ".github/actions/operator-env/action.yml"
WORKFLOWS = {path.stem: path for path in sorted((PROJECT / ".github/workflows").glob("*.yml"))}
PARSED = {name: yaml.load(path.read_text(), yaml.BaseLoader) for name, path in WORKFLOWS.items()}  # noqa: S506 - makes texts only
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))

JOBS = [(f"{name}.{key}", job) for name, workflow in PARSED.items() for key, job in workflow["jobs"].items()]


def steps(job):
    return job.get("steps", [])


def calls_the_engine(job):
    return any("pulumi" in step.get("uses", "") + step.get("run", "") for step in steps(job))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_of_others_is_pinned_by_commit_and_says_which_version_that_is(name):
    for line in re.findall(r"uses: (\S.*)$", WORKFLOWS[name].read_text(), re.MULTILINE):
        assert line.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_has_one_version_in_all_workflows():
    used = {line for path in WORKFLOWS.values() for line in re.findall(r"uses: (\S+@\S+)", path.read_text())}
    assert len({action.split("@")[0] for action in used}) == len(used)


def test_every_action_is_the_one_of_the_table_and_the_table_has_no_other():
    files = [*WORKFLOWS.values(), *(PROJECT / ".github/actions").glob("*/action.yml")]
    used = {line for path in files for line in re.findall(r"uses: (\S+@.*)$", path.read_text(), re.MULTILINE)}
    assert used == {f"{name}@{pin['commit']} # v{pin['version']}" for name, pin in pins.ACTIONS.items()}


@pytest.mark.parametrize(("name", "job"), JOBS, ids=[name for name, _ in JOBS])
def test_a_stack_is_worked_on_by_one_run_at_a_time_which_nothing_cancels(name, job):
    if calls_the_engine(job):
        assert re.fullmatch(r"pulumi-(test|\$\{\{ (matrix|inputs)\.stack \}\})", job["concurrency"]["group"])
        assert job["concurrency"]["cancel-in-progress"] == "false"
        # By default a group keeps one waiting run, and a preview that joins the group cancels an `up` that waits.
        # actionlint 1.7.12 does not know the key, so `make check` ignores its error.
        assert job["concurrency"]["queue"] == "max"
    else:
        assert "concurrency" not in job


@pytest.mark.parametrize("name", [name for name, workflow in PARSED.items() if "workflow_call" in workflow["on"]])
def test_a_called_workflow_declares_every_secret_that_it_reads(name):
    """A caller cannot pass a secret that the workflow does not declare."""
    read = set(re.findall(r"secrets\.([A-Z_]+)", WORKFLOWS[name].read_text()))
    assert set((PARSED[name]["on"]["workflow_call"] or {}).get("secrets", {})) == read


def test_the_engine_of_the_workflows_is_the_one_that_is_pinned():
    used = [
        step["with"]["pulumi-version"]
        for _, job in JOBS
        for step in steps(job)
        if step.get("uses", "").startswith("pulumi/actions@")
    ]
    assert set(used) == {versions.ENGINE}
    assert len(used) == 6


def test_previews_and_ups_run_under_the_policy_pack():
    judged = [
        job for _, job in JOBS if any(step.get("with", {}).get("command") in ("preview", "up") for step in steps(job))
    ]
    assert len(judged) == 2
    for job in judged:
        assert job["env"]["PULUMI_OPTION_POLICY_PACK"] == "${{ github.workspace }}/policypack"
        assert any(step.get("run") == "make setup policypack" for step in steps(job))


def test_only_jobs_that_ask_aws_may_have_a_token_for_it():
    for name, job in JOBS:
        asks = any("configure-aws-credentials" in step.get("uses", "") for step in steps(job)) or "uses" in job
        assert (job.get("permissions", {}).get("id-token") == "write") == asks, name


#: What a session of each role is limited to. docs/ci.md says what the variables are.
ROLES = {
    "AWS_PREVIEW_ROLE_ARN": ("AWS_ACCOUNT_ID", "AWS_REGION"),
    "AWS_UP_ROLE_ARN": ("AWS_ACCOUNT_ID", "AWS_REGION"),
    "TEST_OIDC_AWS_ROLE_ARN": ("TEST_ACCOUNT_ID", "TEST_AWS_REGION"),
}

CREDENTIALS = "aws-actions/configure-aws-credentials"


#: In place of an account id that GitHub does not know: the action takes an empty list for no limit.
NO_ACCOUNT = "000000000000"


def variable(text, otherwise=""):
    """The name of the repository's variable that is the whole value; ``otherwise`` is its value if it is not set."""
    end = f" || '{otherwise}'" if otherwise else ""
    (name,) = re.fullmatch(rf"\$\{{\{{ vars\.([A-Z_]+){re.escape(end)} \}}\}}", text).groups()
    return name


@pytest.mark.parametrize(("name", "job"), [(name, job) for name, job in JOBS if CREDENTIALS in str(job)])
def test_a_session_is_of_the_roles_account_and_no_other(name, job):
    """Nothing but the role chooses the account, and the action refuses a session of another account."""
    for step in steps(job):
        if step.get("uses", "").startswith(CREDENTIALS):
            wanted = step["with"]
            account, region = ROLES[variable(wanted["role-to-assume"])]
            assert variable(wanted["allowed-account-ids"], otherwise=NO_ACCOUNT) == account
            assert variable(wanted["aws-region"]) == region
            assert set(wanted) == {"role-to-assume", "aws-region", "allowed-account-ids"}
    assert not re.search(
        r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|PROFILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)\b'?:", str(job)
    )


def test_every_role_is_assumed_by_a_job():
    roles = {
        variable(step["with"]["role-to-assume"])
        for _, job in JOBS
        for step in steps(job)
        if step.get("uses", "").startswith(CREDENTIALS)
    }
    assert roles == set(ROLES)
    # An action of this repository could assume one unseen by the test above.
    assert not any(CREDENTIALS in path.read_text() for path in (PROJECT / ".github/actions").glob("*/action.yml"))


def test_the_pinned_action_compares_the_account_on_every_path():
    """https://github.com/aws-actions/configure-aws-credentials/pull/1847: 6.2.0 did so only for some."""
    assert Version(pins.ACTIONS[CREDENTIALS]["version"]) >= Version("6.2.1")


def test_prod_goes_up_behind_its_environment_and_after_test():
    jobs = PARSED["up"]["jobs"]
    assert jobs["prod"]["needs"] == "test"
    assert PARSED["up-stack"]["jobs"]["up"]["environment"] == "${{ inputs.stack }}"


def test_nothing_but_test_can_be_destroyed():
    text = WORKFLOWS["destroy"].read_text()
    assert "prod" not in re.sub(r"#.*", "", text)
    (job,) = PARSED["destroy"]["jobs"].values()
    assert job["if"] == "inputs.stack == 'test'"
    (destroy,) = [step for step in job["steps"] if step.get("with", {}).get("command") == "destroy"]
    assert destroy["with"]["stack-name"] == "test"


def test_no_workflow_runs_with_secrets_on_code_of_a_fork():
    assert not any("pull_request_target" in path.read_text() for path in WORKFLOWS.values())
    assert "head.repo.full_name == github.repository" in PARSED["preview"]["jobs"]["preview"]["if"]


def test_every_make_target_that_a_workflow_calls_is_there():
    for name, job in JOBS:
        for step in steps(job):
            for targets in re.findall(r"\bmake ([a-z -]+)", step.get("run", "")):
                assert set(targets.split()) <= TARGETS, name


def test_a_runner_gets_the_operators_environment_back_from_githubs_variables(release, tmp_path):
    """The action's own shell step, fed with what `ops env` writes for GitHub."""
    stack = a_stack("test", release, contracts='{"REGISTRY_HEIMA": "0x11"}')
    made = env.files(stack)
    (step,) = yaml.load(ACTION.read_text(), yaml.BaseLoader)["runs"]["steps"]  # noqa: S506 - makes texts only
    target = tmp_path / "operator-workstation.env"
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "VARIABLES": json.dumps({**made["github-runner.test.env"], "OTHER": "x"}),
            "FILE": str(target),
            "DEPLOYER_KEY": "not-a-real-key",
        },
        check=True,
    )
    operator, seen = made["operator-workstation.test.env"], env.parse(target.read_text())
    assert {name: operator[name] for name in seen} == seen
    assert set(seen) >= {"ACCOUNT_ID", "REGION", "BROKER_HOST", "VAULT_BUCKET", "MEMORY_BUCKET", "REGISTRY_HEIMA"}
    assert set(seen) >= {"DATA_ROLE_ARN", "VAULT_ROLE_ARN", "MEMORY_ROLE_ARN"}
    assert "OIDC_AWS_ROLE_ARN" not in seen
    key = tmp_path / ".agentkeys/heima-deployer.key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("not-a-real-key\n", 0o600)


def test_the_document_names_every_workflow_variable_and_secret():
    text = (PROJECT / "docs/ci.md").read_text()
    files = [*WORKFLOWS.values(), ACTION]
    named = {name for path in files for name in re.findall(r"(?:vars|secrets)\.([A-Z_]+)", path.read_text())}
    assert [name for name in sorted(named) if f"`{name}`" not in text] == []
    listed = set(re.findall(r"^\| `([\w-]+)\.yml`", text, re.MULTILINE))
    assert listed == set(WORKFLOWS) - {"up-stack"}


def test_preview_up_and_drift_upload_the_report_also_after_a_failure():
    for name, comments in (("preview", True), ("up-stack", False), ("drift", False)):
        (job,) = PARSED[name]["jobs"].values()
        (step,) = [step for step in steps(job) if step.get("uses") == "./.github/actions/report"]
        assert step["if"] == "${{ !cancelled() }}"
        assert ("pull-request" in step["with"]) == comments
        for log in step["with"]["events"].split("\n"):
            assert f"$RUNNER_TEMP/{log.rpartition('/')[2]}" in str(job).replace("${{ runner.temp }}", "$RUNNER_TEMP")


@pytest.fixture
def report(tmp_path):
    """Runs a named step of the report's action as GitHub's runner does; `gh` and the report's command are stand-ins."""
    called = (
        'echo "$@" >>calls\nwhile [ $# -gt 0 ]; do\n  case $1 in\n    --out) echo page >"$2" ;;\n'
        '    --summary) echo "### Stack test" >"$2" ;;\n  esac\n  shift\ndone\nexit "${CODE:-0}"\n'
    )
    gh = 'echo "$@" >>calls\ncase $2 in --paginate) cat found 2>/dev/null || true ;; esac\n'
    for name, text in (("venv/bin/python", called), ("bin/gh", gh)):
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{text}")
        program.chmod(0o755)
    action = yaml.load((PROJECT / ".github/actions/report/action.yml").read_text(), yaml.BaseLoader)  # noqa: S506 - makes texts only

    def run(name, **environment):
        (step,) = [step for step in action["runs"]["steps"] if step.get("name") == name]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            env={
                "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path), "STACK": "test",
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "PULL_REQUEST": "7", "GH_REPO": "o/r", "RUN": "https://run",
                **environment,
            },
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done, (tmp_path / "calls").read_text().splitlines()

    run.folder = tmp_path
    return run


def test_the_report_of_a_workflow_is_masked_and_in_the_jobs_summary(report):
    (report.folder / "up.json").write_text("{}")
    done, (call,) = report("Write the page", EVENTS=f"{report.folder}/up.json\n{report.folder}/none.json\n")
    assert done.returncode == 0, done.stderr
    assert f"--no-proof --mask --events {report.folder}/up.json --out" in call
    assert "none.json" not in call
    assert (report.folder / "summary").read_text() == "### Stack test\n"


@pytest.mark.parametrize(("code", "ends"), [("3", 0), ("1", 1)])
def test_a_stack_that_cannot_be_read_has_its_page_uploaded_all_the_same(report, code, ends):
    done, _ = report("Write the page", EVENTS="", CODE=code)
    assert done.returncode == ends


def test_a_pull_request_has_one_comment_for_a_stack(report):
    (report.folder / "report-test.md").write_text("### Stack test\n")
    report("Comment on the pull request")
    (report.folder / "found").write_text("11\n12\n")
    done, calls = report("Comment on the pull request")
    assert done.returncode == 0, done.stderr
    body = report.folder / "report-test-comment.md"
    assert [call for call in calls if "--paginate" not in call] == [
        f"pr comment 7 --body-file {body}",
        f"api --method PATCH repos/o/r/issues/comments/11 -F body=@{body} --silent",
    ]
    assert body.read_text().startswith("<!-- agentkeys report of test -->\n### Stack test\n")
