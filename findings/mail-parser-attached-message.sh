#!/usr/bin/env bash
# mail-parser 4.8.0: the text of a forwarded mail (an attachment of type message/rfc822, RFC 2046 section 5.2.1) becomes text
# of the outer mail, so a reader cannot tell who wrote it.
# Guess: text_plain has "outer" only. Seen: "outer" and "inner".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" mail-parser==4.8.0
PYTHONPATH=$folder python3 - <<'PY'
from email.message import EmailMessage

import mailparser

inner = EmailMessage()
inner["From"], inner["Subject"] = "c@example.net", "inner"
inner.set_content("inner")
outer = EmailMessage()
outer["From"], outer["To"], outer["Subject"] = "a@example.org", "b@example.org", "outer"
outer.set_content("outer")
outer.add_attachment(inner)
mail = mailparser.parse_from_bytes(outer.as_bytes())
seen = [text.strip() for text in mail.text_plain]
print(seen)
assert seen == ["outer", "inner"]
PY
