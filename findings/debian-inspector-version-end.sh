#!/usr/bin/env bash
# debian-inspector 31.1.1 refuses a version of a Debian package that ends in ~ or +, such as the 2.34~ of "libc6 (>= 2.34~)",
# which includes backports. Debian Policy section 5.6.12 allows both characters anywhere after the first, and dpkg takes them.
# Guess: 2.34~ is earlier than 2.34. Seen: ValueError; 2.34~rc1 is compared.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" debian-inspector==31.1.1
PYTHONPATH=$folder python3 - <<'PY'
from debian_inspector.version import Version


def earlier(version):
    try:
        return Version.from_string(version) < Version.from_string("2.34")
    except ValueError as error:
        return type(error).__name__


seen = [earlier(version) for version in ("2.34~rc1", "2.34~", "2.33+")]
print(seen)
assert seen == [True, "ValueError", "ValueError"]
PY
