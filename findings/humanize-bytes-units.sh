#!/usr/bin/env bash
# humanize-bytes 1.0.1 takes "1 KiB", "4k" and "1 EB" for 1, 4 and 1 bytes without an error, and human-size 1.1.0 writes 1048575
# bytes as 1024KB and half a byte as 1B. IEC 80000-13: a kibibyte is 1024 bytes.
# Guess: 1024, 4096 (or an error), 2^60 (or an error), 1MB. Seen: 1, 4, 1, 1024KB.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" humanize-bytes@1.0.1 human-size@1.1.0
cat >"$folder/probe.cjs" <<'END'
const bytes = require("humanize-bytes");
const size = require("human-size");
for (const text of ["1 KB", "1 KiB", "4k", "1 EB"]) console.log(text, bytes(text));
for (const number of [1024, 1048575, 1048576, 0.5]) console.log(number, size(number));
END
seen=$(cd "$folder" && TZ=UTC node probe.cjs)
printf '%s\n' "$seen"
diff - <(printf '%s\n' "$seen") <<'END'
1 KB 1024
1 KiB 1
4k 4
1 EB 1
1024 1KB
1048575 1024KB
1048576 1MB
0.5 1B
END
