#!/usr/bin/env bash
# sshpubkeys 3.3.1 reads options of authorized_keys. An escaped quotation mark in an option, as sshd(8) writes it, is read as
# a lone backslash, and the mark is lost, without an error. In strict mode verify-required, an option since OpenSSH 8.3, is
# UnknownOptionNameError.
# Guess: echo "x". Seen: echo \x\ and UnknownOptionNameError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" sshpubkeys==3.3.1
ssh-keygen -q -t ed25519 -N "" -C example -f "$folder/key"
PYTHONPATH=$folder python3 - "$folder/key.pub" <<'PY'
import pathlib
import sys

import sshpubkeys

PUBLIC = pathlib.Path(sys.argv[1]).read_text().strip()


def options(text):
    key = sshpubkeys.SSHKey(f"{text} {PUBLIC}", strict=True)
    try:
        key.parse()
    except sshpubkeys.InvalidKeyError as error:
        return type(error).__name__
    return key.options


seen = [options(r'command="echo \"x\""'), options("verify-required")]
print(*seen, sep="\n")
assert seen == [{"command": ["echo \\x\\"]}, "UnknownOptionNameError"]
PY
