#!/usr/bin/env bash
# @sgarciac/bombadil 2.3.0 (npm) returns no document for a list of a number and a string, makes an instant in UTC of
# a local date and a local time, the latter in the year 1, and rounds 9007199254740993. TOML 1.0.0 allows lists of
# several types, and a local date-time has no relation to an instant. https://toml.io/en/v1.0.0
# Guess: [1, "b"]; 1979-05-27; 07:32:00; an error. Seen: an error on null; two instants; 9007199254740992.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @sgarciac/bombadil@2.3.0
cat >"$folder/probe.mjs" <<'END'
import { TomlReader } from "@sgarciac/bombadil";

for (const text of ["a = [1, 2]", 'a = [1, "b"]', "a = 1979-05-27", "a = 07:32:00", "a = 9007199254740993"]) {
  const reader = new TomlReader();
  reader.readToml(text);
  console.log(text, JSON.stringify(reader.result), (reader.errors ?? []).map(String));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a = [1, 2] {"a":[1,2]} []
a = [1, "b"] undefined [ "TypeError: Cannot read properties of null (reading 'type')" ]
a = 1979-05-27 {"a":"1979-05-27T00:00:00.000Z"} []
a = 07:32:00 {"a":"0001-01-01T07:32:00.000Z"} []
a = 9007199254740993 {"a":9007199254740992} []
END
