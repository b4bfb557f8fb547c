#!/usr/bin/env bash
# cloud-init-gen 1.2.0 refuses a part of user data that starts with #cloud-boothook, and takes #boothook in its place, which
# cloud-init does not know. https://github.com/canonical/cloud-init/blob/20.2/doc/rtd/topics/format.rst
# Guess: text/cloud-boothook for #cloud-boothook. Seen: "Unrecognided CloudInitDoc comment tagline"; it for #boothook.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" cloud-init-gen==1.2.0
PYTHONPATH=$folder python3 - <<'PY'
from cloud_init_gen import CloudInitDoc
from cloud_init_gen.exceptions import CloudInitGenError

seen = []
for tag in ("#cloud-boothook", "#boothook"):
    document = CloudInitDoc()
    try:
        document.add(f"{tag}\n#!/bin/sh\necho x\n")
        document.add("#!/bin/sh\n")
        seen.append(next(line for line in document.render().splitlines() if line.startswith("Content-Type: text")))
    except CloudInitGenError as error:
        seen.append(str(error))
print(*seen, sep="\n")
assert seen == ["Unrecognided CloudInitDoc comment tagline: #cloud-boothook", "Content-Type: text/cloud-boothook"]
PY
