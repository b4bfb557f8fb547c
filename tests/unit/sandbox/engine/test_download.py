"""Pulumi's archives from a server on loopback that has the layout of the official ones, and that can fail."""

import hashlib
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.engine import download
from sandbox.engine.steps import EngineError
from tests.support.pulumi_server import BEHIND_PROXY, CUT, PulumiServer, archive

VERSION = "3.1.4"
CLI = f"pulumi-v{VERSION}-linux-{'arm64' if platform.machine() == 'aarch64' else 'x64'}.tar.gz"
SUMS = f"pulumi-{VERSION}-checksums.txt"
PLUGIN = f"pulumi-resource-aws-v7.0.0-linux-{'arm64' if platform.machine() == 'aarch64' else 'amd64'}.tar.gz"
PLUGIN_SUMS = "pulumi-aws_7.0.0_checksums.txt"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulumiServer]:
    made = PulumiServer()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "SDK", f"{made.url}/releases/sdk")
    github = f"{made.url}/pulumi/pulumi-{{plugin}}/releases/download/v{{version}}"
    monkeypatch.setattr(download, "PLUGINS", (github, f"{made.url}/releases/plugins"))
    monkeypatch.setattr(download, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(download, "RETRY_SECONDS", 0)
    yield made
    made.close()


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


#: Larger than a few of the pieces that are written, and not compressible.
PULUMI = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(30_000))


@pytest.fixture
def cli(server: PulumiServer) -> bytes:
    """The command line's archive, which the server has."""
    content = archive({"pulumi/pulumi": PULUMI, "pulumi/pulumi-language-python": b"host"})
    server.put("/releases/sdk", SUMS, {CLI: content})
    return content


def quiet(_line: str) -> None:
    pass


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def assert_installed(bin_dir: Path) -> None:
    assert (bin_dir / "pulumi").read_bytes() == PULUMI
    assert (bin_dir / "pulumi").stat().st_mode & 0o100
    assert names(bin_dir) == {"pulumi", "pulumi-language-python"}
    assert names(bin_dir.parent) == {"bin"}, "no archive and no partial file is left"


def test_the_command_line_arrives(server: PulumiServer, cli: bytes, bin_dir: Path) -> None:
    assert cli
    download.command_line(VERSION, bin_dir, quiet)
    assert_installed(bin_dir)
    assert [path for path, _ in server.requests] == [f"/releases/sdk/{SUMS}", f"/releases/sdk/{CLI}"]


@pytest.mark.parametrize("how", [["cut"], ["cut", "stall"], ["slow"], ["stall", "503", "cut"]])
def test_an_interrupted_download_goes_on_where_it_ended(
    server: PulumiServer, cli: bytes, bin_dir: Path, how: list[str]
) -> None:
    server.spoil[f"/releases/sdk/{CLI}"] = list(how)
    download.command_line(VERSION, bin_dir, quiet)
    assert_installed(bin_dir)
    continued = [wanted for path, wanted in server.requests if path.endswith(CLI)][1:]
    assert len(continued) == len([one for one in how if one != "slow"])
    assert all(wanted and 0 < int(wanted[6:-1]) < len(cli) for wanted in continued)


def test_a_server_that_keeps_stopping_is_named_and_a_later_run_continues(
    server: PulumiServer, cli: bytes, bin_dir: Path
) -> None:
    path = f"/releases/sdk/{CLI}"
    server.spoil[path] = ["cut", *["503"] * 9]
    with pytest.raises(EngineError, match=rf"{path} stopped after 0\.3 MB: .* answers 503 .* it continues .*\.partial"):
        download.command_line(VERSION, bin_dir, quiet)
    assert names(bin_dir) == set(), "a partial file is never used"
    assert names(bin_dir.parent) == {"bin", f"{CLI}.partial"}
    server.spoil[path] = []
    server.requests.clear()
    download.command_line(VERSION, bin_dir, quiet)
    assert_installed(bin_dir)
    assert server.requests[-1] == (path, f"bytes={CUT}-")
    assert cli


@pytest.mark.parametrize("leftover", ["other", "longer", "whole"])
def test_what_an_earlier_run_left_is_not_trusted(
    server: PulumiServer, cli: bytes, bin_dir: Path, leftover: str
) -> None:
    content = {"other": b"x" * CUT, "longer": cli + b"x", "whole": cli}[leftover]
    (bin_dir.parent / f"{CLI}.partial").write_bytes(content)
    download.command_line(VERSION, bin_dir, quiet)
    assert_installed(bin_dir)
    assert len(server.requests) == (2 if leftover == "whole" else 3)


def test_a_server_without_ranges_starts_anew(server: PulumiServer, cli: bytes, bin_dir: Path) -> None:
    (bin_dir.parent / f"{CLI}.partial").write_bytes(cli[:CUT])
    server.spoil[f"/releases/sdk/{CLI}"] = ["whole"]
    download.command_line(VERSION, bin_dir, quiet)
    assert_installed(bin_dir)
    assert len(server.requests) == 2, "the answer replaces what was there"


def test_a_wrong_digest_is_never_used(server: PulumiServer, cli: bytes, bin_dir: Path) -> None:
    server.files[f"/releases/sdk/{CLI}"] = archive({"pulumi/pulumi": b"#!/bin/sh\necho wrong"})
    seen, wanted = (hashlib.sha256(of).hexdigest() for of in (server.files[f"/releases/sdk/{CLI}"], cli))
    with pytest.raises(EngineError, match=rf"{CLI} has the SHA256 {seen}, and {SUMS} says {wanted}"):
        download.command_line(VERSION, bin_dir, quiet)
    assert names(bin_dir) == set()
    assert names(bin_dir.parent) == {"bin"}


def test_without_a_digest_nothing_is_downloaded(server: PulumiServer, cli: bytes, bin_dir: Path) -> None:
    assert cli
    server.files[f"/releases/sdk/{SUMS}"] = b"<html>Sign in to the guest network</html>"
    with pytest.raises(EngineError, match=f"{SUMS} has no digest of {CLI}.*Sign in to the guest"):
        download.command_line(VERSION, bin_dir, quiet)
    assert len(server.requests) == 1


@pytest.mark.parametrize("missing", [SUMS, CLI])
def test_a_version_that_is_not_there_is_unavailable(
    server: PulumiServer, cli: bytes, bin_dir: Path, missing: str
) -> None:
    assert cli
    del server.files[f"/releases/sdk/{missing}"]
    with pytest.raises(download.UnavailableError, match=f"^{server.url}/releases/sdk/{missing} answers 404 Not Found$"):
        download.command_line(VERSION, bin_dir, quiet)
    assert names(bin_dir.parent) == {"bin"}


def test_a_server_that_is_not_reached_is_unavailable(server: PulumiServer, bin_dir: Path) -> None:
    server.close()
    with pytest.raises(download.UnavailableError, match=rf"^{server.url}/releases/sdk/{SUMS}: .*Connection refused"):
        download.command_line(VERSION, bin_dir, quiet)


def test_a_server_that_does_not_answer_is_unavailable(server: PulumiServer, cli: bytes, bin_dir: Path) -> None:
    assert cli
    server.spoil[f"/releases/sdk/{SUMS}"] = ["stall"]
    server.files[f"/releases/sdk/{SUMS}"] *= 10_000
    with pytest.raises(download.UnavailableError, match=r"Read timed out"):
        download.command_line(VERSION, bin_dir, quiet)


def test_the_proxy_of_the_environment_is_used(
    server: PulumiServer, cli: bytes, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli
    monkeypatch.setattr(download, "SDK", f"{BEHIND_PROXY}/releases/sdk")
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "localhost")
    server.spoil[f"/releases/sdk/{CLI}"] = ["cut"]
    download.command_line(VERSION, bin_dir, quiet)
    assert_installed(bin_dir)
    assert {path.partition("/releases")[0] for path, _ in server.requests} == {BEHIND_PROXY}


def test_a_proxy_that_refuses_is_unavailable(
    server: PulumiServer, bin_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "SDK", f"{BEHIND_PROXY}/releases/sdk")
    monkeypatch.setenv("http_proxy", server.url)
    server.files[f"/releases/sdk/{SUMS}"] = b""
    server.spoil[f"/releases/sdk/{SUMS}"] = ["407"]
    with pytest.raises(download.UnavailableError, match=r"answers 407"):
        download.command_line(VERSION, bin_dir, quiet)


@pytest.mark.parametrize("folder", ["/pulumi/pulumi-aws/releases/download/v7.0.0", "/releases/plugins"])
def test_a_plugin_comes_from_the_first_server_that_has_it(server: PulumiServer, tmp_path: Path, folder: str) -> None:
    content = archive({"pulumi-resource-aws": b"plugin"})
    server.put(folder, PLUGIN_SUMS, {PLUGIN: content}, algorithm="sha1", prefix="./")
    path = download.plugin("aws", "7.0.0", tmp_path / "archives", quiet)
    assert path.read_bytes() == content
    count = len(server.requests)
    assert download.plugin("aws", "7.0.0", tmp_path / "archives", quiet) == path
    assert len(server.requests) == count, "a verified archive is used again"


def test_a_plugin_that_no_server_has_names_both_and_a_way_out(server: PulumiServer, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as error:
        download.plugin("aws", "7.0.0", tmp_path, quiet)
    for part in (
        f"{server.url}/pulumi/pulumi-aws/releases/download/v7.0.0/{PLUGIN_SUMS} answers 404 Not Found",
        f"{server.url}/releases/plugins/{PLUGIN_SUMS} answers 404 Not Found",
        f"put it at {tmp_path / PLUGIN}",
    ):
        assert part in str(error.value)


def test_a_full_disk_is_named(server: PulumiServer, cli: bytes, bin_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server
    assert cli

    def full(*_: object, **__: object) -> Callable[..., object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "_append", full)
    with pytest.raises(EngineError, match=r"\.partial cannot be written: No space left on device. Make room"):
        download.command_line(VERSION, bin_dir, quiet)
