#!/usr/bin/env bash
# parse-multipart-data 1.5.0 (npm) fails with a SyntaxError at a file whose name has a semicolon, since it splits
# Content-Disposition there and reads the pieces as JSON. A blank or a comma in the name is fine. RFC 6266 and RFC
# 7578: filename is a quoted string, in which a semicolon has no meaning. https://www.rfc-editor.org/rfc/rfc7578
# Guess: a;b.txt. Seen: SyntaxError.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" parse-multipart-data@1.5.0
cat >"$folder/probe.mjs" <<'END'
import multipart from "parse-multipart-data";

for (const name of ["a b.txt", "a,b.txt", "a;b.txt"]) {
  const body = `--BOUND\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\nx\r\n--BOUND--\r\n`;
  try {
    console.log(name, multipart.parse(Buffer.from(body), "BOUND").map(({ filename }) => filename));
  } catch (error) {
    console.log(name, error.name);
  }
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
a b.txt [ 'a b.txt' ]
a,b.txt [ 'a,b.txt' ]
a;b.txt SyntaxError
END
