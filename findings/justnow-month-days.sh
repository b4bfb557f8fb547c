#!/usr/bin/env bash
# justnow 0.1.4 (PyPI) raises a ValueError for day 31 once the next month is shorter, though it reads 29 February, and a
# RuntimeError after the last event of a date with a year. systemd.time(7): *-*-31 is each 31st, and a date with a year
# happens once. https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html
# Guess: 31 January, 31 March and 31 May; one event. Seen: ValueError; RuntimeError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" justnow==0.1.4
cat >"$folder/probe.py" <<'END'
from datetime import datetime

from justnow.parser import EventParser

for text in ("*-02-29", "*-*-31", "2027-03-01"):
    events = []
    try:
        for event in EventParser(text, reference_date=datetime(2027, 1, 1)).get_next_n(limit=3):
            events.append(str(event.date()))
    except Exception as error:
        events.append(f"{type(error).__name__}: {error}")
    print(text, events)
END
seen=$(PYTHONPATH=$folder python3 "$folder/probe.py")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
*-02-29 ['2028-02-29', '2032-02-29', '2036-02-29']
*-*-31 ['2027-01-31', 'ValueError: day is out of range for month']
2027-03-01 ['2027-03-01', 'RuntimeError: generator raised StopIteration']
END
