"""The ordered steps that set up a host, each with the files that it installs as its standard input.

Defines which script a step runs, in which order, and what makes a step run again: a change of its script, of its files,
or of a file of an earlier step that its services read. ``components/hostsetup.py`` runs the steps over SSH. Pure.
"""

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .bundle import File, read_bundle, render_bundle
from .environment import FOLDERS, SECRET_FILES, environment_files, smtp_password_file
from .families import SHARE, TOOLKIT, UPDATES, family_table
from .mail import KEY_FILE, MAIL_PACKAGES, mail_files
from .rendering import fill
from .services import BINARIES, ETC_DIR, KEY_PAIRS, KEYS_DIR, STAGED_ARCHIVE, STAGED_SOURCE, STATE_DIR, Site
from .units import KEY_WRAPPER, service_table, unit_files
from .users import users
from .vhosts import vhost_files

_SCRIPTS = Path(__file__).parent / "scripts"
#: Scripts for hosts outside AWS. Only such a host gets them.
_ELSEWHERE = Path(__file__).parent / "elsewhere"

#: The step of a stack with alarms, and the scripts that only it needs.
METRICS = "metrics"
METRICS_SCRIPTS = (METRICS, "put_metrics.py")
#: The script that the step `toolkit` of any other stack in AWS begins with. It is not installed.
WITHOUT_METRICS = "without-metrics"

#: Scripts that others source. They are not executable.
SOURCED = ("activation", "build", "checks", "memory", "prelude")

#: Seconds between TERM and KILL when a step reaches its limit; ``scripts/step`` has the same.
KILL_SECONDS = 15

_TOOLKIT_SECONDS = 60
#: Seconds that the step ``release`` may take. A build ends after 25 minutes; the rest is for the toolchain.
_ARCHIVE_SECONDS = 360
_BUILD_SECONDS = 2400

#: Where hosts that the former bash scripts set up keep their secrets.
_FORMER_KEYS_DIR = STATE_DIR / ".agentkeys" / "broker"
_FORMER_SECRET_FILES = {
    "AGENTKEYS_WORKER_KEK_HEX": ETC_DIR / "worker-creds.env",
    "AGENTKEYS_MEMORY_KEK_HEX": ETC_DIR / "worker-memory.env",
}


#: Most bytes that a step may send. OpenSSH's server buffers up to 2 MiB of unread input (``CHAN_SES_WINDOW_DEFAULT`` in
#: channels.h). A command that exits 0 and leaves more unread fails with "EOF" in pulumi-command 1.2.1.
LARGEST_STDIN = 512 * 1024


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command on the host. Raises ValueError if ``stdin`` has more than ``LARGEST_STDIN`` bytes."""

    #: Part of the resource's name, so it never changes.
    name: str
    #: What the step does, as an imperative.
    summary: str
    #: Shell command, for a POSIX shell of a user who may use sudo.
    command: str
    #: Standard input, usually a bundle. At most ``LARGEST_STDIN`` bytes.
    stdin: str
    #: When the step ends itself, with everything it has started. ``command`` contains it.
    timeout_seconds: int
    #: Names of the steps that it waits for.
    after: tuple[str, ...]

    def __post_init__(self) -> None:
        if (size := len(self.stdin.encode())) > LARGEST_STDIN:
            raise ValueError(f"The step {self.name!r} sends {size} bytes to the host, more than {LARGEST_STDIN}.")


def steps(site: Site) -> tuple[Step, ...]:
    """Return the steps of a host, each after those that it waits for. ``certificates`` is the first that needs DNS."""
    environment = render_bundle(environment_files(site))
    vhosts = render_bundle(vhost_files(site))
    units = render_bundle(
        (File(path=SHARE, mode="0755"), service_table(site), *unit_files(site)),
    )
    reader = _digest(_script("read_certificates.py"), _script("checks"))
    certificates = (site.acme_directory, site.acme_email, *site.public_names.values())
    release = (_digest(_script("activation"), _script("build")), *_release(site))
    # Whenever the step release runs, it may have staged a release.
    served = _digest(environment, _revision("release"), *release, _script(KEY_WRAPPER))
    every = (
        _step(
            name="sshd",
            summary="Disable password and root logins over SSH",
            stdin=render_bundle(
                (File(path="/etc/ssh/sshd_config.d/00-agentkeys.conf", content=fill("sshd.conf"), mode="0600"),)
            ),
            seconds=60,
            after=("toolkit",),
        ),
        _step(
            name="packages",
            summary="Install nginx, certbot and what the scripts use",
            script="packages-elsewhere" if site.elsewhere else "packages",
            seconds=1200,
            after=("sshd",),
        ),
        _step(
            name="users",
            summary="Create the services' and the operators' users and their folders",
            arguments=tuple(user.row for user in users(site)),
            stdin=render_bundle(
                (
                    File(path=f"{ETC_DIR}/", owner="root:agentkeys", mode="0750"),
                    File(path=f"{STATE_DIR}/", owner="agentkeys:agentkeys", mode="0700"),
                    File(path=f"{KEYS_DIR}/", owner="agentkeys:agentkeys", mode="0700"),
                    *(File(path=f"{folder}/", owner="agentkeys:agentkeys", mode="0750") for folder in FOLDERS),
                    File(path="/etc/sudoers.d/agentkey", content=fill("sudoers"), mode="0440"),
                )
            ),
            seconds=60,
            after=("sshd",),
        ),
        _step(
            name="instance-connect",
            summary="Let operators log in through EC2 Instance Connect",
            arguments=(_digest(_script("checks")),),
            stdin=render_bundle(
                (
                    File(path=SHARE, mode="0755"),
                    File(path=SHARE + "instance-connect.conf", content=fill("instance-connect.conf")),
                )
            ),
            seconds=60,
            after=("packages", "users"),
        ),
        _step(
            name="journal",
            summary="Limit the journal and keep it across reboots",
            stdin=render_bundle(
                (
                    File(path="/etc/systemd/journald.conf.d/", mode="0755"),
                    File(path="/etc/systemd/journald.conf.d/agentkeys.conf", content=fill("journald.conf")),
                )
            ),
            seconds=60,
            after=("toolkit",),
        ),
        _step(
            name="clock",
            summary="Synchronise the clock",
            seconds=600,
            after=("packages",),
        ),
        _step(
            name="updates",
            summary="Install security updates every day",
            stdin=render_bundle(_update_files(site.reboot_time)),
            seconds=60,
            after=("packages",),
        ),
        _step(
            name="release",
            summary="Verify the release archive or build it, and stage its binaries",
            arguments=release,
            stdin=render_bundle(
                (
                    File(path=SHARE, mode="0755"),
                    File(path=SHARE + "binaries", content="".join(f"{name}\n" for name in BINARIES)),
                )
            ),
            seconds=_BUILD_SECONDS if site.source_ref else _ARCHIVE_SECONDS,
            after=("packages", "users"),
        ),
        _step(
            name="secrets",
            summary="Create the host's secrets, once",
            stdin=_secrets(),
            seconds=120,
            after=("release",),
        ),
        _step(
            name="environment",
            summary="Install the services' environment files",
            stdin=environment,
            seconds=60,
            after=("secrets",),
        ),
        _step(
            name="units",
            summary="Install the units and the release and start what changed, or take it back",
            arguments=(served,),
            stdin=units,
            seconds=300,
            after=("environment",),
        ),
        _step(
            name="nginx-http",
            summary="Serve the ACME challenge of every name that has no certificate",
            script="nginx",
            arguments=(reader,),
            stdin=vhosts,
            seconds=120,
            after=("packages",),
        ),
        _step(
            name="certificates",
            summary="Issue a certificate for every name that has none",
            arguments=(_digest(reader, _script("acme_problem.py")), *certificates),
            stdin=render_bundle(
                (
                    File(path="/etc/letsencrypt/renewal-hooks/", mode="0755"),
                    File(path="/etc/letsencrypt/renewal-hooks/deploy/", mode="0755"),
                    File(
                        path="/etc/letsencrypt/renewal-hooks/deploy/agentkeys-nginx",
                        content=fill("renewal-hook"),
                        mode="0755",
                    ),
                )
            ),
            seconds=900,
            after=("nginx-http",),
        ),
        *_metrics(site),
        _step(
            name="nginx-https",
            summary="Serve HTTPS for every name that has its certificate",
            script="nginx",
            arguments=(_digest(reader, *certificates),),
            stdin=vhosts,
            seconds=120,
            after=("certificates",),
        ),
        _step(
            name="health",
            summary="Check every service on loopback and through nginx",
            arguments=(_digest(served, units, vhosts, reader, *certificates),),
            seconds=180,
            after=("units", "nginx-https"),
        ),
    )
    others = (*_without_ec2(every), *_elsewhere(site)) if site.elsewhere else every
    summary = "Install the setup's scripts"
    former = "" if site.metrics_namespace or site.elsewhere else _script(WITHOUT_METRICS)
    numbered = [("toolkit", summary), *((step.name, step.summary) for step in (*others, authorized_keys([])))]
    toolkit = Step(
        name="toolkit",
        summary=summary,
        command=limited("toolkit", _TOOLKIT_SECONDS, "bash -s", root=True),
        stdin=former
        + _script("install-files")
        + render_bundle(
            _toolkit_files(numbered, elsewhere=site.elsewhere is not None, metrics=bool(site.metrics_namespace))
        ),
        timeout_seconds=_TOOLKIT_SECONDS,
        after=(),
    )
    return (toolkit, *others)


def _without_ec2(every: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps without EC2 Instance Connect: outside AWS, operators log in with the login user's key."""
    return tuple(step for step in every if step.name != "instance-connect")


def _elsewhere(site: Site) -> tuple[Step, ...]:
    """Return what only a host outside AWS gets: trust in the store's own CA, and the receiver of mail.

    The step ``store-key`` is separate (``store_key``), since its stdin is secret.
    """
    place = site.elsewhere
    trusted = _step(
        name="trust",
        summary="Trust the object store's own CA, or no longer",
        stdin=render_bundle(
            (
                File(path=SHARE, mode="0755"),
                *([File(path=SHARE + "store-ca.crt", content=place.store_ca)] if place and place.store_ca else []),
            )
        ),
        seconds=60,
        after=("packages",),
    )
    if place is None or place.mail is None:
        return (trusted,)
    scripts = ("mail_receiver.py", "mail_delivery.py")
    return (
        trusted,
        _step(
            name="mail",
            summary="Receive mail over SMTP and deliver it to the bucket",
            arguments=(_digest(*map(_script, scripts)), place.mail.name, *MAIL_PACKAGES),
            stdin=render_bundle(mail_files(site, place.mail)),
            seconds=900,
            after=("trust", "users", "certificates"),
        ),
    )


def store_key(key_id: str, secret: str) -> Step:
    """The step that installs the key with which the host writes mail to the bucket. Its stdin is secret."""
    return _step(
        name="store-key",
        summary="Install the host's key for the bucket",
        stdin=render_bundle(
            (
                File(path=f"{KEY_FILE.parent}/", mode="0755"),
                File(
                    path=str(KEY_FILE),
                    content=f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n",
                    mode="0600",
                ),
            )
        ),
        seconds=60,
        after=("toolkit",),
    )


def smtp_password(password: str) -> Step:
    """The step that installs the password with which the broker sends mail. Its stdin is secret.

    Raises ValueError, without the password, for one that is no line of printable characters.
    """
    return _step(
        name="smtp-password",
        summary="Install the broker's SMTP password",
        stdin=render_bundle((smtp_password_file(password),)),
        seconds=120,
        after=("users",),
    )


def limited(step: str, seconds: int, command: str, *, root: bool = False, fine: Sequence[int] = ()) -> str:
    """Return a shell command that ends ``command`` after ``seconds`` with TERM and then KILL, and then says so.

    For what runs before the toolkit is on the host; ``scripts/step`` does the same for every other step. It exits as
    ``command`` does, except that the codes in ``fine`` become 0. With ``root`` it runs by sudo, and ``timeout`` with
    it, because a user may not signal a process of root.
    """
    said = (
        f"{step}: FAILED: it was not done within its limit of {seconds} seconds, and was ended. Run `pulumi up` again: "
        "it continues with this step, which can run again as it is"
    )
    ends = "".join(f"[ $code -ne {code} ] || exit 0; " for code in fine)
    return (
        f"{'sudo ' if root else ''}timeout --kill-after={KILL_SECONDS} {seconds} {command} || {{ code=$?; {ends}"
        f"[ $code -ne 124 ] || echo {shlex.quote(said)} >&2; exit $code; }}"
    )


#: Where the step ``certificates`` finds the external account binding, as a configuration file of certbot.
ACME_ACCOUNT = PurePosixPath("/etc/letsencrypt/agentkeys-account.ini")


def acme_account(kid: str, hmac_key: str) -> Step:
    """The step that installs the external account binding (RFC 8555 section 7.3.4). Its stdin is secret.

    Separate from the other steps, which contain no secret. certbot reads the key from a file, since every user of the
    host can read a command line.
    """
    return _step(
        name="acme-account",
        summary="Install the external account binding of the certificate authority",
        stdin=render_bundle(
            (File(path=str(ACME_ACCOUNT), content=f"eab-kid = {kid}\neab-hmac-key = {hmac_key}\n", mode="0600"),)
        ),
        seconds=60,
        after=("packages",),
    )


#: The keys that the login user of a launched host has by the stack.
AUTHORIZED_KEYS = SHARE + "authorized-keys"


def authorized_keys(public_keys: Sequence[str]) -> Step:
    """Return the step that lets the login user of a launched host in with these keys and no longer with earlier ones.

    No other step waits for it: its keys are outputs, and a host that somebody else launched keeps its own keys.
    """
    return _step(
        name="authorized-keys",
        summary="Let the login user log in with the stack's present keys",
        stdin=render_bundle(
            (
                File(path=SHARE, mode="0755"),
                File(path=AUTHORIZED_KEYS, content="".join(f"{key}\n" for key in public_keys)),
            )
        )
        if public_keys
        else "",
        seconds=60,
        after=("toolkit",),
    )


def installed_files(site: Site, public_keys: Sequence[str]) -> dict[str, File]:
    """Return the files that the steps install as rendered, by path. Files that a script assembles are not included."""
    every = (*steps(site), *([authorized_keys(public_keys)] if public_keys else []))
    return {file.path: file for step in every for file in read_bundle(step.stdin)}


def _metrics(site: Site) -> tuple[Step, ...]:
    """Return the step that sends metrics of the host to CloudWatch; none for a stack without alarms."""
    if not site.metrics_namespace:
        return ()
    arguments = (site.region, site.metrics_namespace)
    script = f"{TOOLKIT}/put_metrics.py"
    return (
        _step(
            name=METRICS,
            summary="Send disk, memory and certificates to CloudWatch every 5 minutes",
            arguments=(_digest(_script("put_metrics.py")), *arguments),
            stdin=render_bundle(
                (
                    File(
                        path="/etc/systemd/system/agentkeys-measure.service",
                        content=fill("metrics.service", command=" ".join((script, *arguments))),
                    ),
                    File(path="/etc/systemd/system/agentkeys-measure.timer", content=fill("metrics.timer")),
                )
            ),
            seconds=120,
            after=("certificates",),
        ),
    )


def _update_files(reboot_time: str) -> tuple[File, ...]:
    """Return the update configuration of every distribution. A host installs its own part."""
    restart = f"ExecStartPost=/bin/sh -c 'dnf -q needs-restarting -r || shutdown -r {reboot_time}'"
    contents = {
        "apt.conf": fill("updates-apt.conf", reboot="true" if reboot_time else "false", time=reboot_time or "02:00"),
        "dnf-automatic.conf": fill("updates-dnf-automatic.conf"),
        "dnf-releasever": "latest\n",
        "dnf-reboot.conf": fill(
            "updates-dnf-reboot.conf",
            restart=restart if reboot_time else "# rebootTime is not set, so the host does not reboot.",
        ),
    }
    return (
        File(path=SHARE, mode="0755"),
        File(path=UPDATES, mode="0755"),
        *(File(path=UPDATES + name, content=content) for name, content in contents.items()),
    )


def _toolkit_files(numbered: Sequence[tuple[str, str]], *, elsewhere: bool, metrics: bool) -> tuple[File, ...]:
    """Return the scripts, those of the step ``metrics`` only where it is, and ``numbered``: name and summary of every
    step, for the numbers of ``scripts/step``.
    """
    # The order of a folder's files differs between machines.
    return (
        File(path=f"{TOOLKIT}/", mode="0755"),
        family_table(),
        File(path=f"{TOOLKIT}/steps", content="".join(f"{name} {summary}\n" for name, summary in numbered)),
        *(
            File(
                path=f"{TOOLKIT}/{path.name}",
                content=path.read_text(),
                mode="0644" if path.name in SOURCED else "0755",
            )
            for path in sorted((*_SCRIPTS.iterdir(), *(_ELSEWHERE.iterdir() if elsewhere else ())))
            if path.is_file() and path.name != WITHOUT_METRICS and (metrics or path.name not in METRICS_SCRIPTS)
        ),
    )


def _release(site: Site) -> tuple[str, ...]:
    """Return the source of the binaries as arguments of ``scripts/release``."""
    if not site.source_ref:
        return ("archive", site.release_sha256, site.release or str(STAGED_ARCHIVE))
    source = (site.source_sha256 or "-", site.source_repository or str(STAGED_SOURCE))
    return ("source", *source, site.source_ref, site.toolchain)


def _secrets() -> str:
    """Return one line per secret in the form that ``scripts/secrets`` reads."""
    variables = [("variable", name, path, _FORMER_SECRET_FILES.get(name, "")) for path, name in SECRET_FILES.items()]
    key_pairs = [("keypair", purpose, path, _FORMER_KEYS_DIR / path.name) for purpose, path in KEY_PAIRS.items()]
    return "".join(" ".join(map(str, row)).rstrip() + "\n" for row in (*variables, *key_pairs))


def _step(
    *,
    name: str,
    summary: str,
    script: str = "",
    arguments: tuple[str, ...] = (),
    stdin: str = "",
    seconds: int,
    after: tuple[str, ...],
) -> Step:
    """Return the step that runs ``script``, by default the script of the step's name, by the toolkit's ``step``."""
    script = script or name
    return Step(
        name=name,
        summary=summary,
        command=shlex.join(("sudo", f"{TOOLKIT}/step", name, str(seconds), script, _revision(script), *arguments)),
        stdin=stdin,
        timeout_seconds=seconds,
        after=after,
    )


def _revision(script: str) -> str:
    """Return the digest of a script and of what every script sources, so that a change makes a new command."""
    texts = (*map(_script, (script, "prelude", "memory", "install-files")), family_table().content)
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:12]


def _script(name: str) -> str:
    place = _SCRIPTS / name
    return (place if place.exists() else _ELSEWHERE / name).read_text()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
