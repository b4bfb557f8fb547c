#!/usr/bin/env bash
# bounced 0.3.0 (PyPI) and baunsu 0.2.3 (npm) look for bounces in delivery status notifications. Both report a message that was
# delivered: bounced lists it with its bounces, baunsu says "bounced". bounced returns 441 as the status where the report has the
# enhanced code 4.4.1 only. RFC 3464 section 2.3.3: delivered and relayed are successes; RFC 3463 section 2: an enhanced
# code is no SMTP reply code.
# Guess: no bounce; not "bounced"; 4.4.1. Seen: a bounce with the action delivered; "bounced"; 441.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" bounced==0.3.0
PYTHONPATH=$folder python3 - <<'PY'
import email

import bounced

report = """From: MAILER-DAEMON@mx.example.net
Subject: Delivery report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Text.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; a@example.org
Action: {}
Status: {}

--b--
"""
for action, status, seen in (("delivered", "2.0.0", "200"), ("delayed", "4.4.1", "441")):
    (found,) = bounced.get_bounces(email.message_from_string(report.format(action, status)))
    print(found)
    assert (found.action, found.status) == (action, seen)
PY
npm install --silent --no-fund --no-audit --prefix "$folder" baunsu@0.2.3
NODE_PATH=$folder/node_modules node - <<'JS'
const Baunsu = require("baunsu");
const lines = [
  "From: MAILER-DAEMON@mx.example.net",
  "Subject: Delivery report",
  "MIME-Version: 1.0",
  "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
  "",
  "--b",
  "Content-Type: message/delivery-status",
  "",
  "Reporting-MTA: dns; mx.example.net",
  "",
  "Final-Recipient: rfc822; a@example.org",
  "Action: delivered",
  "Status: 2.0.0",
  "",
  "--b--",
  "",
];
const { action, bounced } = new Baunsu().detectSync(lines.join("\n"));
console.log(action, bounced);
require("assert").deepStrictEqual([action, bounced], ["delivered", true]);
JS
