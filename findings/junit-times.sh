#!/usr/bin/env bash
# xunitparser 1.3.4 and xunitparserx 1.9.12 (PyPI) fail at a time such as "1,234.5" of a JUnit report, and test-results-parser 0.4.6
# (npm) returns null. Surefire's surefire-test-report-3.0.xsd and Jenkins's junit-10.xsd allow commas between thousands.
# Guess: 1234.5 seconds, as junitparser 5.0.3 reads. Seen: ValueError twice; null.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" xunitparser==1.3.4 xunitparserx==1.9.12 junitparser==5.0.3
PYTHONPATH=$folder python3 - <<'PY'
import io

import junitparser
import xunitparser
import xunitparserx

report = '<testsuite name="s" tests="1" time="1,234.5"><testcase name="a" classname="c" time="1,234.5"/></testsuite>'
seen = []
for reader in (xunitparser, xunitparserx):
    try:
        seen.append(reader.parse(io.StringIO(report))[1].time)
    except ValueError as error:
        seen.append(type(error).__name__)
right = junitparser.JUnitXml.fromstring(report).time
print(right, seen)
assert right == 1234.5 and seen == ["ValueError", "ValueError"]
PY
npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$folder" test-results-parser@0.4.6
NODE_PATH=$folder/node_modules node - "$folder/report.xml" <<'JS'
const [file] = process.argv.slice(2);
const testcase = '<testcase name="a" classname="c" time="1,234.5"/>';
require("fs").writeFileSync(file, `<testsuites><testsuite name="s" tests="1">${testcase}</testsuite></testsuites>`);
const seen = JSON.parse(JSON.stringify(require("test-results-parser").parse({ type: "junit", files: [file] })));
console.log(seen.suites[0].cases[0].duration);
require("assert").equal(seen.suites[0].cases[0].duration, null);
JS
