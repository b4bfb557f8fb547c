#!/usr/bin/env bash
# Route 53 returns the name of a wildcard record as \052.example.org, an octal escape. \DDD in a zone file is decimal
# (RFC 1035 section 5.1), so dnspython 2.8.0 reads the same characters as 4.example.org, without an error.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
# Guess: *.example.org. Seen: 4.example.org.; the asterisk would be \042 to dnspython.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dnspython==2.8.0
PYTHONPATH=$folder python3 - <<'PY'
import dns.name

seen = [str(dns.name.from_text(name)) for name in (r"\052.example.org.", r"\042.example.org.")]
print(*seen, sep="\n")
assert seen == ["4.example.org.", "*.example.org."]
PY
