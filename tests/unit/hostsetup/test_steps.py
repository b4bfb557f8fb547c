"""The steps as data: what they say, in which order, and what makes which of them run again."""

import dataclasses
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hostsetup import steps as steps_module
from hostsetup.bundle import File, read_bundle, render_bundle
from hostsetup.environment import SECRET_FILES, environment_files, filled
from hostsetup.families import TOOLKIT, family_table
from hostsetup.services import SERVICES, STAGED_ARCHIVE, STAGED_SOURCE, Site
from hostsetup.steps import LARGEST_STDIN, Step, acme_account, authorized_keys, steps
from tests.support.sites import SCRIPTS, SITES, a_site

_REVISION = re.compile(r"(?<=/agentkeys-setup/)(step \S+ \d+ \S+) [0-9a-f]{12}( [0-9a-f]{12}\b)?")


def by_name(site: Site) -> dict[str, Step]:
    return {step.name: step for step in steps(site)}


def rerun(before: dict[str, Step], after: dict[str, Step]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("stack", SITES)
def test_the_rendered_steps_are_the_reviewed_ones(golden: Callable[[str, str], None], stack: str) -> None:
    listing = []
    for step in steps(a_site(stack)):
        command = _REVISION.sub(lambda found: f"{found[1]} <revision>{' <inputs>' if found[2] else ''}", step.command)
        listing.append(
            f"{step.name} ({step.timeout_seconds} s) after {', '.join(step.after) or 'nothing'}\n  {command}\n"
        )
        # The scripts are their own review; the same configuration is installed twice.
        if step.stdin and step.name not in ("toolkit", "nginx-https"):
            golden(f"hostsetup/{stack}/{step.name}.txt", step.stdin)
    golden(f"hostsetup/{stack}/steps.txt", "".join(listing))


def test_every_step_comes_behind_the_ones_it_waits_for(site: Site) -> None:
    seen: set[str] = set()
    for step in steps(site):
        assert step.name not in seen
        assert set(step.after) <= seen
        seen.add(step.name)


def test_every_step_ends_by_its_own_limit_on_the_host(site: Site) -> None:
    """As root, because only root may end a process of root, and 60 seconds at least for what takes a moment."""
    for step in (*steps(site), acme_account("kid", "key"), authorized_keys(["key"])):
        words = shlex.split(step.command)
        if step.name == "toolkit":
            assert words[:5] == ["sudo", "timeout", "--kill-after=15", "60", "bash"]
        else:
            assert words[:4] == ["sudo", f"{TOOLKIT}/step", step.name, str(step.timeout_seconds)], step.name
        assert step.timeout_seconds >= 60


def test_no_step_sends_more_than_ssh_takes_unread(site: Site) -> None:
    """OpenSSH's window is 2 MiB; with the largest settings (``settings.Line``) every step stays below."""
    longest = "x" * 1024
    largest = dataclasses.replace(
        site,
        **dict.fromkeys(("auth_methods", "audit_anchors", "email_sender", "chain", "chain_rpc"), longest),
        contracts={f"{'C' * 57}{number:02}_HEIMA": longest for number in range(64)},
    )
    assert max(len(step.stdin) for step in steps(largest)) < LARGEST_STDIN < 2 * 1024 * 1024 / 2
    # EC2 takes no larger RSA key than 16384 bits, about 2800 characters.
    assert len(authorized_keys(["k" * 2800] * 2).stdin) < LARGEST_STDIN


def test_a_step_that_sends_too_much_is_refused_before_it_runs(site: Site) -> None:
    step = by_name(site)["environment"]
    with pytest.raises(ValueError, match="'environment' sends 524289 bytes"):
        dataclasses.replace(step, stdin="x" * (LARGEST_STDIN + 1))


def test_only_certificates_and_what_follows_waits_for_dns(site: Site) -> None:
    waiting = {"certificates"}
    for step in steps(site):
        if waiting & set(step.after):
            waiting.add(step.name)
    assert waiting == {"certificates", "nginx-https", "health"}


def test_steps_are_the_same_every_time(site: Site) -> None:
    assert steps(site) == steps(site)


def test_a_changed_setting_runs_the_steps_that_use_it_again() -> None:
    before = by_name(a_site("test"))

    def changed_by(**values: object) -> set[str]:
        return rerun(before, by_name(dataclasses.replace(a_site("test"), **values)))

    assert changed_by(email_from="other@example.org") == {"environment", "units", "health"}
    assert changed_by(release_sha256="cd" * 32) == {"release", "units", "health"}
    assert changed_by(acme_directory="https://other.example.org/") == {"certificates", "nginx-https", "health"}
    assert changed_by(buckets={**a_site("test").buckets, "mail": "other"}) == {"units", "health"}
    assert changed_by(reboot_time="05:00") == {"updates"}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("secrets", {"toolkit", "secrets"}),
        ("nginx", {"toolkit", "nginx-http", "nginx-https"}),
        ("read_certificates.py", {"toolkit", "nginx-http", "certificates", "nginx-https", "health"}),
        ("acme_problem.py", {"toolkit", "certificates"}),
        ("acme-account", {"toolkit"}),
        ("with-session-public-key", {"toolkit", "units", "health"}),
        ("release", {"toolkit", "release", "units", "health"}),
        ("build", {"toolkit", "release", "units", "health"}),
        ("activation", {"toolkit", "release", "units", "health"}),
    ],
)
def test_a_changed_script_runs_its_own_steps_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, expected: set[str]
) -> None:
    before = by_name(a_site("test"))
    for source in SCRIPTS.iterdir():
        text = source.read_text() + ("# changed\n" if source.name == script else "")
        (tmp_path / source.name).write_text(text)
    monkeypatch.setattr(steps_module, "_SCRIPTS", tmp_path)
    assert rerun(before, by_name(a_site("test"))) == expected


def built(**values: str) -> Site:
    """A site whose binaries are built from a git bundle."""
    source = {"source_ref": "v1", "source_sha256": "ef" * 32, "release_sha256": ""}
    return dataclasses.replace(a_site("test"), **{**source, **values})


def test_another_ref_repository_or_toolchain_runs_what_an_upgrade_needs() -> None:
    before = by_name(built())

    def changed_by(**values: str) -> set[str]:
        return rerun(before, by_name(built(**values)))

    assert changed_by(source_ref="v2") == {"release", "units", "health"}
    assert changed_by(source_sha256="01" * 32) == {"release", "units", "health"}
    assert changed_by(toolchain="packages") == {"release", "units", "health"}


def test_a_build_has_the_time_of_a_small_machine_and_an_archive_is_quick() -> None:
    limit = re.search(r"^readonly limit_minutes=(\d+)$", (SCRIPTS / "build").read_text(), re.MULTILINE)
    assert limit
    assert 15 * 60 < int(limit[1]) * 60 < by_name(built())["release"].timeout_seconds
    assert by_name(a_site("test"))["release"].timeout_seconds < 600


def test_the_release_is_told_where_its_binaries_come_from() -> None:
    def told(site: Site) -> list[str]:
        return shlex.split(by_name(site)["release"].command)[7:]

    url = "https://git.example.org/agentKeys.git"
    assert told(a_site("test")) == ["archive", "ab" * 32, str(STAGED_ARCHIVE)]
    assert told(a_site("prod")) == ["archive", "ab" * 32, "https://releases.example.org/agentkeys.tar.gz"]
    assert told(built()) == ["source", "ef" * 32, str(STAGED_SOURCE), "v1", "rustup"]
    assert told(built(source_repository=url, source_sha256="")) == ["source", "-", url, "v1", "rustup"]


def test_the_host_computes_the_same_revision_of_a_script(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "families"
    table.write_text(family_table().content)
    for step in steps(site)[1:]:
        _, _, name, _, script, revision = shlex.split(step.command)[:6]
        assert name == step.name
        files = [*(SCRIPTS / name for name in (script, "prelude", "memory", "install-files")), table]
        summed = subprocess.run(
            ["bash", "-c", 'cat "$@" | sha256sum | cut -c1-12', "bash", *files],
            capture_output=True,
            text=True,
            check=True,
        )
        assert summed.stdout.strip() == revision, step.name


def test_no_secret_has_a_value_in_what_is_rendered(site: Site) -> None:
    for step in steps(site):
        if step.name != "toolkit":
            for name in SECRET_FILES.values():
                assert f"{name}=" not in step.stdin + step.command


def test_commands_are_short_and_start_with_sudo(site: Site) -> None:
    for step in steps(site):
        assert step.command.startswith("sudo ")
        assert len(step.command) < 400, step.name


def test_every_secret_is_read_by_a_unit_and_belongs_to_root_alone(site: Site) -> None:
    units = by_name(site)["units"].stdin
    for path in SECRET_FILES:
        assert f"EnvironmentFile={path}\n" in units
    assert not {file.path for file in environment_files(site)} & {str(path) for path in SECRET_FILES}


def test_values_that_systemd_would_read_otherwise_are_quoted_or_refused() -> None:
    def broker(value: str) -> str:
        return environment_files(dataclasses.replace(a_site("test"), chain=value))[0].content

    assert 'AGENTKEYS_CHAIN="two words"\n' in broker("two words")
    assert 'AGENTKEYS_CHAIN="a\\"b\\\\c\\$d"\n' in broker('a"b\\c$d')
    with pytest.raises(ValueError, match="AGENTKEYS_CHAIN"):
        broker("one\ntwo")


@pytest.mark.parametrize("template", ["{nothing}", "{site.nothing}", "{site.buckets[nothing]}", "{}"])
def test_a_template_that_names_what_a_site_lacks_is_an_error_with_the_row(template: str) -> None:
    with pytest.raises(ValueError, match=f"{SERVICES[0].unit} has the template '{re.escape(template)}', and there is"):
        filled(template, SERVICES[0], a_site("test"))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (File(path="relative", content="x\n"), "absolute path"),
        (File(path="/a b", content="x\n"), "absolute path"),
        (File(path="/a", content="no newline"), "newline"),
        (File(path="/a"), "has content"),
        (File(path="/a/", content="x\n"), "has content"),
        (File(path="/a", content="#=> end 1\n"), "no line may start"),
    ],
)
def test_a_bundle_refuses_what_the_host_would_misread(file: File, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render_bundle([file])


def test_services_listen_on_ports_of_their_own() -> None:
    assert len({service.port for service in SERVICES}) == len(SERVICES)


def test_the_toolkit_can_be_run_where_it_is_a_command_and_only_read_where_others_source_it(site: Site) -> None:
    files = {Path(file.path).name: file for file in read_bundle(by_name(site)["toolkit"].stdin)}
    modes = {path.name: files[path.name].mode for path in SCRIPTS.iterdir() if path.name in files}
    assert {name for name, mode in modes.items() if mode == "0644"} == set(steps_module.SOURCED)
    assert {mode for name, mode in modes.items() if name not in steps_module.SOURCED} == {"0755"}
    assert {file.owner for file in files.values()} == {"root:root"}


def test_only_a_site_with_metrics_has_their_step_and_their_scripts(site: Site) -> None:
    without = by_name(site)
    measured = by_name(dataclasses.replace(site, metrics_namespace="agentkeys-metrics-x"))
    assert set(measured) - set(without) == {"metrics"}
    assert rerun(without, measured) == {"toolkit"}

    def scripts(of: dict[str, Step]) -> set[str]:
        return {Path(file.path).name for file in read_bundle(of["toolkit"].stdin)}

    assert scripts(measured) - scripts(without) == {"metrics", "put_metrics.py"}
    assert f"{site.region} agentkeys-metrics-x" in measured["metrics"].stdin


def test_a_host_without_alarms_loses_the_timer_that_it_had_with_them(site: Site, tmp_path: Path) -> None:
    toolkit = by_name(site)["toolkit"]
    assert steps_module.WITHOUT_METRICS not in {Path(file.path).name for file in read_bundle(toolkit.stdin)}
    units, scripts, commands = (tmp_path / name for name in ("system", "toolkit", "commands"))
    for folder in (units, scripts, commands):
        folder.mkdir()
    (commands / "systemctl").write_text(f'#!/bin/sh\necho "systemctl $*" >>{tmp_path}/said\n')
    (commands / "systemctl").chmod(0o755)
    script = (SCRIPTS / steps_module.WITHOUT_METRICS).read_text()
    assert toolkit.stdin.startswith(script)
    script = script.replace("/etc/systemd/system", str(units)).replace(TOOLKIT, str(scripts))

    def run() -> str:
        environment = {"PATH": f"{commands}:/usr/bin:/bin"}
        done = subprocess.run(["bash", "-s"], input=script, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    assert run() == ""
    measured = by_name(dataclasses.replace(site, metrics_namespace="agentkeys-metrics-x"))
    installed = [Path(file.path).name for file in read_bundle(measured["metrics"].stdin)]
    for path in (*(units / name for name in installed), *(scripts / name for name in steps_module.METRICS_SCRIPTS)):
        path.touch()
    assert run() == f"removed {units}/agentkeys-measure.timer\nremoved {units}/agentkeys-measure.service\n"
    assert [*units.iterdir(), *scripts.iterdir()] == []
    assert (tmp_path / "said").read_text().splitlines() == [
        "systemctl disable --now --quiet agentkeys-measure.timer agentkeys-measure.service",
        "systemctl daemon-reload",
    ]
    assert run() == ""
    assert script not in measured["toolkit"].stdin
