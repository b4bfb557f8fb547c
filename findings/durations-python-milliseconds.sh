#!/usr/bin/env bash
# durations 0.3.3 (PyPI) reads 500ms as half a second and 1ms as 0, and returns 0 for 10 and 1:30, without an error. A
# month has 30.5 days and a year 366. pytimeparse2 1.7.1 reads 1ms, 10 and 1:30.
# Guess: 0.001; 10 or an error; 90 or an error. Seen: 0.0 three times.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" durations==0.3.3 pytimeparse2==1.7.1
cat >"$folder/probe.py" <<'END'
import pytimeparse2
from durations import Duration

for text in ("500ms", "1ms", "9ms", "1m500ms", "10", "1:30"):
    print(text, Duration(text).to_seconds(), pytimeparse2.parse(text))
print(Duration("1M").to_days(), Duration("1y").to_days())
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
500ms 0.5 0.5
1ms 0.0 0.001
9ms 0.01 0.009
1m500ms 60.5 60.5
10 0.0 10
1:30 0.0 90
30.5 366.0
END
