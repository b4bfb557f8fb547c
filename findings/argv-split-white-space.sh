#!/usr/bin/env bash
# argv-split 3.2.1 (npm) splits at blanks only: a tab is a part of an argument, everything behind a line feed is
# dropped, and so is an empty argument in quotation marks. A backslash between two strings in single quotation marks
# is left. shlex 3.0.0 (npm) splits as a shell does.
# Guess: a and b twice; an empty argument; it's. Seen: one argument with a tab; a alone twice; it\'s.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" argv-split@3.2.1 shlex@3.0.0
cat >"$folder/probe.mjs" <<'END'
import split from "argv-split";
import * as shlex from "shlex";

for (const text of ['a "b c"', "a\tb", "a\nb", 'a ""', "a 'it'\\''s'"]) {
  console.log(JSON.stringify(text), JSON.stringify(split(text)), JSON.stringify(shlex.split(text)));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"a \"b c\"" ["a","b c"] ["a","b c"]
"a\tb" ["a\tb"] ["a","b"]
"a\nb" ["a"] ["a","b"]
"a \"\"" ["a"] ["a",""]
"a 'it'\\''s'" ["a","it\\'s"] ["a","it's"]
END
