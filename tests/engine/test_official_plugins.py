"""An official engine's plugins: downloaded from the layout of Pulumi's servers, installed by the real ``pulumi``."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine import build, download, versions
from tests.support.pulumi_server import PulumiServer, archive

pytestmark = pytest.mark.engine

MACHINE = "arm64" if platform.machine() == "aarch64" else "amd64"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulumiServer]:
    made = PulumiServer()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "PLUGINS", (f"{made.url}/github/{{plugin}}/v{{version}}", f"{made.url}/plugins"))
    for name, version in versions.PLUGINS.items():
        content = archive({f"pulumi-resource-{name}": f'#!/bin/sh\necho {name} "$HTTP_PROXY" "$@"\n'.encode()})
        file = f"pulumi-resource-{name}-v{version}-linux-{MACHINE}.tar.gz"
        made.put("/plugins", f"pulumi-{name}_{version}_checksums.txt", {file: content}, algorithm="sha1", prefix="./")
    yield made
    made.close()


def test_the_plugins_are_installed_once(server: PulumiServer, tmp_path: Path) -> None:
    bin_dir, home = tmp_path / "bin", tmp_path / "home"
    bin_dir.mkdir()
    (bin_dir / "pulumi").symlink_to(build.ensure().bin_dir / "pulumi")
    engine = build.Engine(bin_dir, official=True)
    engine.prepare_home(home)
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    listed = subprocess.run(
        [bin_dir / "pulumi", "plugin", "ls", "--json"], env=environment, capture_output=True, text=True, check=True
    )
    assert {one["name"]: one["version"] for one in json.loads(listed.stdout)} == versions.PLUGINS

    count = len(server.requests)
    # What a kill between the installation and the script before the plugin leaves.
    aws = home / f"plugins/resource-aws-v{versions.PLUGINS['aws']}/pulumi-resource-aws"
    aws.with_name("pulumi-resource-aws.real").replace(aws)
    engine.prepare_home(home)
    engine.prepare_home(home)
    engine.prepare_home(tmp_path / "another-home")
    assert len(server.requests) == count, "verified archives serve every home"
    for home_of in (home, tmp_path / "another-home"):
        run = [home_of / aws.relative_to(home), "port"]
        sandboxed = {**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:14566"}
        assert subprocess.run(run, env=sandboxed, capture_output=True, text=True, check=True).stdout == (
            "aws http://127.0.0.1:14566 port\n"
        )
        assert subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout == "aws  port\n"
