#!/usr/bin/env bash
# Two readers of server-sent events split a line at U+2028, which JSON may hold as it is: sse-decoder 1.0.0 (npm) makes a
# field of the rest, which is lost, and so does sseclient 0.0.27 (PyPI).
# https://html.spec.whatwg.org/#event-stream-interpretation: a line ends in CR LF, LF or CR only. sseclient also starts each
# event with no identifier and drops an event name that is empty.
# Guess: {"a":"x<U+2028>y"}. Seen: {"a":"x.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" sse-decoder@1.0.0
python3 -m pip install -q --disable-pip-version-check --target "$folder/python" sseclient==0.0.27
NODE_PATH=$folder/node_modules node - <<'JS'
const { LineDecoder, SSEDecoder } = require("sse-decoder");
const lines = new LineDecoder().decode(Buffer.from('data: {"a":"x\u2028y"}\n\n'));
const events = new SSEDecoder();
const [found] = lines.map((line) => events.decode(line)).filter(Boolean);
console.log(found.data);
require("assert").strictEqual(found.data, '{"a":"x');
JS
PYTHONPATH=$folder/python python3 - <<'PY'
from sseclient import Event

found = Event.parse('data: {"a":"x\u2028y"}')
print(found.data)
assert found.data == '{"a":"x'
PY
