#!/usr/bin/env bash
# jsonpath2 0.4.5 (PyPI) applies a filter to the list itself, not to its elements, so that $.a[?(@.b>1)] finds nothing and
# [*] has to stand in front. It refuses single quotation marks and finds nothing for a negative step. RFC 9535 section
# 2.3.5: a filter selects among the children; its examples have single quotation marks.
# https://www.rfc-editor.org/rfc/rfc9535
# Guess: 2 twice, 3, 2 and 1. Seen: nothing, 2, ValueError, nothing.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" jsonpath2==0.4.5
cat >"$folder/probe.py" <<'END'
import contextlib
import io

from jsonpath2.path import Path

DOCUMENT = {"a": [{"b": 1}, {"b": 2}], "d e": 3}
for path in ("$.a[?(@.b>1)].b", "$.a[*][?(@.b>1)].b", "$['d e']", '$["d e"]', "$.a[::-1].b"):
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            parsed = Path.parse_str(path)
        print(path, [match.current_value for match in parsed.match(DOCUMENT)])
    except ValueError:
        print(path, "ValueError")
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
$.a[?(@.b>1)].b []
$.a[*][?(@.b>1)].b [2]
$['d e'] ValueError
$["d e"] [3]
$.a[::-1].b []
END
