#!/usr/bin/env bash
# string-argv 0.4.0 and splitargs 0.0.7 (npm) split a command line and know no backslash: an escaped
# blank separates arguments, \" inside quotation marks ends them and leaves the backslash, and splitargs
# drops an empty argument. shlex 3.0.0 (npm) splits as a shell does. POSIX, Shell Command Language,
# 2.2. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
# Guess: "b c"; b"c; it's; an empty argument. Seen: b\ and c; b\c; it\s; none from splitargs.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" string-argv@0.4.0 splitargs@0.0.7 shlex@3.0.0
cat >"$folder/probe.mjs" <<'END'
import * as shlex from "shlex";
import splitargs from "splitargs";
import { parseArgsStringToArgv } from "string-argv";

for (const text of ['a "b c"', "a b\\ c", 'a "b\\"c"', "a 'it'\\''s'", 'a ""']) {
  console.log(text, ...[shlex.split, parseArgsStringToArgv, splitargs].map((split) => JSON.stringify(split(text))));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a "b c" ["a","b c"] ["a","b c"] ["a","b c"]
a b\ c ["a","b c"] ["a","b\\","c"] ["a","b\\","c"]
a "b\"c" ["a","b\"c"] ["a","b\\c"] ["a","b\\c"]
a 'it'\''s' ["a","it's"] ["a","it\\s"] ["a","it\\s"]
a "" ["a",""] ["a",""] ["a"]
END
