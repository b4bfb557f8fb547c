#!/usr/bin/env bash
# @plussub/srt-vtt-parser 2.0.5 (npm) returns null for the end of a WebVTT cue that has settings, such as align:start,
# and no hours, and a carriage return at the end of the id and of each line of a file with CRLF. WebVTT: hours are
# optional, settings follow the end, and CRLF ends a line. https://www.w3.org/TR/webvtt1/
# Guess: 2000; "1" and "hi". Seen: null; "1\r" and "hi\r".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" @plussub/srt-vtt-parser@2.0.5
cat >"$folder/probe.mjs" <<'END'
import { parse } from "@plussub/srt-vtt-parser";

for (const text of [
  "WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n",
  "WEBVTT\n\n00:01.000 --> 00:02.000 align:start\nhi\n",
  "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 align:start\nhi\n",
  "1\r\n00:00:01,000 --> 00:00:02,000\r\nhi\r\n",
]) {
  console.log(JSON.stringify(parse(text).entries));
}
END
seen=$(node "$folder/probe.mjs")
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
[{"id":"","from":1000,"to":2000,"text":"hi"}]
[{"id":"","from":1000,"to":null,"text":"hi"}]
[{"id":"","from":1000,"to":2000,"text":"hi"}]
[{"id":"1\r","from":1000,"to":2000,"text":"hi\r"}]
END
