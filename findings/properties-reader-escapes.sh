#!/usr/bin/env bash
# properties-reader 3.0.1 (npm), a reader of properties files, does not join continued lines, takes no colon or blank
# for a separator, and returns the escapes \u00e9, \n, \: and \\ as they are written. java.util.Properties reads all
# of these. https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
# Guess: bc; b twice; the letter; a line feed; C:\d. Seen: b\ and a name c; names "a:b" and "a b"; four texts with
# backslashes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" properties-reader@3.0.1
cat >"$folder/probe.mjs" <<'END'
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { propertiesReader } from "properties-reader";

const file = fileURLToPath(new URL("a.properties", import.meta.url));
for (const text of ["a=b", "a=b\\\n  c", "a:b", "a b", "a=\\u00e9", "a=b\\nc", "a=C\\:\\\\d"]) {
  writeFileSync(file, text);
  console.log(JSON.stringify(text), JSON.stringify(propertiesReader({ sourceFile: file }).getAllProperties()));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
"a=b" {"a":"b"}
"a=b\\\n  c" {"a":"b\\","c":""}
"a:b" {"a:b":""}
"a b" {"a b":""}
"a=\\u00e9" {"a":"\\u00e9"}
"a=b\\nc" {"a":"b\\nc"}
"a=C\\:\\\\d" {"a":"C\\:\\\\d"}
END
