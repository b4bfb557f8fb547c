#!/usr/bin/env bash
# @release-notes/changelog-parser 0.1.2 (npm) returns 1970-01-01 as the date of a release without one, and raises
# a RangeError for [YANKED] behind a date and for a version with build metadata. Both are in Keep a Changelog and
# Semantic Versioning.  https://keepachangelog.com/en/1.1.0/
# Guess: no date; 2026-01-01 twice. Seen: 1970-01-01; "Invalid time value" twice.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @release-notes/changelog-parser@0.1.2
cat >"$folder/probe.mjs" <<'END'
import changelog from "@release-notes/changelog-parser";

for (const title of ["[1.0.0] - 2026-01-01", "1.0.0", "[1.0.0] - 2026-01-01 [YANKED]", "[1.0.0+b.5] - 2026-01-01"]) {
  try {
    const notes = changelog.parse(`# Changelog\n\n## ${title}\n\n### Added\n\n- a\n`);
    console.log(title, JSON.stringify(notes.toJSON().releases));
  } catch (error) {
    console.log(title, String(error));
  }
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[1.0.0] - 2026-01-01 [{"version":"1.0.0","date":"2026-01-01T00:00:00.000Z","added":["a"]}]
1.0.0 [{"version":"1.0.0","date":"1970-01-01T00:00:00.000Z","added":["a"]}]
[1.0.0] - 2026-01-01 [YANKED] RangeError: Invalid time value
[1.0.0+b.5] - 2026-01-01 RangeError: Invalid time value
END
