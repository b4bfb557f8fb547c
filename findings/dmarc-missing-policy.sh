#!/usr/bin/env bash
# dmarc 1.2.1 raises an error for a record without p= that has an address for reports. RFC 7489 section 6.6.3, step 6: the
# receiver acts on it as on p=none.
# Guess: the policy none. Seen: "Record required tag p unspecified".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dmarc==1.2.1
PYTHONPATH=$folder python3 - <<'PY'
import dmarc

seen = []
for record in ("v=DMARC1; p=none; rua=mailto:a@example.org", "v=DMARC1; rua=mailto:a@example.org"):
    try:
        seen.append(dmarc.DMARC().parse_record(record, "example.org").p.value)
    except dmarc.RecordSyntaxError as error:
        seen.append(str(error))
print(seen)
assert seen == ["none", "Record required tag p unspecified"]
PY
