#!/usr/bin/env bash
# pyjavaproperties3 0.6 (PyPI) raises an UnboundLocalError for a name without a separator or
# with a blank as one, joins the next line to a value that ends in two backslashes, and returns
# \n and \u00e9 as they are written. javaproperties 0.8.2 and java.util.Properties read all of
# these. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
# Guess: {a: ""}; {a: b}; b\ and d; a line feed; the letter. Seen: UnboundLocalError twice; b\c=d; backslashes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pyjavaproperties3==0.6 javaproperties==0.8.2
cat >"$folder/probe.py" <<'END'
import io

import javaproperties
from pyjavaproperties3 import Properties

for text in ("a=b", "a", "a b", "a=b\\\\\nc=d", "a=b\\nc", "a=\\u00e9"):
    properties = Properties()
    try:
        properties.load(io.StringIO(text))
        seen = properties.getPropertyDict()
    except Exception as error:
        seen = type(error).__name__
    print(ascii(text), ascii(javaproperties.loads(text)), ascii(seen))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
'a=b' {'a': 'b'} {'a': 'b'}
'a' {'a': ''} 'UnboundLocalError'
'a b' {'a': 'b'} 'UnboundLocalError'
'a=b\\\\\nc=d' {'a': 'b\\', 'c': 'd'} {'a': 'b\\c=d'}
'a=b\\nc' {'a': 'b\nc'} {'a': 'b\\nc'}
'a=\\u00e9' {'a': '\xe9'} {'a': '\\u00e9'}
END
