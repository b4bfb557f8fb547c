#!/usr/bin/env bash
# changelog-parser 3.0.1 (npm) keeps the first line of a list item only, drops what is nested below it, drops the build
# metadata of a version, and writes an item that begins with bold text without the asterisks in front of it. Semantic
# Versioning 2.0.0 section 10: 1.0.0+b.5 is a version.
# Guess: an item of two lines; **Breaking**: x; 1.0.0+b.5. Seen: its first line; Breaking**: x; 1.0.0.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" changelog-parser@3.0.1
cat >"$folder/probe.mjs" <<'END'
import parse from "changelog-parser";

const text = "# Changelog\n\n## [1.0.0+b.5] - 2026-01-01\n\n### Added\n\n- one item\n  of two lines\n  - nested\n- **Breaking**: x\n";
const { version, parsed } = (await parse({ text })).versions[0];
console.log(version, JSON.stringify(parsed.Added));
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1.0.0 ["one item","Breaking**: x"]
END
