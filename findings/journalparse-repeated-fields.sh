#!/usr/bin/env bash
# journalparse 0.1.1 reads systemd's journal export format. It keeps the last of several fields with one name, and returns the
# message as a str or as a bytearray, depending on whether it has a line feed. systemd.io/JOURNAL_EXPORT_FORMATS: a field may
# occur more than once in an entry, and the binary form is another serialization of the same field.
# Guess: both tags, and two messages of one type. Seen: the tag b, a str and a bytearray.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" journalparse==0.1.1
PYTHONPATH=$folder python3 - <<'PY'
import io
import struct

from journalparse import journalparse

text = b"a\nb"
binary = b"MESSAGE\n" + struct.pack("<Q", len(text)) + text + b"\n"
first, second = journalparse(io.BytesIO(b"TAG=a\nTAG=b\nMESSAGE=a\n\n" + binary + b"\n"))
print(first, second)
assert first == {"TAG": "b", "MESSAGE": "a"} and isinstance(first["MESSAGE"], str)
assert isinstance(second["MESSAGE"], bytearray)
PY
