#!/usr/bin/env bash
# expand-braces 0.1.2 (npm) expands {3..1} to nothing, ignores the step of {1..10..3} and writes 1 with
# a zero there, removes the braces of {a}, and varies the first of two groups first. mm-brace-expand
# 0.0.1 leaves {a..c} as it is. brace-expansion 2.0.2 (npm) expands all of these as bash
# does. https://www.gnu.org/software/bash/manual/html_node/Brace-Expansion.html
# Guess: 3 2 1; 1 4 7 10; {a}; a1 a2 b1 b2; a b c. Seen: nothing; 01 to 10; a; a1 b1 a2 b2; {a..c}.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" expand-braces@0.1.2 mm-brace-expand@0.0.1 brace-expansion@2.0.2
cat >"$folder/probe.mjs" <<'END'
import braces from "brace-expansion";
import expand from "expand-braces";
import minimatch from "mm-brace-expand";

for (const text of ["{1..3}", "{3..1}", "{1..10..3}", "{a}", "{a,b}{1,2}", "{a..c}"]) {
  console.log(text, ...[expand, minimatch, braces].map((each) => JSON.stringify(each(text))));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{1..3} ["1","2","3"] ["1","2","3"] ["1","2","3"]
{3..1} [] ["3","2","1"] ["3","2","1"]
{1..10..3} ["01","02","03","04","05","06","07","08","09","10"] ["{1..10..3}"] ["1","4","7","10"]
{a} ["a"] ["{a}"] ["{a}"]
{a,b}{1,2} ["a1","b1","a2","b2"] ["a1","a2","b1","b2"] ["a1","a2","b1","b2"]
{a..c} ["a","b","c"] ["{a..c}"] ["a","b","c"]
END
