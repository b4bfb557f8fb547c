#!/usr/bin/env bash
# pymdstat 0.5.1 reads /proc/mdstat. In an array that is "auto-read-only", as arrays may be until their first write (md(4),
# "start_ro"), it takes the level for a disk and shifts the names of the others.
# Guess: raid1 with the disks vda2 and vdb2, as for an array that is read-write. Seen: no level, and the disks raid1, 0 and 1.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pymdstat==0.5.1
PYTHONPATH=$folder TMPDIR=$folder python3 - <<'PY'
import pathlib
import tempfile

import pymdstat

file = pathlib.Path(tempfile.mkdtemp(), "mdstat")
file.write_text(
    """Personalities : [raid1]
md0 : active raid1 sdb1[1] sda1[0]
      976630464 blocks super 1.2 [2/2] [UU]

md1 : active (auto-read-only) raid1 vdb2[1] vda2[0]
      1024 blocks super 1.2 [2/2] [UU]

unused devices: <none>
"""
)
arrays = pymdstat.MdStat(path=str(file)).get_stats()["arrays"]
seen = [(array["type"], array["components"]) for array in arrays.values()]
print(seen)
assert seen == [("raid1", {"sdb1": "1", "sda1": "0"}), (None, {"raid1": "vdb2", "1": "vda2", "0": ""})]
PY
