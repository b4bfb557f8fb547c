#!/usr/bin/env bash
# http-sfv 0.9.9 (PyPI) raises a ValueError without a message for an empty List or Dictionary and for a Byte Sequence
# without its padding. RFC 9651 sections 3.1, 4.2 and 4.2.7: an empty list is a list with no member, the steps of
# parsing return one for an empty field, and a missing "=" is no reason to fail. https://www.rfc-editor.org/rfc/rfc9651
# Guess: [], {}, b"hi". Seen: three errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" http-sfv==0.9.9
cat >"$folder/probe.py" <<'END'
import http_sfv

for kind, text in (("List", b"a"), ("List", b""), ("Dictionary", b""), ("Item", b":aGk=:"), ("Item", b":aGk:")):
    field = getattr(http_sfv, kind)()
    try:
        field.parse(text)
        print(kind, text, str(field))
    except Exception as error:
        print(kind, text, repr(error))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
List b'a' a
List b'' ValueError()
Dictionary b'' ValueError()
Item b':aGk=:' :aGk=:
Item b':aGk:' ValueError()
END
