#!/usr/bin/env bash
# java-properties 1.0.2 (npm) knows no blank as a separator, no comment with an exclamation mark
# and no escaped character in a name, strips the blanks at the end of a value, returns both
# values of a repeated name, and fails at two backslashes. java.util.Properties reads all of
# these. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
# Guess: {a: b}; nothing; {"a b": c}; "b  "; 2; b\. Seen: {"a b": ""}; a name "! c"; "a\\ b"; b; [1, 2]; SyntaxError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" java-properties@1.0.2
cat >"$folder/probe.mjs" <<'END'
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import properties from "java-properties";

const file = fileURLToPath(new URL("a.properties", import.meta.url));
for (const text of ["a b", "! c", "a\\ b=c", "a=b  ", "a=1\na=2", "a=b\\\\\nc=d"]) {
  writeFileSync(file, text);
  try {
    const seen = properties.of(file);
    console.log(JSON.stringify(text), JSON.stringify(Object.fromEntries(seen.getKeys().map((key) => [key, seen.get(key)]))));
  } catch (error) {
    console.log(JSON.stringify(text), error.name);
  }
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"a b" {"a b":""}
"! c" {"! c":""}
"a\\ b=c" {"a\\ b":"c"}
"a=b  " {"a":"b"}
"a=1\na=2" {"a":["1","2"]}
"a=b\\\\\nc=d" SyntaxError
END
