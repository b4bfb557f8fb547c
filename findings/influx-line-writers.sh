#!/usr/bin/env bash
# Two writers of InfluxDB's line protocol change values. influx-line 1.0.0 escapes blanks, commas and equals signs of a string
# value, where they are kept with their backslash, and does not escape the measurement of its constructor.
# influx-line-protocol 0.1.5 writes floats with six digits. InfluxDB's line protocol reference, "Special characters": in a
# string value only the quotation mark and the backslash are escaped; a measurement escapes commas and blanks.
# Guess: line-protocol-parser 2.0.1 reads back a b, "my m" and 1234567.25. Seen: "a\ b", a parse error, 1234570.0.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" influx-line==1.0.0 influx-line-protocol==0.1.5 line-protocol-parser==2.0.1
PYTHONPATH=$folder python3 - <<'PY'
from influx_line import InfluxLine
from influx_line_protocol import Metric
from line_protocol_parser import LineFormatError, parse_line

line = InfluxLine("m")
line.add_field("s", "a b")
metric = Metric("m")
metric.add_value("f", 1234567.25)
seen = [parse_line(str(line))["fields"]["s"], parse_line(str(metric))["fields"]["f"]]
blank = InfluxLine("my m")
blank.add_field("f", 1)
try:
    seen.append(parse_line(str(blank))["measurement"])
except LineFormatError as error:
    seen.append(type(error).__name__)
print(line, metric, blank, seen)
assert seen == ["a\\ b", 1234570.0, "LineFormatError"]
PY
