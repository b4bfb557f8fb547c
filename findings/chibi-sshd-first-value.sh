#!/usr/bin/env bash
# chibi-sshd 1.1.0 reads sshd_config. It returns the last value of a keyword, where sshd uses the first, and only the last of
# the keywords that may occur several times (Port, AcceptEnv). It also mixes the lines of a Match block into the rest, so what
# holds for one user looks like the setting of all. sshd_config(5) describes all three.
# Guess: PasswordAuthentication no, MaxAuthTries 3, both ports. Seen: True, "6" and "2222".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" chibi-sshd==1.1.0
cat >"$folder/sshd_config" <<'END'
Port 22
Port 2222
MaxAuthTries 3
MaxAuthTries 6
PasswordAuthentication no
Match User backup
  PasswordAuthentication yes
END
PYTHONPATH=$folder python3 -W ignore - "$folder/sshd_config" <<'PY'
import sys

from chibi_sshd import Chibi_sshd_conf

seen = dict(Chibi_sshd_conf(sys.argv[1]).read())
print(seen)
assert seen == {"Port": "2222", "MaxAuthTries": "6", "PasswordAuthentication": True, "Match": "User backup"}
PY
