#!/usr/bin/env bash
# rrecur 2.0.0 returns the word TZID as the time zone of an event. RFC 5545 section 3.2.19: the value of the parameter TZID is the
# time zone. https://www.rfc-editor.org/rfc/rfc5545#section-3.2.19
# Guess: tzid America/New_York. Seen: tzid TZID.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" rrecur@2.0.0
cat >"$folder/probe.cjs" <<'END'
const { Rrecur } = require("rrecur");
console.log(JSON.stringify(Rrecur.parse("DTSTART;TZID=America/New_York:19970902T090000\nRRULE:FREQ=YEARLY;BYMONTH=1")));
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"tzid":"TZID","dtstart":"1997-09-02T09:00:00.000","freq":"yearly","bymonth":["1"]}
END
