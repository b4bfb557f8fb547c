#!/usr/bin/env bash
# pysecuritytxt 1.4.0 (PyPI) returns Preferred-Languages as prefered-languages, with one r, and securitytxt-parser
# 1.1 drops Expires, which a security.txt must have, and CSAF, without an error. RFC 9116 sections 2.5.5 and
# 2.5.8. https://www.rfc-editor.org/rfc/rfc9116
# Guess: the names of the fields. Seen: prefered-languages; no expires.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pysecuritytxt==1.4.0 securitytxt-parser==1.1
cat >"$folder/probe.py" <<'END'
from pysecuritytxt import PySecurityTXT
from securitytxt.core import SecurityTxt

TEXT = "Contact: mailto:security@example.org\nExpires: 2027-12-31T18:37:07z\nPreferred-Languages: en, de\nCSAF: https://example.org/c\n"
print(sorted(PySecurityTXT().parse(TEXT)))
parsed = SecurityTxt()
parsed.parse(TEXT)
print(parsed.is_valid(), sorted(parsed.to_dict()))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
['contact', 'csaf', 'expires', 'prefered-languages']
True ['contact', 'preferred-languages']
END
