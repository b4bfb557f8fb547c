"""The sandbox's process: it starts the account, DNS, mail, ACME server and hosts, and stops them together.

It holds the lock that limits a network namespace to one sandbox, and keeps the hosts in step with the account's
instances. Leaves out the Pulumi runs (``rehearsal``).
"""

import configparser
import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from sandbox import layout, stacklock, tools
from sandbox.hosts.image import DEFAULT_BASE, ensure_image
from sandbox.hosts.machine import require_machine
from sandbox.hosts.machines import end_leftovers

log = logging.getLogger(__name__)

#: Time limits of a start and a stop, in seconds. They include the hosts' boot and shutdown.
START_SECONDS = 120.0
STOP_SECONDS = 90.0

LOG = layout.HOME / "sandbox.log"
_READY = layout.HOME / "ready"
_RESTORED = layout.HOME / "account.restored"

#: An elastic address that is never allocated. A listener on all addresses blocks its ports too.
UNUSED_ADDRESS = "127.255.255.254"


class SandboxError(Exception):
    """The sandbox cannot do what was asked. The message states what was found and what to do."""


@dataclass(frozen=True, kw_only=True)
class Emulated:
    """The account that the stack files name."""

    account_id: str
    zone: str
    zone_id: str
    region: str


def client(service: str, **credentials: str) -> Any:
    """A client of the running sandbox's account, by default as its operator."""
    # Most commands of the sandbox need no client, and boto3 takes a while to import.
    import boto3

    if not credentials:
        parsed = configparser.ConfigParser()
        parsed.read(layout.HOME / "credentials.ini")
        credentials = dict(parsed[layout.OPERATOR])
    session = boto3.Session(**credentials)
    return session.client(service, endpoint_url=layout.AWS_ENDPOINT, region_name=emulated().region)


def emulated() -> Emulated:
    """Account, zone and region in the stack files of this checkout. Raises SandboxError if the files differ."""
    seen = {}
    for path in sorted(layout.CHECKOUT.glob("Pulumi.*.yaml")):
        values = {key.split(":")[-1]: value for key, value in yaml.safe_load(path.read_text())["config"].items()}
        seen[path.name] = Emulated(
            account_id=values["accountId"],
            zone=values["zone"],
            zone_id=values["parentZoneId"],
            region=values["region"],
        )
    if len(set(seen.values())) != 1:
        raise SandboxError(
            f"the sandbox emulates one account, and the stack files name {len(set(seen.values()))}: {seen}. "
            "Move the differing file away while you use the sandbox."
        )
    return next(iter(seen.values()))


def holder() -> dict[str, Any] | None:
    """Process id, checkout and home of the sandbox that runs on this computer, or None."""
    until = time.monotonic() + 1
    while True:
        try:
            with layout.LOCK.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
        except FileNotFoundError:
            return None
        except BlockingIOError:
            # A process that has just taken the lock has not written its id yet.
            text = layout.LOCK.read_text()
        if text:
            found: dict[str, Any] = json.loads(text)
            return found
        if time.monotonic() > until:
            raise SandboxError(
                f"a process holds {layout.LOCK} without its id in it; `fuser {layout.LOCK}` prints the id"
            )
        time.sleep(0.02)


def start(progress: Callable[[str], None]) -> None:
    """Start the sandbox of this checkout if it does not run. Raises SandboxError and HostError."""
    require_machine()
    held = holder()
    if held is not None and held.get("home") != str(layout.HOME):
        raise SandboxError(
            f"another sandbox runs on this computer: process {held.get('pid')} of {held.get('checkout')}, its state in "
            f"{held.get('home')}. One runs at a time, because they share addresses and the packet filter. "
            f"Stop it with `make -C {held.get('checkout')} sandbox-stop`, or run yours beside it in a cell: "
            "`venv/bin/python -m sandbox cell NAME -- COMMAND`."
        )
    if held is not None and _READY.exists():
        return
    layout.HOME.mkdir(parents=True, exist_ok=True)
    process: subprocess.Popen[bytes] | None = None
    logged = 0
    if held is None:
        _READY.unlink(missing_ok=True)
        # These may take minutes. Here their progress is visible.
        tools.require({**tools.HOSTS, **tools.ACME}, progress)
        ensure_image(DEFAULT_BASE, progress)
        progress("starting the sandbox (account, DNS, mail, ACME, hosts)")
        with LOG.open("ab") as output:
            logged = output.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", "serve"],
                cwd=layout.CHECKOUT,
                env={**os.environ, "AGENTKEYS_SANDBOX_HOME": str(layout.HOME)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    until = time.monotonic() + START_SECONDS
    while not _READY.exists():
        if (process is None or process.poll() is not None) and holder() is None:
            raise SandboxError(f"the sandbox did not start:\n{_last_lines(logged)}\nThe full log is {LOG}.")
        if time.monotonic() > until:
            raise SandboxError(f"the sandbox does not answer after {START_SECONDS:.0f} s; see its log {LOG}")
        time.sleep(0.1)


def stop(progress: Callable[[str], None]) -> None:
    """Stop the sandbox of this checkout and keep its state. Raises SandboxError and HostError."""
    require_machine()
    held = holder()
    if held is None:
        end_leftovers(progress)
        progress("no sandbox runs")
        return
    if held.get("checkout") != str(layout.CHECKOUT):
        raise SandboxError(f"the sandbox that runs belongs to {held.get('checkout')}; stop it from there")
    end(held, progress)


def end(held: dict[str, Any], progress: Callable[[str], None]) -> None:
    """Stop the sandbox that ``holder`` returned, of any checkout, and keep its state. Raises SandboxError."""
    progress(f"stopping the sandbox; its state in {held.get('home')} is kept")
    os.kill(held["pid"], signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while holder() is not None:
        if time.monotonic() > until:
            raise SandboxError(f"process {held['pid']} still runs after {STOP_SECONDS:.0f} s; see its log {LOG}")
        time.sleep(0.1)


def take_snapshots() -> None:
    """Report to the running sandbox that Data Lifecycle Manager's snapshots are due. Raises SandboxError."""
    held = holder()
    if held is None or not _READY.exists():
        raise SandboxError("no sandbox runs; `make up` starts one")
    os.kill(held["pid"], signal.SIGUSR1)


def restore_account(earlier: Path) -> None:
    """Replace the content of the running sandbox's account by that of a copy of its snapshot. Raises SandboxError."""
    held = holder()
    if held is None or not _READY.exists():
        raise SandboxError("no sandbox runs; `make up` starts one")
    shutil.copyfile(earlier, _RESTORED)
    os.kill(held["pid"], signal.SIGUSR2)
    until = time.monotonic() + START_SECONDS
    while _RESTORED.exists():
        if time.monotonic() > until:
            raise SandboxError(f"the account does not take {earlier} after {START_SECONDS:.0f} s; see its log {LOG}")
        time.sleep(0.05)


def serve() -> None:
    """Run the sandbox until SIGTERM or SIGINT."""
    # Imported here because they take seconds, and only this process needs them.
    from sandbox.aws.acme import AcmeServer
    from sandbox.aws.dns import DohServer, NameServer
    from sandbox.aws.instances import USUAL_PORTS
    from sandbox.aws.mail import MailServer
    from sandbox.aws.ports import require_free
    from sandbox.aws.server import Account
    from sandbox.fronts.serving import other_clouds
    from sandbox.hosts.machines import Hosts

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    ended, changed, snapshots, restored = (threading.Event() for _ in range(4))

    told = {signal.SIGUSR1: snapshots, signal.SIGUSR2: restored, signal.SIGTERM: ended, signal.SIGINT: ended}

    def tell(number: int, _frame: FrameType | None) -> None:
        told[signal.Signals(number)].set()
        changed.set()

    for number in told:
        signal.signal(number, tell)
    wanted = emulated()
    with contextlib.ExitStack() as running:
        running.enter_context(_lock())
        _READY.unlink(missing_ok=True)
        for port in USUAL_PORTS:
            require_free(port, "the hosts' elastic addresses", address=UNUSED_ADDRESS)
        account = Account(
            layout.HOME,
            wanted.account_id,
            wanted.zone,
            wanted.zone_id,
            wanted.region,
            on_change=changed.set,
            engine=stacklock.engine,
        )
        acme = AcmeServer(layout.HOME)
        for service in (
            account,
            NameServer(account),
            DohServer(account),
            MailServer(account),
            acme,
            *other_clouds(layout.HOME),
        ):
            service.start()
            running.callback(service.stop)
        hosts = Hosts(
            layout.HOME,
            forwards=layout.FORWARDS,
            trusted_ca=acme.own_ca,
            log=log.info,
        )
        running.callback(hosts.shutdown)
        hosts.reconcile(account.host_specs(), account.exposures(), account.disks())
        running.callback(_READY.unlink, missing_ok=True)
        _READY.touch()
        log.info("the sandbox answers")
        while not ended.is_set():
            changed.wait()
            changed.clear()
            if restored.is_set():
                restored.clear()
                account.restore(_RESTORED)
                _RESTORED.unlink()
            if snapshots.is_set():
                snapshots.clear()
                for line in account.take_snapshots():
                    log.info("snapshots: %s", line)
            try:
                hosts.reconcile(account.host_specs(), account.exposures(), account.disks())
            except Exception:
                log.exception("the hosts could not be brought in step with the account")


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    with layout.LOCK.open("a+") as lock:
        until = time.monotonic() + 1
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # ``holder`` takes the lock for a moment.
                if time.monotonic() > until:
                    raise SandboxError(f"another sandbox runs on this computer ({layout.LOCK.read_text()})") from None
                time.sleep(0.02)
        lock.truncate(0)
        json.dump({"pid": os.getpid(), "checkout": str(layout.CHECKOUT), "home": str(layout.HOME)}, lock)
        lock.flush()
        yield
        lock.truncate(0)


def _last_lines(offset: int) -> str:
    """The last error in the log after ``offset``, or else its last lines."""
    lines = LOG.read_bytes()[offset:].decode(errors="replace").splitlines() if LOG.exists() else []
    failure = [line for line in lines if "error: " in line or "Error: " in line]
    return "\n".join(failure[-1:] or lines[-10:])
