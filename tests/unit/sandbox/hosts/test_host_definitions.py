"""What hosts are made of, as far as it can be read without booting one."""

import json
from pathlib import Path

import pytest

from dev import toolchain
from sandbox.hosts import network
from sandbox.hosts.image import apt_sources, egress_ports, former_image
from sandbox.hosts.machine import HostError, run
from sandbox.hosts.relay import Exposure
from sandbox.hosts.seed import HostSpec, first_files

SPEC = HostSpec(
    instance_id="i-0a",
    base="debian-12",
    login_user="admin",
    public_key="ssh-rsa AAAA: me\n",
    user_data="#cloud-config\n",
    private_name="ip-x",
)


def exposure(*cidrs: str, address: str = "127.3.4.5") -> Exposure:
    return Exposure(address=address, port=443, instance_id="i-0a", cidrs=cidrs)


def test_the_seed_says_what_the_metadata_service_would() -> None:
    files = first_files(SPEC, "10.213.7.1")
    assert json.loads(files["var/lib/cloud/seed/nocloud/meta-data"]) == {
        "instance-id": "i-0a",
        "local-hostname": "ip-x",
        "public-keys": ["ssh-rsa AAAA: me"],
    }
    assert files["var/lib/cloud/seed/nocloud/user-data"] == "#cloud-config\n"
    user = json.loads(files["etc/cloud/cloud.cfg.d/91_sandbox_user.cfg"])["system_info"]["default_user"]
    assert (user["name"], user["sudo"]) == ("admin", ["ALL=(ALL) NOPASSWD:ALL"])
    assert "10.213.7.1 acme.sandbox.internal\n" in files["etc/hosts"]
    assert files["etc/resolv.conf"] == "nameserver 10.213.7.1\n"


def test_host_addresses_follow_the_layout() -> None:
    assert (network.gateway_address(7), network.host_address(7)) == ("10.213.7.1", "10.213.7.2")


def test_the_filter_forwards_only_what_it_is_told() -> None:
    text = network.ruleset({14000: 24000}, {80, 443}, "192.0.2.53")
    assert "tcp dport 14000 dnat ip to 127.0.0.1:24000" in text
    assert "th dport 53 dnat ip to 192.0.2.53" in text
    assert "tcp dport { 80, 443 } accept" in text
    assert text.count("dnat ip to") == 2


@pytest.mark.parametrize(
    ("cidrs", "source", "admitted"),
    [
        (("0.0.0.0/0",), "127.0.0.1", True),
        (("203.0.113.0/24", "127.0.0.1/32"), "127.0.0.1", True),
        (("203.0.113.0/24",), "127.0.0.1", False),
        (("::/0",), "127.0.0.1", False),
        ((), "127.0.0.1", False),
    ],
)
def test_an_exposure_admits_its_sources(cidrs: tuple[str, ...], source: str, admitted: bool) -> None:
    assert exposure(*cidrs).admits(source) is admitted


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.2", "::1"])  # noqa: S104
def test_relays_listen_only_on_loopback(address: str) -> None:
    with pytest.raises(ValueError, match=r"is not in 127\.0\.0\.0/8"):
        exposure("0.0.0.0/0", address=address)


def test_an_image_of_any_release_comes_from_this_machines_debian_archives() -> None:
    targets = (
        "Debian|bookworm-security|http://mirror.test/security/\n"
        "Elsewhere|bookworm|http://third.test/\n"
        "Debian|bookworm|http://mirror.test/debian/\n"
        "Debian|bookworm-backports|http://backports.test/debian/\n"
    )
    for suite in ("bookworm", "bullseye"):
        assert apt_sources(targets, suite) == [
            f"deb http://mirror.test/debian/ {suite} main",
            f"deb http://mirror.test/security/ {suite}-security main",
        ]


def test_a_machine_without_debians_archive_is_refused() -> None:
    with pytest.raises(HostError, match="no Debian archive"):
        apt_sources("Elsewhere|bookworm|http://third.test/\n", "bullseye")


def test_hosts_get_out_to_where_apt_fetches_from(tmp_path: Path) -> None:
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text("deb https://a.test/ x main\ndeb http://b.test:8080/ x main\n")
    assert egress_ports(tmp_path) == {443, 8080}


def test_a_failed_command_is_quoted_with_what_it_said() -> None:
    with pytest.raises(HostError, match=r"ended with 3:\nbad thing"):
        run(["sh", "-c", "echo bad thing; exit 3"])


@pytest.mark.parametrize(
    ("cached", "found"),
    [
        (["d9837e18a950368a", "debian-12-dfb51b21ed9e53fe"], "d9837e18a950368a"),
        (["debian-12-dfb51b21ed9e53fe"], None),
        (["d9837e18a950368a", "a9837e18a950368a"], None),
    ],
)
def test_a_host_of_the_version_before_keeps_its_image(tmp_path, monkeypatch, cached, found):
    monkeypatch.setattr(toolchain, "CACHE", tmp_path)
    for name in cached:
        (tmp_path / "host-image" / name).mkdir(parents=True)
    assert former_image() == (tmp_path / "host-image" / found if found else None)
