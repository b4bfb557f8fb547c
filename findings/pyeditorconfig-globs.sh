#!/usr/bin/env bash
# pyeditorconfig 1.0.0 (PyPI) does not match b.x for [a-c].x, x.h for {*.c,*.h}, a/b for a/**/b, a name with
# brackets that hold a slash, or {single} for {single}, whose braces are literal. It returns tab for indent_size
# = tab beside tab_width = 4. The specification of EditorConfig has all of these, and editorconfig 0.17.1 reads
# them. https://spec.editorconfig.org
# Guess: v five times, 4. Seen: None five times, tab.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pyeditorconfig==1.0.0 editorconfig==0.17.1
cat >"$folder/probe.py" <<'END'
import tempfile
from pathlib import Path

from editorconfig import get_properties
from pyeditorconfig.pyeditorconfig import get_config


def values(section: str, path: str, text: str, key: str) -> tuple[str | None, str | None]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".editorconfig").write_text(f"root = true\n[{section}]\n{text}\n")
        file = Path(folder, path)
        file.parent.mkdir(exist_ok=True)
        file.touch()
        return get_properties(str(file)).get(key), get_config(file).get(key)


for section, path in (("[a-c].x", "b.x"), ("{*.c,*.h}", "x.h"), ("a/**/b", "a/b"), ("a[b/c].d", "a[b/c].d"), ("{single}", "{single}")):
    print(section, *values(section, path, "k = v", "k"))
print(*values("*", "a", "indent_size = tab\ntab_width = 4", "indent_size"))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[a-c].x v None
{*.c,*.h} v None
a/**/b v None
a[b/c].d v None
{single} v None
4 tab
END
