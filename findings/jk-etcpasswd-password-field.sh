#!/usr/bin/env bash
# jk-etcpasswd 0.2025.6.12 reads /etc/passwd and refuses the whole file if one account has another password field than x.
# passwd(5): the field may be empty, an encrypted password, or a mark such as * or ! that no password matches.
# Guess: two accounts. Seen: "Invalid file format".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jk-etcpasswd==0.2025.6.12
PYTHONPATH=$folder python3 - <<'PY'
import jk_etcpasswd

seen = []
for mark in ("x", "*", ""):
    content = f"root:x:0:0:root:/root:/bin/bash\nbackup:{mark}:34:34:backup:/var/backups:/usr/sbin/nologin\n"
    try:
        read = jk_etcpasswd.PwdFile("passwd", "", pwdFileContent=content, shadowFileContent="")
        seen.append(len(read.records))
    except Exception as error:  # the package raises no class of its own
        seen.append(str(error).partition(": ")[2])
print(seen)
assert seen == [2, "Invalid file format: passwd", "Invalid file format: passwd"]
PY
