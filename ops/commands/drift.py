"""`agentkeys drift`: compares a stack's host with what the program would install, over SSH, and changes nothing.

The expected files come from the bundles of the steps. What scripts build from them on the host (the configuration of
nginx, sshd and the updates) is built here in the same way and compared as text. Owns what counts as drift and its
report. Leaves out reading the host (``ops/commands/observe``), and the account, which `pulumi preview --refresh`
compares. Of secrets, only presence, owner and mode are compared.
"""

import base64
import binascii
import datetime
import difflib
import hashlib
import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from hostsetup.bundle import File
from hostsetup.environment import SECRET_FILES
from hostsetup.families import FAMILIES, SHARE, TOOLKIT, UPDATES, Family
from hostsetup.mail import KEY_FILE, MAIL_PACKAGES, MAIL_UNITS
from hostsetup.rendering import fill
from hostsetup.services import BIN_DIR, BINARIES, ETC_DIR, KEY_PAIRS, KEYS_DIR, SERVICES, SMTP_PASSWORD, Site
from hostsetup.steps import AUTHORIZED_KEYS, installed_files
from hostsetup.units import restart_files
from hostsetup.users import OPERATOR, users
from hostsetup.vhosts import FRAGMENTS, HOST_TABLE
from ops import exits, host, options
from ops.stack import AnyStack, read_any
from ops.verdicts import listing, print_json

_SCRIPTS = Path(__file__).parents[2] / "hostsetup" / "scripts"
_OBSERVER = Path(__file__).parent / "observe"

#: Scripts whose functions the observer shares with the steps, so that both decide alike.
_SHARED = ("memory", "checks")

NGINX = "/etc/nginx/conf.d/agentkeys.conf"
INSTANCE_CONNECT = "/etc/ssh/sshd_config.d/10-agentkeys-instance-connect.conf"
RELEASE, DIGESTS = SHARE + "release", SHARE + "binaries.sha256"
READY = "/usr/local/lib/agentkeys-release/"

#: Owner and mode of each secret file. systemd reads the files of variables, the broker reads the key pairs.
SECRETS = {
    **{str(path): ("root:root", "0600") for path in SECRET_FILES},
    **{str(path): ("agentkeys:agentkeys", "0600") for path in KEY_PAIRS.values()},
}

#: Files that the steps create on the host; compared separately, or not at all.
_MADE = {
    *(NGINX, INSTANCE_CONNECT, RELEASE, DIGESTS),
    # Without effect on the host of a stack that launched it, lost its state, and has adopted it since.
    AUTHORIZED_KEYS,
    *(f"{BIN_DIR}/{name}{ending}" for name in BINARIES for ending in ("", ".bak")),
}

#: Folder and pattern of names that belong only to the program; anything else that matches there is drift.
_LOOKED_THROUGH = (
    *((str(ETC_DIR), "*"), (str(KEYS_DIR), "*"), (TOOLKIT, "*"), (SHARE.rstrip("/"), "*")),
    *(("/usr/local/bin", "agentkeys-*"), ("/etc/sudoers.d", "agentkey*"), ("/etc/systemd/system", "agentkeys*")),
    ("/etc/ssh/sshd_config.d", "*agentkeys*"),
    ("/etc/letsencrypt/renewal-hooks", "*agentkeys*"),
)

#: A certificate with less than this part of its lifetime left should have been renewed.
RENEWAL_PART = 1 / 3
#: Seconds.
DAY = 86400


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference."""

    #: What differs on the host, for example a path or a unit.
    what: str
    #: How it differs.
    said: str
    #: Unified diff, if the text may be shown; otherwise empty.
    diff: str = ""


@dataclass(kw_only=True)
class Report:
    """The result of a comparison."""

    #: Differences from what the program would install.
    drift: list[Finding] = field(default_factory=list)
    #: What an operator should judge; no drift.
    warnings: list[Finding] = field(default_factory=list)
    #: Number of things compared, by kind.
    compared: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def expect(self, what: str, name: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            self.drift.append(Finding(what=what, said=f"{name} is {seen or 'empty'}, should be {wanted or 'empty'}"))


#: The host's answers by kind of question: the name in question, followed by its fields.
Seen = Mapping[str, list[list[str]]]


def questions(files: Mapping[str, File], site: Site, login_user: str, public_keys: Sequence[str]) -> list[str]:
    """The lines that ``ops/commands/observe`` reads."""
    units = {service.unit: restart_files(service, site) for service in SERVICES}
    system_units = {"nginx", *(unit for family in FAMILIES for unit in _system_units(family))}
    lines = [
        *(f"file {_shown(file)} {_digest(file.content)} {path}" for path, file in files.items()),
        *(f"file text - {path}" for path in (NGINX, *_instance_connect(site), RELEASE, *_update_paths())),
        *(f"file secret - {path}" for path in secrets(site)),
        *(f"unit {unit} {paths[1]} {' '.join(paths)}" for unit, paths in units.items()),
        *(f"unit {unit} -" for unit in sorted({*system_units, *_mail_units(site)})),
        "loaded sshd /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf",
        "loaded journal /etc/systemd/journald.conf.d/*.conf",
        f"nginx {NGINX}",
        *(f"package {name}" for name in sorted({name for family in FAMILIES for name in _packages(family, site)})),
        *(f"user {user.name}" for user in users(site)),
        f"certificates {' '.join(site.public_names.values())}",
        *(f"sshd {user}" for user in (login_user, OPERATOR)),
        *(f"authorized {login_user} {key.split()[1]}" for key in public_keys),
        *(f"under {folder} {pattern}" for folder, pattern in _LOOKED_THROUGH),
        f"under {READY.rstrip('/')} *",
        f"sites {HOST_TABLE} {NGINX}",
        f"digests {DIGESTS}",
    ]
    return [*lines, "end"]


def script(lines: list[str]) -> str:
    """Return what runs on the host: what the observer shares with the steps, the observer, then the questions."""
    reader = shlex.quote((_SCRIPTS / "read_certificates.py").read_text())
    return "".join(
        [
            *((_SCRIPTS / name).read_text() for name in _SHARED),
            f"readonly certificate_reader={reader}\n",
            _OBSERVER.read_text(),
            *(f"{line}\n" for line in lines),
        ]
    )


def answers(text: str) -> Seen:
    """The observer's answers by kind: the lines between its `begin` and `end`.

    Ignores what the login user's start-up files print around them. Raises HostError if the answers are incomplete.
    """
    before, begin, rest = f"\n{text}".partition("\nbegin\n")
    if not begin:
        said = " ".join(before.split())[-500:]
        raise host.HostError(
            f"the host did not run the check; it printed {said!r} instead. Check what the login user's shell, its "
            "start-up files and /etc/ssh/sshrc do in a session without a terminal, then run the command again."
        )
    seen: dict[str, list[list[str]]] = defaultdict(list)
    for count, line in enumerate(rest.splitlines()):
        if line == f"end\t{count}":
            return seen
        kind, *fields = line.split("\t")
        seen[kind].append(fields)
    raise host.HostError("the host's answer is incomplete: the connection was cut. Run the command again.")


def compare(files: Mapping[str, File], site: Site, login_user: str, release: str, seen: Seen) -> Report:
    """Compare the host's answers with the rendered ``files`` and the expected ``release``.

    Raises HostError for an unknown distribution.
    """
    ((now, distribution),) = seen["host"]
    family = next((family for family in FAMILIES if family.id == distribution), None)
    if family is None:
        raise host.HostError(
            f"the host runs {distribution!r}; the setup supports {', '.join(family.id for family in FAMILIES)}. Check "
            "that hostInstanceId and elasticIp belong to the right host."
        )
    report = Report()
    observed = {name: fields for name, *fields in seen["file"]}
    _files(report, {**files, **_made_files(files, family, site)}, observed)
    _release(report, release, observed[RELEASE], seen)
    usable = _certificates(report, site, int(now), seen)
    _nginx(report, files, site, usable, observed[NGINX])
    _secrets(report, site, observed)
    _units(report, family, site, seen)
    _packages_and_users(report, family, site, seen)
    _sshd(report, family, site, login_user, seen)
    _authorized(report, seen)
    _leftovers(report, files, family, site, seen)
    return report


def _files(report: Report, files: Mapping[str, File], observed: Mapping[str, list[str]]) -> None:
    for path, file in files.items():
        kind, owner, mode, digest, content = observed[path]
        report.compared["files"] += 1
        wanted = "directory" if path.endswith("/") else "file"
        if kind != wanted:
            report.drift.append(Finding(what=path, said="is missing" if kind == "missing" else f"is a {kind}"))
            continue
        report.expect(path, "owner", owner, file.owner)
        report.expect(path, "mode", mode, file.mode)
        if wanted == "file" and digest != _digest(file.content):
            report.drift.append(_changed(path, file, _decoded(content)))


def _changed(path: str, file: File, content: str) -> Finding:
    if _shown(file) == "names":
        wanted = {line.partition("=")[0]: _digest(line) for line in file.content.splitlines()}
        seen = dict(line.rsplit(" ", 1) for line in content.splitlines() if " " in line)
        differing = sorted(name for name in wanted.keys() | seen.keys() if wanted.get(name) != seen.get(name))
        names = ", ".join(name or "an empty line" for name in differing) or "the order of its lines"
        return Finding(what=path, said=f"differs in {names} (values are not shown)")
    return Finding(what=path, said="differs", diff=_diff(path, file.content, content))


def _diff(path: str, wanted: str, seen: str) -> str:
    lines = difflib.unified_diff(
        wanted.splitlines(keepends=True), seen.splitlines(keepends=True), f"program{path}", f"host{path}"
    )
    text = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
    # If somebody wrote a secret into a file that should have none, it must not end up in a log.
    text = re.sub(r"=\s*\"?[0-9a-fA-F]{64}\"?", "=[not shown]", text)
    return re.sub(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END|\Z)", "[not shown]", text, flags=re.DOTALL)


def secrets(site: Site) -> dict[str, tuple[str, str]]:
    """Owner and mode of each secret file of the site's host."""
    place = site.elsewhere
    of_root = [
        *([KEY_FILE] if place and place.mail and place.mail.has_key else []),
        *([SMTP_PASSWORD.file] if place and place.relay else []),
    ]
    return {**SECRETS, **{str(file): ("root:root", "0600") for file in of_root}}


def _instance_connect(site: Site) -> list[str]:
    """The drop-in of EC2 Instance Connect, which only an EC2 host has."""
    return [] if site.elsewhere else [INSTANCE_CONNECT]


def _mail_units(site: Site) -> tuple[str, ...]:
    return MAIL_UNITS if site.elsewhere and site.elsewhere.mail else ()


def _packages(family: Family, site: Site) -> tuple[str, ...]:
    if not site.elsewhere:
        return family.packages
    mail = MAIL_PACKAGES if site.elsewhere.mail else ()
    return (*(name for name in family.packages if name != "ec2-instance-connect"), *mail)


def _made_files(files: Mapping[str, File], family: Family, site: Site) -> dict[str, File]:
    """The files that scripts build from rendered files on a host of this distribution."""
    made = {}
    for path in _instance_connect(site):
        keys_command = files[SHARE + "instance-connect.conf"].content
        for place, value in (("@command@", family.keys_command), ("@user@", family.keys_user)):
            keys_command = keys_command.replace(place, value)
        made[path] = File(path=path, content=keys_command, mode="0600")
    return {
        **made,
        **{path: File(path=path, content=files[UPDATES + fragment].content) for fragment, path in family.updates},
    }


def _update_paths() -> list[str]:
    return sorted({path for family in FAMILIES for _, path in family.updates})


def _release(report: Report, wanted: str, observed: list[str], seen: Seen) -> None:
    running = _decoded(observed[4]).strip() if observed[0] == "file" else ""
    if wanted:
        report.expect("release", "what runs", running, wanted)
    for _, verdict, path in seen["digests"]:
        report.compared["binaries"] += 1
        if verdict == "missing":
            report.drift.append(Finding(what=DIGESTS, said="is missing: no release was ever healthy on this host"))
        elif verdict != "ok":
            report.drift.append(Finding(what=path, said=f"is not the binary of release {running or 'none'}"))


def _certificates(report: Report, site: Site, now: int, seen: Seen) -> set[str]:
    """The names whose certificate nginx can serve, by the same rule as ``scripts/nginx``."""
    usable = set()
    for name, *fields in seen["certificate"]:
        report.compared["certificates"] += 1
        what = f"certificate of {name}"
        if fields[0] in ("missing", "unreadable"):
            reason = f"cannot be read: {_decoded(fields[1])}" if fields[1:] else "is missing"
            report.drift.append(Finding(what=what, said=reason))
            continue
        begin, end, for_name, of_key, directory = int(fields[0]), int(fields[1]), *fields[2:]
        left = end - now
        report.expect(what, "whether it is valid for the name", for_name, "yes")
        report.expect(what, "whether privkey.pem is its key", of_key, "yes")
        report.expect(what, "ACME directory of its renewal", directory, site.acme_directory)
        ends = datetime.datetime.fromtimestamp(end, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        if left <= 0:
            report.drift.append(Finding(what=what, said=f"expired on {ends}"))
        elif left < (end - begin) * RENEWAL_PART:
            report.warnings.append(
                Finding(what=what, said=f"has {left / DAY:.1f} days left (until {ends}) and should have been renewed")
            )
        if left > 0 and for_name == of_key == "yes":
            usable.add(name)
    return usable


def _nginx(report: Report, files: Mapping[str, File], site: Site, usable: set[str], observed: list[str]) -> None:
    """The configuration that ``scripts/nginx`` assembles from a fragment for each name."""
    report.compared["files"] += 1
    parts = [
        "http.conf",
        *(f"{key}.{'https' if name in usable else 'http'}.conf" for key, name in site.public_names.items()),
        *(["https.conf"] if usable else []),
    ]
    wanted = File(path=NGINX, content="".join(files[FRAGMENTS + part].content for part in parts))
    kind, owner, mode, _, content = observed
    if kind != "file":
        report.drift.append(Finding(what=NGINX, said=f"is {kind}"))
        return
    report.expect(NGINX, "owner", owner, wanted.owner)
    report.expect(NGINX, "mode", mode, wanted.mode)
    # The step adds stapling for a certificate with an OCSP responder, and omits a directive that the operator sets.
    optional = re.compile(
        r"^(    (ssl_stapling(_verify)?|ssl_trusted_certificate|resolver)|server_names_hash_bucket_size) .*\n",
        re.MULTILINE,
    )
    theirs, ours = (optional.sub("", text) for text in (_decoded(content), wanted.content))
    if theirs != ours:
        report.drift.append(Finding(what=NGINX, said="differs", diff=_diff(NGINX, ours, theirs)))


def _secrets(report: Report, site: Site, observed: Mapping[str, list[str]]) -> None:
    for path, (owner, mode) in secrets(site).items():
        report.compared["secrets"] += 1
        kind, seen_owner, seen_mode, _, _ = observed[path]
        if kind != "file":
            said = "is missing: stored data cannot be read without it (docs/runbook.md)" if kind == "missing" else kind
            report.drift.append(Finding(what=path, said=said))
            continue
        report.expect(path, "owner", seen_owner, owner)
        report.expect(path, "mode", seen_mode, mode)


def _units(report: Report, family: Family, site: Site, seen: Seen) -> None:
    found = {name: _properties(fields) for name, *fields in seen["unit"]}
    services = [service.unit for service in SERVICES]
    for unit in (*services, "nginx", *_mail_units(site), *_system_units(family)):
        report.compared["units"] += 1
        properties = found[unit]
        what = unit if "." in unit else f"{unit}.service"
        # The steps leave a masked unit alone (``scripts/prelude``). The services must never be masked.
        if unit not in (*services, "nginx", *MAIL_UNITS) and properties["UnitFileState"] == "masked":
            report.warnings.append(Finding(what=what, said="is masked and does not run"))
            continue
        for name, wanted in {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active"}.items():
            report.expect(what, name, properties[name], wanted)
        report.expect(what, "NeedDaemonReload", properties["NeedDaemonReload"], "no")
        if unit in services:
            report.expect(what, "FragmentPath", properties["FragmentPath"], f"/etc/systemd/system/{unit}.service")
            report.expect(what, "DropInPaths", properties["DropInPaths"], "")
            if properties["ActiveState"] == "active" and "no" in (properties["Started"], properties["Runs"]):
                said = "was not started with its present unit, binary, environment and secrets"
                report.drift.append(Finding(what=what, said=said))
    for name, loaded in seen["loaded"]:
        if loaded != "yes":
            report.drift.append(Finding(what=name, said="runs with other files than those on disk"))


def _properties(fields: list[str]) -> dict[str, str]:
    """A unit's properties; missing ones are empty, so that they are reported as drift."""
    told = dict(item.split("=", 1) for item in fields if "=" in item)
    return defaultdict(str, told)


def _system_units(family: Family) -> tuple[str, ...]:
    """Units of the distribution to compare. Not sshd: its socket may start it, and it has just answered."""
    return (family.renewal_timer, *family.update_timers)


def _packages_and_users(report: Report, family: Family, site: Site, seen: Seen) -> None:
    installed = dict(seen["package"])
    for package in _packages(family, site):
        report.compared["packages"] += 1
        report.expect(f"package {package}", "it", installed[package], "installed")
    there = dict(seen["user"])
    for user in users(site):
        report.compared["users"] += 1
        wanted = f"{user.home}:{user.login_shell}"
        report.expect(f"user {user.name}", "home and shell", there[user.name], wanted)


def _sshd(report: Report, family: Family, site: Site, login_user: str, seen: Seen) -> None:
    """The effective value of each setting in the drop-in, after sshd has read all its files."""
    effective: dict[str, dict[str, str]] = defaultdict(dict)
    for user, line in seen["sshd"]:
        key, _, value = line.partition(" ")
        effective[user].setdefault(key, value)
    wanted = dict(line.lower().split(" ", 1) for line in fill("sshd.conf").splitlines() if line)
    for user, barring in seen["barred"]:
        said = f"{barring} is in effect, so {user} cannot log in: add {user} to the directive or remove it"
        report.drift.append(Finding(what=f"sshd for {user}", said=said))
    unsettled = {user: _decoded(said) for user, said in seen["unsettled"]}
    operators = "none" if site.elsewhere else f"{family.keys_command} %u %f"
    for user, keys_command in ((login_user, "none"), (OPERATOR, operators)):
        if user in unsettled:
            said = f"sshd cannot read its files, and would not start again: {' '.join(unsettled[user].split())}"
            report.drift.append(Finding(what=f"sshd for {user}", said=said))
            continue
        report.compared["sshd settings"] += len(wanted) + 2
        for key, value in wanted.items():
            report.expect(f"sshd for {user}", key, effective[user].get(key, ""), value)
        report.expect(
            f"sshd for {user}", "authorizedkeyscommand", effective[user].get("authorizedkeyscommand", ""), keys_command
        )


def _authorized(report: Report, seen: Seen) -> None:
    """The stack's keys. Other keys in the file are not drift."""
    for user, key, there in seen["authorized"]:
        report.compared["keys"] += 1
        if there != "yes":
            digest = base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode().rstrip("=")
            said = f"does not have the stack's key SHA256:{digest}"
            report.drift.append(Finding(what=f"authorized_keys of {user}", said=said))


def _leftovers(report: Report, files: Mapping[str, File], family: Family, site: Site, seen: Seen) -> None:
    known = {path.rstrip("/") for path in (*files, *_MADE, *secrets(site), *_made_files(files, family, site))}
    for _, encoded in seen["under"]:
        path = _decoded(encoded)
        if path.startswith(READY):
            report.drift.append(Finding(what=path, said="belongs to a release that is staged but does not run"))
        elif path not in known:
            report.drift.append(Finding(what=path, said="does not belong to the program"))
    for (path,) in seen["site"]:
        said = "takes the default server or a name of this stack; the step nginx-http removes it"
        report.drift.append(Finding(what=_decoded(path), said=said))


def _shown(file: File) -> str:
    """What may be shown of a file: only ``names`` for environment files, which may contain a secret, else ``text``."""
    return "names" if file.path.startswith(f"{ETC_DIR}/") else "text"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except binascii.Error:
        raise host.HostError("the host's answer cannot be read. Run the command again.") from None


def wanted_release(stack: AnyStack) -> str:
    """The release that should run, as the host reports it. A tag or branch means the commit of the last `up`."""
    settings = stack.settings
    if not settings.source_ref:
        return f"sha256:{settings.release_sha256}"
    if re.fullmatch(r"[0-9a-f]{40}", settings.source_ref):
        return f"commit:{settings.source_ref}"
    return str(stack.output("release"))


def look(stack: AnyStack, run: Callable[[AnyStack, str], str] = host.as_root) -> Report:
    """Compare the stack's host with the program. Raises HostError and StackError."""
    settings = stack.settings
    keys = stack.output("sshPublicKeys")
    files = installed_files(settings.site, keys)
    seen = answers(run(stack, script(questions(files, settings.site, settings.logs_in_as, keys))))
    return compare(files, settings.site, settings.logs_in_as, wanted_release(stack), seen)


def told(report: Report) -> dict[str, Any]:
    """The report as JSON. A finding has ``diff`` only if its text may be shown."""

    def item(finding: Finding) -> dict[str, str]:
        return {"what": finding.what, "said": finding.said, **({"diff": finding.diff} if finding.diff else {})}

    return {
        "drift": [item(finding) for finding in report.drift],
        "warnings": [item(finding) for finding in report.warnings],
        "compared": dict(report.compared),
    }


def _lines(report: Report) -> Iterator[tuple[str, str, str]]:
    for finding in report.drift:
        yield "drift", finding.what, finding.said
    for finding in report.warnings:
        yield "warning", finding.what, finding.said


def _show(stack: AnyStack, report: Report, *, diff: bool, stderr: bool) -> None:
    compared = ", ".join(f"{count} {kind}" for kind, count in report.compared.items())
    if report.drift or report.warnings:
        listing(("", "what", "how"), _lines(report), to_stderr=stderr)
    if diff:
        for finding in report.drift:
            if finding.diff:
                click.echo(f"\n{finding.diff}", nl=False, err=stderr)
    drift, warnings = len(report.drift), len(report.warnings)
    verdict = f"{drift} differences" if drift else "the host matches the program"
    click.echo(f"{stack.name}: {verdict}{f', {warnings} warnings' if warnings else ''} ({compared})", err=stderr)
    if drift:
        click.echo("To fix it, see docs/runbook.md, Drift on the host.", err=stderr)


@click.command()
@options.cloud()
@options.stack("Stack whose host to compare.")
@click.option("--diff", is_flag=True, help="Also show diffs of text files, except files that may contain a secret.")
@options.as_json()
def command(name: str, folder: Path, *, diff: bool, as_json: bool) -> None:
    """Compare a stack's host with what the program would install.

    Checks files, units, nginx, sshd, packages, users, binaries, certificates and secrets over one SSH connection.
    Changes nothing on the host.

    Exit codes: 0 if the host matches (warnings do not fail), 7 on drift, 3 if the host cannot be checked.
    """
    stack = read_any(name, folder)
    report = look(stack)
    _show(stack, report, diff=diff, stderr=as_json)
    if as_json:
        print_json(name, **told(report))
    raise SystemExit(exits.DRIFT if report.drift else exits.OK)
