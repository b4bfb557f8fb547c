#!/usr/bin/env bash
# sysdtime-py 0.1.2 (PyPI) finds each second of the day for a calendar event without a time, no event for 29 February or a
# year of two digits, and 08:05 UTC for 08:05 in Berlin. systemd.time(7): without a time 00:00:00 is assumed, 27 is 2027,
# and a time zone may follow. https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html
# Guess: 1 February; Friday 8 January; 29 February 2028; 1 March 2027; 07:05 UTC. Seen: 00:00:31 twice; None twice; 08:05.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" sysdtime-py==0.1.2
cat >"$folder/probe.py" <<'END'
from datetime import datetime, timezone

from sysdtime import next_occurrence

for text in ("*-*-01", "Fri", "*-02-29", "27-03-01", "08:05:40 Europe/Berlin"):
    first = next_occurrence(text, datetime(2027, 1, 1, 0, 0, 30, tzinfo=timezone.utc))
    print(text, first, first and next_occurrence(text, first))
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
*-*-01 2027-01-01 00:00:31+00:00 2027-01-01 00:00:32+00:00
Fri 2027-01-01 00:00:31+00:00 2027-01-01 00:00:32+00:00
*-02-29 None None
27-03-01 None None
08:05:40 Europe/Berlin 2027-01-01 08:05:40+00:00 2027-01-02 08:05:40+00:00
END
