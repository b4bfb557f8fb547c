"""Which of Terraform's AWS providers a built engine runs, and what is said before one is built."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dev import toolchain
from sandbox.engine import build, provider, source, versions
from sandbox.engine.steps import EngineError

SIX, FIVE = versions.TERRAFORM_AWS["6"], versions.TERRAFORM_AWS["5"]


@pytest.fixture(autouse=True)
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without any provider."""
    for name in (*provider.VARIABLES, "TF_CLI_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(tmp_path / "mirror"))
    monkeypatch.setattr(provider, "_SYSTEM", (tmp_path / "opt",))
    for module in (provider, source):
        monkeypatch.setattr(module, "architecture", lambda: "amd64")
    monkeypatch.setattr(toolchain, "CACHE", tmp_path / "cache")


def put(folder: Path, version: str) -> Path:
    inside = f"registry.terraform.io/hashicorp/aws/{version}/linux_amd64/terraform-provider-aws_v{version}_x5"
    path = folder / inside
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def built() -> None:
    provider.SOURCE.binary.parent.mkdir(parents=True)
    provider.SOURCE.binary.touch()


@pytest.mark.parametrize(
    ("mirror", "system", "in_cache", "wanted", "seen"),
    [
        ((FIVE,), (), False, None, (FIVE, "found")),
        ((), (FIVE,), True, None, (FIVE, "found")),
        ((FIVE,), (SIX,), False, None, (SIX, "found")),
        ((FIVE,), (FIVE,), False, None, (FIVE, "found")),
        ((FIVE, SIX), (), True, "5", (FIVE, "found")),
        ((FIVE,), (), True, "6", (SIX, "built")),
        (("6.0.0", "5.99.0"), ("6.0.0",), True, None, (SIX, "built")),
        ((FIVE,), (), False, "6", None),
        ((), (), False, None, None),
    ],
)
def test_the_choice(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mirror: tuple[str, ...],
    system: tuple[str, ...],
    in_cache: bool,
    wanted: str | None,
    seen: tuple[str, str] | None,
) -> None:
    for version in mirror:
        put(tmp_path / "mirror", version)
    for version in system:
        put(tmp_path / "opt/some/where", version)
    if in_cache:
        built()
    if wanted:
        monkeypatch.setenv(provider.GENERATION_VARIABLE, wanted)
    chosen = provider.find()
    assert (chosen and (chosen.version, chosen.origin)) == seen
    assert chosen is None or chosen.path.is_file()
    assert chosen is None or chosen.version not in mirror or chosen.path.is_relative_to(tmp_path / "mirror")


def test_a_named_file_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built()
    monkeypatch.setenv(provider.PATH_VARIABLE, str(put(tmp_path / "elsewhere", "6.50.1")))
    chosen = provider.find()
    assert chosen is not None
    assert (chosen.version, chosen.generation) == ("6.50.1", "6")


def test_a_wrong_choice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(provider.GENERATION_VARIABLE, "7")
    with pytest.raises(EngineError, match="AGENTKEYS_PROVIDER is '7'; the provider's generation must be 5 or 6"):
        provider.find()
    monkeypatch.setenv(provider.GENERATION_VARIABLE, "5")
    with pytest.raises(EngineError, match=rf"no registry\S+/{FIVE}/\S+ is below .*/mirror, .*Put it there, or leave"):
        provider.find()
    monkeypatch.setenv(provider.PATH_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(EngineError, match=r"TERRAFORM_AWS_PROVIDER is '.*/none', which is not a file"):
        provider.find()
    (tmp_path / "provider").touch()
    monkeypatch.setenv(provider.PATH_VARIABLE, str(tmp_path / "provider"))
    with pytest.raises(EngineError, match=r"/provider has no version in its name: .* Rename it"):
        provider.find()


def test_time_and_space_are_said_before_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(source.golang, "find", stop_here)
    with pytest.raises(InterruptedError):
        provider.ensure(said.append)
    assert SIX in said[0]
    assert provider.SOURCE.time in said[0]
    assert f"{provider.SOURCE.gigabytes} GB" in said[0]
    assert "the same command continues it" in said[0]


def test_every_provider_says_its_time_and_keeps_its_own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.golang, "find", stop_here)
    rows = source.SOURCES.values()
    assert len({row.folder for row in rows}) == len(rows)
    for row in rows:
        said: list[str] = []
        with pytest.raises(InterruptedError):
            row.ensure(said.append)
        for told in (row.version, row.time, f"{row.gigabytes} GB"):
            assert told in said[0]
        assert f"tool {row.package}\n" in (row.go_module / "go.mod").read_text()


def stop_here(_progress: Callable[[str], None]) -> str:
    raise InterruptedError


def test_a_build_that_has_no_room_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - 10**9, 10**9))
    monkeypatch.setattr(source.golang, "find", stop_here)
    with pytest.raises(
        EngineError, match=rf"needs {provider.SOURCE.gigabytes} GB, and {tmp_path}\S+ has 1\.0 GB. Make room"
    ):
        provider.ensure(print)


@pytest.mark.parametrize("cloud", ["gcp", "tencentcloud"])
def test_an_official_engine_runs_no_other_cloud(cloud: str, tmp_path: Path) -> None:
    official = build.Engine(bin_dir=tmp_path / "bin", official=True)
    with pytest.raises(EngineError, match=rf"CLOUD={cloud} needs the engine that is built from package registries"):
        official.add(cloud, tmp_path / "pulumi", print)
    assert not (tmp_path / "pulumi").exists()
