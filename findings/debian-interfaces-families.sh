#!/usr/bin/env bash
# Two readers of /etc/network/interfaces. debian-interfaces-parser 0.0.3 ignores the line "iface eth0 inet6 static", so that the
# IPv6 address replaces the IPv4 one, and reads the names of "auto lo eth0" as one. debinterface 3.5.0 refuses an address
# with a prefix length and cuts a command at its continued line. interfaces(5): one stanza per family, several
# names after auto, lines that end in a backslash go on; address is "dotted quad/netmask".
# Guess: 192.0.2.5 and auto; an address; the whole command. Seen: 2001:db8::5, not auto; ValueError; a command that ends in "\".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" debian-interfaces-parser==0.0.3 debinterface==3.5.0
PYTHONPATH=$folder TMPDIR=$folder python3 - <<'PY'
import pathlib
import tempfile

import debinterface
from debian_interfaces_parser.interfaces import Interfaces

IPV4 = "auto lo eth0\niface eth0 inet static\n  address 192.0.2.5\n  netmask 255.255.255.0\n"
file = pathlib.Path(tempfile.mkdtemp(), "interfaces")
file.write_text(IPV4 + "iface eth0 inet6 static\n  address 2001:db8::5\n  netmask 64\n")
first = Interfaces(str(file)).parse_all()[0]
file.write_text(IPV4 + "  up ip route add 198.51.100.0/24 \\\n    via 192.0.2.1\n")
commands = debinterface.Interfaces(interfaces_path=str(file)).adapters[0].export()["up"]
file.write_text("iface eth0 inet static\n  address 192.0.2.5/24\n")
try:
    seen = debinterface.Interfaces(interfaces_path=str(file)).adapters[0].export()["address"]
except ValueError as error:
    seen = str(error)
print(first.address, first.auto, commands, seen)
assert (first.address, first.auto) == ("2001:db8::5", False) and commands == ["ip route add 198.51.100.0/24 \\"]
assert seen.startswith("address should be a valid IP")
PY
