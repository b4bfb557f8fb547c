#!/usr/bin/env bash
# iso8601 1.1.1 and iso8601-convert 1.0.0 return 1 January for a week date, the month 36 of 2008 for day 366, midnight of 1 January
# for the basic format, and ignore an offset. isodate 0.1.4 adds the offset +05:30 instead of subtracting it, and reads nine digits
# of a fraction as milliseconds. @antongolub/iso8601 1.2.2 returns undefined for an offset without a colon.
# ISO 8601:2004 sections 4.1.3 (ordinal dates), 4.1.4 (week dates), 4.2.2.4 (fractions) and 4.2.5 (offsets).
# Guess: 2009-12-31 or an error, 2008-12-31 or an error, 10:11:12, 04:41:12 UTC, .123. Seen: the lines at the end.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" iso8601@1.1.1 iso8601-convert@1.0.0 isodate@0.1.4 @antongolub/iso8601@1.2.2
cat >"$folder/probe.cjs" <<'END'
const convert = require("iso8601-convert");
const readers = {
  iso8601: require("iso8601").toDate,
  "iso8601-convert": convert.toDate,
  isodate: require("isodate"),
  "@antongolub/iso8601": require("@antongolub/iso8601").default,
};
const dates = ["2009-W53-4", "2008-366", "20081231T101112Z", "2008-12-31T10:11:12+0530", "2008-12-31T10:11:12.123456789Z"];
for (const [name, read] of Object.entries(readers)) {
  for (const date of dates) {
    let seen;
    try {
      seen = JSON.stringify(read(date));
    } catch (error) {
      seen = error.message;
    }
    console.log(name, date, seen);
  }
}
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
iso8601 2009-W53-4 "2009-01-01T00:00:00.000Z"
iso8601 2008-366 "2010-12-01T00:00:00.000Z"
iso8601 20081231T101112Z "2008-01-01T00:00:00.000Z"
iso8601 2008-12-31T10:11:12+0530 "2008-12-31T10:11:12.000Z"
iso8601 2008-12-31T10:11:12.123456789Z "2008-12-31T10:11:12.123Z"
iso8601-convert 2009-W53-4 "2009-01-01T00:00:00.000Z"
iso8601-convert 2008-366 "2010-12-01T00:00:00.000Z"
iso8601-convert 20081231T101112Z "2008-01-01T00:00:00.000Z"
iso8601-convert 2008-12-31T10:11:12+0530 "2008-12-31T10:11:12.000Z"
iso8601-convert 2008-12-31T10:11:12.123456789Z "2008-12-31T10:11:12.123Z"
isodate 2009-W53-4 Invalid ISO 8601 date given.
isodate 2008-366 Invalid ISO 8601 date given.
isodate 20081231T101112Z "2008-12-31T10:11:12.000Z"
isodate 2008-12-31T10:11:12+0530 "2008-12-31T15:41:12.000Z"
isodate 2008-12-31T10:11:12.123456789Z "2009-01-01T20:28:48.789Z"
@antongolub/iso8601 2009-W53-4 "2009-12-31T00:00:00.000Z"
@antongolub/iso8601 2008-366 "2008-12-31T00:00:00.000Z"
@antongolub/iso8601 20081231T101112Z "2008-12-31T10:11:12.000Z"
@antongolub/iso8601 2008-12-31T10:11:12+0530 undefined
@antongolub/iso8601 2008-12-31T10:11:12.123456789Z "2008-12-31T10:11:12.123Z"
END
