#!/usr/bin/env bash
# ssh-certificate-parser 1.6.0 (PyPI) lists names and values of critical options alike, each value with its length in front, and an
# empty value after each extension. sshkey-tools 0.12.2 fails with an OverflowError at a certificate without an end. OpenSSH's
# PROTOCOL.certkeys: options are pairs of a name and packed data; 2^64-1 as "valid before" means forever.
# Guess: force-command with /bin/true; a certificate. Seen: two entries, the second "\x00\x00\x00\x09/bin/true"; OverflowError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" ssh-certificate-parser==1.6.0 sshkey-tools==0.12.2
PYTHONPATH=$folder TMPDIR=$folder python3 - <<'PY'
import pathlib
import subprocess
import tempfile
import warnings

import ssh_certificate_parser
from sshkey_tools.cert import SSHCertificate

warnings.simplefilter("ignore")
folder = pathlib.Path(tempfile.mkdtemp())
for name in ("ca", "user"):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
sign = ["ssh-keygen", "-q", "-s", str(folder / "ca"), "-I", "id", "-n", "ann", "-O", "clear", "-O", "permit-pty"]
subprocess.run([*sign, "-O", "force-command=/bin/true", str(folder / "user.pub")], check=True)
certificate = ssh_certificate_parser.SSHCertificate.from_file(str(folder / "user-cert.pub"))
try:
    seen = SSHCertificate.from_file(str(folder / "user-cert.pub"))
except OverflowError as error:
    seen = type(error).__name__
print(certificate.crits, certificate.exts, seen)
assert certificate.crits == ["force-command", "\0\0\0\x09/bin/true"] and certificate.exts == ["permit-pty", ""]
assert seen == "OverflowError"
PY
