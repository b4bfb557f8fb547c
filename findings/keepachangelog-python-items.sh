#!/usr/bin/env bash
# keepachangelog 2.0.0 (PyPI) makes an item of each line of an item and of nested items, takes a line that begins
# with ## inside a code block for a release, writes [yanked] into the date, and drops two of the four asterisks of
# bold text at the start.  https://keepachangelog.com/en/1.1.0/
# Guess: two items; one release; the date 2026-01-01. Seen: six items in two releases; 2026-01-01 [yanked].
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" keepachangelog==2.0.0
cat >"$folder/probe.py" <<'END'
import tempfile

from keepachangelog import to_dict

TEXT = """# Changelog

## [1.1.0] - 2026-01-01 [YANKED]

### Added

- one item
  of two lines
  - nested
- **Bold**: code

  ```sh
  ## a comment
  ```
"""
with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
    file.write(TEXT)
    file.flush()
    for name, release in to_dict(file.name).items():
        print(name, release["metadata"]["release_date"], release.get("added"), release.get("uncategorized"))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1.1.0 2026-01-01 [yanked] ['one item', 'of two lines', 'nested', 'Bold**: code', '```sh'] None
a comment None ['```']
END
