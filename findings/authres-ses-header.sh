#!/usr/bin/env bash
# authres 1.2.0 (RFC 8601) cannot parse the Authentication-Results header of mail that Amazon SES stores: SES writes
# client-ip, envelope-from and helo after the comment of SPF, each without the property type that RFC 8601 asks for and
# parted by semicolons. A header of that form, with example addresses, is a SyntaxError.
# Guess: spf, dkim and dmarc with their results. Seen: "Syntax error: Expected end of text".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" authres==1.2.0
PYTHONPATH=$folder python3 - <<'PY'
import authres

STANDARD = "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=a@example.com; dkim=pass header.i=@example.com"
SES = (
    "Authentication-Results: amazonses.com; spf=pass (spfCheck: domain of example.com designates 192.0.2.1 as permitted "
    "sender) client-ip=192.0.2.1; envelope-from=a@example.com; helo=mail.example.com; dkim=pass header.i=@example.com; "
    "dmarc=pass header.from=example.com;"
)
seen = []
for header in (STANDARD, SES):
    try:
        seen.append([f"{each.method}={each.result}" for each in authres.AuthenticationResultsHeader.parse(header).results])
    except authres.SyntaxError as error:
        seen.append(f"SyntaxError: {str(error)[:40]}")
print(*seen, sep="\n")
assert seen[0] == ["spf=pass", "dkim=pass"] and seen[1].startswith("SyntaxError: Syntax error: Expected end of text")
PY
