"""The end of prod, which the tests before have brought up: told first, then done, the data kept."""

import subprocess
import sys

from sandbox import layout


def test_prod_goes_once_its_protection_is_lifted_and_its_data_stays_where_that_was_chosen(ground):
    buckets = ground.outputs("prod")["buckets"]
    ground.client("s3").put_object(Bucket=buckets["vault"], Key="bots/a/credentials/kept", Body=b"kept")
    assert "bucketsOnDestroy" in retire(ground).stdout
    lifted = ("--config", "agentkeys-cloud:protect=false", "--config", "agentkeys-cloud:bucketsOnDestroy=keep")
    up = ground.pulumi("prod", "up", "--yes", *lifted)
    assert "replaced" not in up.stdout
    assert "deleted" not in up.stdout
    told = retire(ground)
    assert told.returncode == 0, told.stdout + told.stderr
    before = ground.listing()
    ground.pulumi("prod", "destroy", "--yes")
    after = ground.listing()
    assert {name for name in after if name.startswith("bucket ")} == {f"bucket {name}" for name in buckets.values()}
    for name in buckets.values():
        assert after[f"bucket {name}"][1:] == before[f"bucket {name}"][1:], "guards and objects stay"
    assert not [name for name in after if name.startswith(("role agentkeys-", "instance ", "address ", "rule "))]


def retire(ground):
    return subprocess.run(
        [sys.executable, "-m", "ops", "retire", "-s", "prod"],
        cwd=layout.CHECKOUT, env=ground.engine.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
