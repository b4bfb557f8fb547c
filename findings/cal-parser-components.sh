#!/usr/bin/env bash
# cal-parser 1.0.2 (npm) reads iCalendar. The description of an alarm replaces that of its event, a local time with a time zone
# is read without it, and a quoted name ends at its semicolon. RFC 5545 section 3.6: VALARM is a component of its own; section
# 3.3.5: TZID gives the zone of a local time; section 3.1: a quoted parameter may contain ; : and a comma.
# Guess: "event"; 09:00 UTC; mailto:j@example.com. Seen: "alarm"; 10:00 UTC; a piece of the name.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" cal-parser@1.0.2
NODE_PATH=$folder/node_modules node - <<'JS'
process.env.TZ = "UTC";
const { parseString } = require("cal-parser");
const lines = [
  "BEGIN:VCALENDAR",
  "VERSION:2.0",
  "BEGIN:VEVENT",
  "UID:1",
  "DTSTAMP:20261128T000000Z",
  "DTSTART;TZID=Europe/Berlin:20261128T100000",
  "DTEND;TZID=Europe/Berlin:20261128T110000",
  'ATTENDEE;CN="Doe; J: x":mailto:j@example.com',
  "DESCRIPTION:event",
  "BEGIN:VALARM",
  "ACTION:DISPLAY",
  "DESCRIPTION:alarm",
  "TRIGGER:-PT5M",
  "END:VALARM",
  "END:VEVENT",
  "END:VCALENDAR",
  "",
];
const [{ attendee, description, dtstart }] = parseString(lines.join("\r\n")).events;
const seen = [description.value, dtstart.value.toISOString(), attendee.value];
console.log(seen);
require("assert").deepStrictEqual(seen, ["alarm", "2026-11-28T10:00:00.000Z", ' x":mailto:j@example.com']);
JS
