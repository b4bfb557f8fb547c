#!/usr/bin/env bash
# jsonpath-rw 1.4.0 (PyPI) raises an IndexError for a negative index before the start of a list, though an index after its
# end finds nothing, a KeyError for $..[0] if an object is among the descendants, and refuses [0,1] and the step of a slice.
# RFC 9535 sections 2.3.3 and 2.3.4: an index that is out of range or not on a list selects nothing.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: [] twice, [1], [1, 2], [1]. Seen: [], IndexError, KeyError, two exceptions.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jsonpath-rw==1.4.0
cat >"$folder/probe.py" <<'END'
import jsonpath_rw

DOCUMENT = {"a": [1, 2], "b": {"c": 3}}
for path in ("$.a[5]", "$.a[-5]", "$..[0]", "$.a[0,1]", "$.a[::2]"):
    try:
        print(path, [match.value for match in jsonpath_rw.parse(path).find(DOCUMENT)])
    except Exception as error:
        print(path, type(error).__name__, error)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[5] []
$.a[-5] IndexError list index out of range
$..[0] KeyError 0
$.a[0,1] Exception Parse error at 1:5 near token , (,)
$.a[::2] Exception Parse error at 1:5 near token : (:)
END
