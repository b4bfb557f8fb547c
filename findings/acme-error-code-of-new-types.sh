#!/usr/bin/env bash
# acme 4.0.0: messages.Error.code is None for every problem type that the library has no description of, though typ has
# it. invalidProfile, which Let's Encrypt answers to a profile that it does not offer, is one: the release of certbot that
# brought profiles has no code for their refusal.
# Guess: code is the last part of the type. Seen: rateLimited -> "rateLimited", invalidProfile -> None.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" acme==4.0.0 josepy==2.2.0
PYTHONPATH=$folder python3 - <<'PY'
from acme import messages

prefix = "urn:ietf:params:acme:error:"
seen = {
    kind: messages.Error.from_json({"type": prefix + kind, "detail": "no"}).code
    for kind in ("rateLimited", "invalidProfile")
}
print(seen)
assert seen == {"rateLimited": "rateLimited", "invalidProfile": None}
PY
