#!/usr/bin/env bash
# simplejsonseq 0.2.1 and jsonseq 1.0.0 (PyPI) read JSON text sequences. The first takes two record separators for an
# invalid text; both lose the text after one that is cut or that ends without a line feed. RFC 7464 section 2.1 allows
# several separators; section 2.3: a parser resumes at the next separator, and a string needs nothing behind it.
# Guess: 1; "a", 2; 2 after the cut text. Seen: invalid texts from the first, errors from the second.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" simplejsonseq==0.2.1 jsonseq==1.0.0
PYTHONPATH=$folder python3 -W ignore - <<'PY'
from io import StringIO

from jsonseq.decode import JSONSeqDecoder
from simplejsonseq import load


def second(text):
    try:
        return list(JSONSeqDecoder().decode(StringIO(text)))
    except ValueError as error:
        return type(error).__name__


TEXTS = ["\x1e\x1e1\n", '\x1e"a"\x1e2\n', "\x1e[1\x1e2\n"]
seen = [[type(value).__name__ for value in load(StringIO(text))] for text in TEXTS], [second(text) for text in TEXTS]
print(*seen)
assert seen == ([["InvalidJSON"]] * 3, [[1], "JSONDecodeError", "JSONDecodeError"])
PY
