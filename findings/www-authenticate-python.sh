#!/usr/bin/env bash
# www-authenticate 0.9.2 (PyPI) reads the second "=" of a token as a scheme, keeps the last of two challenges of one scheme, and
# the backslashes of a realm. RFC 9110 section 11.2: a token68 may end in several "="; RFC 7616 section 3.7: a server sends
# one Digest challenge for each algorithm, the preferred one first.
# Guess: AAAA==; SHA-256; x"y. Seen: AAAA and a scheme "="; MD5; x\"y.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" www-authenticate==0.9.2
PYTHONPATH=$folder python3 - <<'PY'
import www_authenticate

token = www_authenticate.parse('NTLM AAAA==, Basic realm="x"')
twice = www_authenticate.parse('Digest realm="a", algorithm=SHA-256, Digest realm="a", algorithm=MD5')
realm = www_authenticate.parse(r'Basic realm="x\"y"')["basic"]["realm"]
print(list(token.items()), twice, realm)
assert list(token) == ["ntlm", "=", "basic"] and token["ntlm"] == "AAAA"
assert twice["digest"]["algorithm"] == "MD5" and realm == r"x\"y"
PY
