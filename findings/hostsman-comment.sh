#!/usr/bin/env bash
# hostsman 1.1.5 (PyPI) adds a name behind the comment of a line with the same address, where no resolver finds it,
# and then says that it exists. hosts(5): text from # to the end of the line is a comment.
# Guess: 192.0.2.1 a new.example # note, or a line of its own. Seen: 192.0.2.1 a # note new.example; True.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" hostsman==1.1.5
cat >"$folder/probe.py" <<'END'
import tempfile
from pathlib import Path

from hostsman import Host

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "hosts")
    file.write_text("192.0.2.1 a # note\n")
    hosts = Host(keepingHistory=False)
    hosts.hostFile = str(file)
    print(hosts.add("new.example", "192.0.2.1")[0], hosts.exists("new.example"))
    print(file.read_text().strip().replace("\t", " "))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
True True
192.0.2.1 a # note new.example
END
