"""The page of a live stack: every part is seen, a drift is marked, and without rights the page says what is missing."""

import re
import subprocess

import pytest

from sandbox import layout

MARK = '<div class="unseen">'


@pytest.fixture(scope="module", autouse=True)
def both(ground):
    ground.bring_up("prod", "test")


@pytest.fixture
def report(ground, tmp_path):
    """The command as typed; the page and the summary that it wrote."""

    def run(*arguments, **surroundings):
        page, summary = tmp_path / "page.html", tmp_path / "summary.md"
        done = subprocess.run(
            ["venv/bin/python", "-m", "ops", "report", *arguments, "--out", page, "--summary", summary],
            cwd=layout.CHECKOUT, env={**ground.engine.environment, **surroundings},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return page.read_text(), summary.read_text()

    return run


def test_the_page_of_a_live_stack_sees_every_part_and_marks_what_drifted(ground, report):
    bucket, s3 = ground.outputs("test")["buckets"]["vault"], ground.client("s3")
    guards = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**guards, "RestrictPublicBuckets": False})
    log = layout.HOME / "events/agentkeys-cloud-test.json"
    try:
        page, summary = report("-s", "test", "--against", "prod", "--events", str(log))
    finally:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=guards)
    assert MARK not in page
    assert "≠ public-access" in page
    assert re.search(r"proof.*✓ ok", summary)
    assert "| audit | ✗ wrong |" in summary
    assert "changed: vault-public-access" in summary
    for secret in ("eyJ", "PRIVATE KEY", "SessionToken"):
        assert secret not in page + summary


def test_with_keys_that_aws_does_not_know_the_page_has_the_state_and_says_what_is_missing(report):
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "nobody's", "AWS_PROFILE": ""}
    page, summary = report("-s", "test", **keys)
    assert page.count(MARK) >= 3
    assert "Select a profile (AWS_PROFILE)" in page
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="graph"' in page
    assert "| proof | ? not run |" in summary
