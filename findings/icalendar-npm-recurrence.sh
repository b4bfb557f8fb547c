#!/usr/bin/env bash
# icalendar 0.7.1 (npm) finds the day before the last one for BYMONTHDAY=-1, and 1 March for an event of every year on 29 February.
# RFC 5545 section 3.3.10: -1 is the last day of the month, and an invalid date such as 30 February is skipped.
# https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
# Guess: 31 January and 28 February 1997; 2000 and 2004. Seen: 30 January and 27 February; 1 March 1997 and 1998.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" icalendar@0.7.1
cat >"$folder/probe.cjs" <<'END'
const { RRule } = require("icalendar");
const rules = [["FREQ=MONTHLY;BYMONTHDAY=-1", Date.UTC(1997, 0, 1, 9)], ["FREQ=YEARLY", Date.UTC(1996, 1, 29, 9)]];
for (const [text, start] of rules) {
  const rule = new RRule(RRule.parse(text), new Date(start));
  const first = rule.next(new Date(start));
  console.log(text, first.toISOString(), rule.next(first).toISOString());
}
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
FREQ=MONTHLY;BYMONTHDAY=-1 1997-01-30T09:00:00.000Z 1997-02-27T09:00:00.000Z
FREQ=YEARLY 1997-03-01T09:00:00.000Z 1998-03-01T09:00:00.000Z
END
