#!/usr/bin/env bash
# sshpk 1.18.0 (npm) writes an Ed25519 key as PKCS#8 in the version with the public key (OneAsymmetricKey, RFC 8410 section 7).
# cryptography 45.0.7 does not read that: "extra data". It reads sshpk's ECDSA key.
# Guess: both are read. Seen: ECDSA is, Ed25519 is a ValueError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" sshpk@1.18.0
python3 -m pip install -q --disable-pip-version-check --target "$folder/python" --root-user-action ignore cryptography==45.0.7
for type in ecdsa ed25519; do
  ssh-keygen -q -t "$type" -N "" -C example -f "$folder/$type"
  NODE_PATH=$folder/node_modules node -p \
    'require("sshpk").parsePrivateKey(require("fs").readFileSync(process.argv[1])).toString("pkcs8")' \
    "$folder/$type" >"$folder/$type.pem"
done
PYTHONPATH=$folder/python python3 - "$folder" <<'PY'
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key

seen = {}
for kind in ("ecdsa", "ed25519"):
    try:
        load_pem_private_key(pathlib.Path(sys.argv[1], f"{kind}.pem").read_bytes(), None)
        seen[kind] = "read"
    except ValueError as error:
        seen[kind] = f"ValueError: {str(error)[-30:]}"
print(seen)
assert seen["ecdsa"] == "read" and "extra data" in seen["ed25519"], seen
PY
