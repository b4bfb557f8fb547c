#!/usr/bin/env bash
# Two npm packages that read the form of a Lambda event: aws-lambda-multipart-parser 0.1.3 returns the closing delimiter
# as a part of the last field if the boundary is in quotation marks or charset follows it, and the headers of a part
# that has a Content-Type without a file name. Both return the last of two fields with one name. RFC 2046 section
# 5.1.1 has a quoted boundary; RFC 7578 sections 4.4 and 5.2 have the other two. https://www.rfc-editor.org/rfc/rfc7578
# Guess: 1; {}; 1 and 2. Seen: 1 and --BOUND; ntent-Type: application/json and {}; 2.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" aws-lambda-multipart-parser@0.1.3 lambda-multipart-parser@1.0.1
cat >"$folder/probe.mjs" <<'END'
import first from "aws-lambda-multipart-parser";
import second from "lambda-multipart-parser";

const field = (value, type = "") => `--BOUND\r\nContent-Disposition: form-data; name="a"\r\n${type}\r\n${value}\r\n`;
for (const [parts, parameters] of [
  [field("1"), "boundary=BOUND"],
  [field("1"), 'boundary="BOUND"'],
  [field("1"), "boundary=BOUND; charset=utf-8"],
  [field("{}", "Content-Type: application/json\r\n"), "boundary=BOUND"],
  [field("1") + field("2"), "boundary=BOUND"],
]) {
  const event = { headers: { "content-type": `multipart/form-data; ${parameters}` }, body: `${parts}--BOUND--\r\n`, isBase64Encoded: false };
  console.log(JSON.stringify(first.parse(event, true)), JSON.stringify(await second.parse(event)));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
{"a":"1"} {"files":[],"a":"1"}
{"a":"1\r\n--BOUND"} {"files":[],"a":"1"}
{"a":"1\r\n--BOUND"} {"files":[],"a":"1"}
{"a":"ntent-Type: application/json\r\n\r\n{}"} {"files":[],"a":"{}"}
{"a":"2"} {"files":[],"a":"2"}
END
