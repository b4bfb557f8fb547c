"""Runs a command in a cell, where a sandbox of its own can run: several sandboxes share one computer.

A cell has its own network namespace with a way out, process ids, control groups, and its own of the few files in
``/run`` by which sandboxes find each other. It shares all other files and the caches with the computer. Owns creating
and removing a cell, also what a crash left of one. Leaves out what runs in it.

The cell's first process (``inside``) ends with the command, and the kernel ends every process of the cell with it.
"""

import contextlib
import fcntl
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from sandbox import layout, tools
from sandbox.hosts import forwarding, groups, network
from sandbox.hosts.machine import HostError, Progress, require_machine, run

#: One file per number, locked while a cell has it. All cells see this folder, so that a cell inside a cell has another
#: network than the one around it.
_NUMBERS = Path("/run/agentkeys-cells")

#: Cell n has 10.214.<n>.2/30; its way out 10.214.<n>.1 is the other end of a veth pair.
_NETWORK = "10.214.{n}.0/30"

#: Name of a cell's interface outside and prefix of its control group and packet filter table, followed by its number.
_VETH = "akcell"
_GROUP = "agentkeys-cell-"
_TABLE = "agentkeys_cell_"

#: What each cell has its own of, because a network namespace allows one: locks, and names of namespaces and hosts.
_FILES = (layout.LOCK, layout.HOSTS_LOCK, layout.FORWARDING, layout.FORWARDING_LOCK)
_FOLDERS = (Path("/run/netns"), Path("/run/systemd/nspawn"))

#: Options of a control group hierarchy's superblock that its mount does not take.
_NOT_FOR_MOUNT = re.compile(r"r[ow]|xattr|clone_children|noprefix|release_agent=.*|nsdelegate|memory_.*|favordynmods")

_SETUP_SECONDS = 30

#: Where each cell has its sandbox's state, in a folder of its name.
STATES = layout.CHECKOUT / ".sandbox" / "cells"

_TOOLS = {
    **dict.fromkeys(("unshare", "setpriv"), "util-linux"),
    **{"mount": "mount", "umount": "mount", "nft": "nftables", "ip": "iproute2"},
}

# Arguments: cgroup.procs files separated by spaces, then the command. The group in which unshare runs becomes the root
# of the cell's control groups.
_ENTER = """\
for group in $1; do echo $$ >"$group"; done
shift
exec unshare --cgroup --net --mount --pid --fork --kill-child=KILL --mount-proc "$@"
"""


def home(name: str) -> Path:
    """The home of the sandbox in this checkout's cell of that name."""
    return STATES / name


def run_in(name: str, command: Sequence[str], progress: Progress) -> int:
    """Run the command in the cell, then stop its sandbox and remove it. Returns the command's exit code.

    A signal that the command ends by is 128 plus its number, as in a shell. SIGTERM and SIGHUP are passed on to the
    command. Raises HostError if the cell cannot be made, for example because its name is in use.
    """
    require_machine()
    tools.require(_TOOLS, progress)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
        raise HostError(f"cell {name!r}: a name has at most 31 of a-z, 0-9 and -, and starts with one of a-z or 0-9")
    with _name(name), _number(progress) as number:
        name_server = network.nameserver()
        users = forwarding.acquire()
        try:
            progress(f"cell {name}: its network is {_network(number)}, its sandbox's state is in {home(name)}")
            return _run(number, name_server, home(name), command)
        finally:
            used = groups.cpu_seconds(f"{_GROUP}{number}")
            _remove(number)
            forwarding.release(users)
            if used is not None:
                progress(f"cell {name}: ended; its processes used {used:.0f} s of CPU")


def _network(number: int) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(_NETWORK.format(n=number))


@contextlib.contextmanager
def _name(name: str) -> Iterator[None]:
    STATES.mkdir(parents=True, exist_ok=True)
    with home(name).with_name(f"{name}.lock").open("a+") as lock:
        if not _try_lock(lock):
            lock.seek(0)
            raise HostError(f"cell {name} of this checkout is in use by process {lock.read()}; choose another name")
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


@contextlib.contextmanager
def _number(progress: Progress) -> Iterator[int]:
    """A free number, locked."""
    _NUMBERS.mkdir(exist_ok=True)
    sweep(progress)
    for number in range(1, 255):
        with (_NUMBERS / str(number)).open("a+") as lock:
            if _try_lock(lock):
                yield number
                return
    raise HostError(f"all numbers of cells in {_NUMBERS} are in use; end some cells")


def sweep(progress: Progress) -> None:
    """Remove what is left of cells whose process was killed, of any checkout. Every new cell does this first."""
    for path in sorted(_NUMBERS.glob("[0-9]*")):
        with path.open("a+") as lock:
            if _try_lock(lock) and _remove(int(path.name)):
                progress(f"removed what was left of a cell with the network {_network(int(path.name))}")


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _run(number: int, name_server: str, sandbox_home: Path, command: Sequence[str]) -> int:
    ours, theirs = socket.socketpair()
    joined = groups.paths(f"{_GROUP}{number}")
    for group in joined:
        group.mkdir(exist_ok=True)
    code = "import sys; sys.path[0] = sys.argv[1]; from sandbox.cells import inside; inside(*sys.argv[2:])"
    given = json.dumps({"number": number, "name_server": name_server, "command": list(command)})
    with ours:
        with theirs:
            process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL", "sh", "-euc", _ENTER, "enter"),
                    " ".join(str(group / "cgroup.procs") for group in joined),
                    *(sys.executable, "-c", code, str(layout.CHECKOUT), str(theirs.fileno()), given),
                ],
                env={**os.environ, "AGENTKEYS_SANDBOX_HOME": str(sandbox_home)},
                pass_fds=[theirs.fileno()],
            )
        try:
            with _passed_on(ours):
                _connect(number, process.pid, ours)
                return _exit_code(process.wait())
        finally:
            process.kill()
            process.wait()


def _connect(number: int, pid: int, control: socket.socket) -> None:
    """Connect the cell when its namespaces are there, and let its command start."""
    control.settimeout(_SETUP_SECONDS)
    if control.recv(1) != b"r":
        # It has printed why.
        return
    gateway, network_ = _network(number)[1], _network(number)
    outer = f"{_VETH}{number}"
    run(["ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", str(pid)])
    network.disable_ipv6(outer)
    run(["ip", "address", "add", f"{gateway}/{network_.prefixlen}", "dev", outer])
    run(["ip", "link", "set", outer, "up"])
    run(["nft", "-f", "-"], stdin=_ruleset(number))
    control.sendall(b"g")


def _ruleset(number: int) -> str:
    outer = f'"{_VETH}{number}"'
    return f"""\
table inet {_TABLE}{number} {{
  chain input {{
    type filter hook input priority filter
    iifname {outer} ct state established,related accept
    iifname {outer} reject
  }}
  chain forward {{
    type filter hook forward priority filter
    iifname {outer} oifname "{_VETH}*" reject
    iifname {outer} tcp flags syn tcp option maxseg size set rt mtu
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat
    ip saddr {_network(number)} masquerade
  }}
}}
"""


@contextlib.contextmanager
def _passed_on(control: socket.socket) -> Iterator[None]:
    """Pass SIGTERM and SIGHUP on to the command. Ignore SIGINT, because a terminal sends it to the command too."""

    def pass_on(_signal: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):
            control.sendall(b"t")

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(returned: int) -> int:
    return 128 - returned if returned < 0 else returned


def _remove(number: int) -> bool:
    """Remove all of a cell that outlives its processes. Returns whether there was anything."""
    found = False
    if any(group.is_dir() for group in groups.paths(f"{_GROUP}{number}")):
        groups.end(f"{_GROUP}{number}")
        found = True
    if (Path("/sys/class/net") / f"{_VETH}{number}").exists():
        # The end of the namespace removes it too, possibly at the same time.
        subprocess.run(["ip", "link", "delete", f"{_VETH}{number}"], capture_output=True, check=False)
        found = True
    with contextlib.suppress(FileNotFoundError):
        _own(number).rmdir()
    table = f"table inet {_TABLE}{number}"
    run(["nft", "-f", "-"], stdin=f"{table}\ndelete {table}\n")
    return found


def inside(descriptor: str, text: str) -> NoReturn:
    """The cell's first process: make the cell ready, run the command, stop the sandbox that it left running."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(descriptor))
    given = json.loads(text)
    try:
        _own_files(given["number"], given["name_server"])
        control.sendall(b"r")
        if control.recv(1) != b"g":
            sys.exit(1)
        _own_network(given["number"])
    except (HostError, OSError) as error:
        print(f"error: the cell cannot be made: {error}", file=sys.stderr)
        sys.exit(1)
    try:
        command = os.posix_spawnp(given["command"][0], given["command"], os.environ, setsigdef=[signal.SIGINT])
    except OSError as error:
        print(f"error: {given['command'][0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)
    threading.Thread(target=_terminate_when_told, args=(control, command), daemon=True).start()
    while True:
        # Orphans of the whole cell are children of this process.
        ended, status = os.wait()
        if ended == command:
            break
    _stop_sandbox()
    sys.exit(_exit_code(os.waitstatus_to_exitcode(status)))


def _terminate_when_told(control: socket.socket, command: int) -> None:
    while control.recv(1):
        with contextlib.suppress(ProcessLookupError):
            os.kill(command, signal.SIGTERM)


def _stop_sandbox() -> None:
    from sandbox import supervisor
    from sandbox.rehearsal import say

    try:
        if (held := supervisor.holder()) is not None:
            supervisor.end(held, say)
    except supervisor.SandboxError as error:
        say(f"error: {error}")


def _own(number: int) -> Path:
    """Where the cell's own files are mounted, in the cell."""
    return _NUMBERS / f"own-{number}"


def _own_files(number: int, name_server: str) -> None:
    own = _own(number)
    own.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", "mode=755", "agentkeys-cell", str(own))
    for folder in _FOLDERS:
        folder.mkdir(parents=True, exist_ok=True)
        # A copy of the mount of a host's namespace would keep that namespace. There is none before the first sandbox.
        subprocess.run(["umount", "--recursive", "--lazy", str(folder)], capture_output=True, check=False)
        (own / folder.name).mkdir()
        _mount("--bind", str(own / folder.name), str(folder))
    for file in _FILES:
        file.touch(mode=0o600)
        (own / file.name).touch(mode=0o600)
        _mount("--bind", str(own / file.name), str(file))
    resolver = own / "resolv.conf"
    resolver.write_text(f"nameserver {name_server}\n")
    _mount("--bind", str(resolver), "/etc/resolv.conf")
    _own_sysfs(own / "sys")


def _own_sysfs(built: Path) -> None:
    """Replace /sys by one with the network devices and control groups of this cell."""
    seen = groups.hierarchies()
    root = Path("/sys/fs/cgroup")
    names = {link.name: link.readlink() for link in root.iterdir() if link.is_symlink()}
    built.mkdir()
    _mount("-t", "sysfs", "sysfs", str(built))
    target = built / root.relative_to("/sys")
    if all(hierarchy.mount != root for hierarchy in seen):
        _mount("-t", "tmpfs", "-o", "mode=755", "cgroup-root", str(target))
    for hierarchy in seen:
        folder = built / hierarchy.mount.relative_to("/sys")
        folder.mkdir(exist_ok=True)
        options = [option for option in hierarchy.options if not _NOT_FOR_MOUNT.fullmatch(option)]
        if any(option.startswith("name=") for option in options):
            options.insert(0, "none")
        _mount("-t", hierarchy.kind, *(["-o", ",".join(options)] if options else []), hierarchy.kind, str(folder))
    for name, leads_to in names.items():
        (target / name).symlink_to(leads_to)
    run(["umount", "--recursive", "--lazy", "/sys"])
    _mount("--move", str(built), "/sys")


def _mount(*arguments: str) -> None:
    run(["mount", *arguments])


def _own_network(number: int) -> None:
    gateway, address = list(_network(number).hosts())
    network.disable_ipv6("eth0")
    inside = (
        "link set lo up",
        f"address add {address}/{_network(number).prefixlen} dev eth0",
        "link set eth0 up",
        f"route add default via {gateway}",
    )
    run(["ip", "-batch", "-"], stdin="\n".join(inside))
