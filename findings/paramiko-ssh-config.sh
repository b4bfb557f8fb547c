#!/usr/bin/env bash
# paramiko 5.1.0 reads a file of ssh_config(5) differently from ssh: "User x # note" has the user "x # note" (OpenSSH takes
# a comment at the end of a line since 8.5), ProxyJump none stays the host "none" though ProxyCommand none becomes None, and
# Match tagged, which ssh applies only to connections with that Tag, applies to every one.
# Guess: x, None, no port. Seen: "x # note", "none", port 2222; ssh -G of OpenSSH 9.2 says x for the first.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" paramiko==5.1.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import paramiko


def lookup(text, option):
    return paramiko.SSHConfig.from_text(text).lookup("a").get(option)


seen = [
    lookup("Host a\n  User x # note\n", "user"),
    lookup("Host a\n  ProxyCommand none\n", "proxycommand"),
    lookup("Host a\n  ProxyJump none\n", "proxyjump"),
    lookup("Match tagged elsewhere\n  Port 2222\n", "port"),
]
print(seen)
assert seen == ["x # note", None, "none", "2222"]
PY
