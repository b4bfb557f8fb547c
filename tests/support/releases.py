"""Releases for the host tests: what is in them, and one carried to a host as the component would."""

import dataclasses
from pathlib import Path

from hostsetup.services import BINARIES, SERVICES, STAGED_SOURCE, Site
from sandbox import layout
from sandbox.rehearsal import say
from sandbox.standin.archive import build_archive, next_version

#: Steps that another release runs.
UPGRADE = ("release", "secrets", "environment", "units")

EXITS = b"#!/bin/sh\necho 'this release cannot start' >&2\nexit 1\n"
NEVER_ANSWERS = b"#!/bin/sh\nexec sleep infinity\n"


def later(*names):
    """Binaries of a later release, by default all of them."""
    return dict.fromkeys(names or BINARIES, next_version(say))


def archive_of(machine, name: str, changed) -> tuple[Site, Path]:
    """A release as an archive, and the site that has it."""
    archive, digest = build_archive(layout.HOME / "releases" / name, say, changed)
    return dataclasses.replace(machine.site, release_sha256=digest), archive


def source_of(machine, bundle: Path, digest: str, ref: str) -> Site:
    """The site whose binaries are built from a bundle; it is on the host when this returns."""
    machine.stage(bundle, STAGED_SOURCE)
    return dataclasses.replace(
        machine.site, release_sha256="", source_sha256=digest, source_ref=ref, toolchain="packages"
    )


def carry(machine, site: Site, archive: Path | None = None, names=UPGRADE):
    """Runs the steps of another release up to the first that fails; gives its name and what it said, or the last."""
    if archive is not None:
        machine.stage(archive)
    for name in names:
        done = machine.run(machine.steps(site)[name])
        if done.returncode:
            break
    return name, done


def running(machine) -> dict[str, str]:
    """By unit, since when it runs."""
    shown = machine.said(
        f"for unit in {' '.join(service.unit for service in SERVICES)}; do"
        " echo $unit $(systemctl show -p ExecMainStartTimestampMonotonic --value $unit); done"
    )
    return dict(line.split() for line in shown.splitlines())


def binaries(machine) -> dict[str, str]:
    """By file name in the place of the binaries, its digest."""
    shown = machine.said("cd /usr/local/bin && sha256sum agentkeys-*").splitlines()
    return {line.split()[1]: line.split()[0] for line in shown}
