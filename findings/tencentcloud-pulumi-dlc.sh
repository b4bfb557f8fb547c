#!/usr/bin/env bash
# tencentcloud-iac-pulumi 0.2.3, Tencent Cloud's own Pulumi SDK for Python: its module dlc (Data Lake Compute) is not valid
# Python. One class in dlc/outputs.py has an argument twice, so every import of the module is a SyntaxError. The package's
# other modules import, because it loads them lazily.
# Guess: all of the package's files compile. Seen: "duplicate argument ... in function definition" in dlc/outputs.py.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-deps --no-compile --target "$folder" tencentcloud-iac-pulumi==0.2.3
python3 - "$folder/tencentcloud_iac_pulumi" <<'PY'
import pathlib
import sys

package = pathlib.Path(sys.argv[1])
seen = {}
for path in sorted(package.glob("*/*.py")):
    try:
        compile(path.read_bytes(), str(path), "exec")
    except SyntaxError as error:
        seen[str(path.relative_to(package))] = error.msg
print(seen)
assert list(seen) == ["dlc/outputs.py"] and seen["dlc/outputs.py"].startswith("duplicate argument")
PY
