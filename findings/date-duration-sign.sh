#!/usr/bin/env bash
# date-duration 2.0.0 adds a day for -P1D without an error, and date-duration and iso8601-js-period 0.2.1 refuse a fraction such as
# PT1.5H or PT0,5S. ISO 8601:2004 section 4.4.3.2: the smallest component can have a fraction. ISO 8601-2:2019 has the sign.
# Guess: 1969-12-31 or an error, 90 minutes, half a second. Seen: 1970-01-02, and errors.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" date-duration@2.0.0 iso8601-js-period@0.2.1
cat >"$folder/probe.cjs" <<'END'
const duration = require("date-duration").default;
const { Period } = require("iso8601-js-period");
const attempt = (read) => {
  try {
    return JSON.stringify(read());
  } catch (error) {
    return error.message;
  }
};
for (const text of ["-P1D", "PT1.5H", "PT0,5S", "PT36H"]) {
  console.log(text, attempt(() => new Date(+duration(text).addTo(new Date(0)))), attempt(() => Period.parse(text)));
}
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
-P1D "1970-01-02T00:00:00.000Z" String '-P1D' is not a valid ISO8601 period.
PT1.5H Invalid duration: invalid ISO format (PT1.5H) String 'PT1.5H' is not a valid ISO8601 period.
PT0,5S Invalid duration: invalid ISO format (PT0,5S) String 'PT0,5S' is not a valid ISO8601 period.
PT36H "1970-01-02T12:00:00.000Z" [0,0,0,0,36,0,0]
END
