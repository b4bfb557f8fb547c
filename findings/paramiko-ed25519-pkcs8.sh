#!/usr/bin/env bash
# paramiko 3.5.1 reads an Ed25519 key in OpenSSH's form only. The same key as PKCS#8 (RFC 8410, "BEGIN PRIVATE KEY"),
# which `openssl genpkey` writes and asyncssh 2.21.0 reads, is "not a valid OPENSSH private key file".
# Guess: both libraries read both forms. Seen: asyncssh both, paramiko OpenSSH's only.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" paramiko==3.5.1 asyncssh==2.21.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import io

import asyncssh
import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

key = Ed25519PrivateKey.generate()
seen = {}
for name, form in {"OpenSSH": PrivateFormat.OpenSSH, "PKCS8": PrivateFormat.PKCS8}.items():
    text = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    asyncssh.import_private_key(text)
    try:
        seen[name] = paramiko.Ed25519Key.from_private_key(io.StringIO(text)).get_name()
    except paramiko.SSHException as error:
        seen[name] = str(error)
print(seen)
assert seen == {"OpenSSH": "ssh-ed25519", "PKCS8": "not a valid OPENSSH private key file"}
PY
