#!/usr/bin/env bash
# dmarcparser 0.1 keeps one of several DKIM results of an aggregate report and no reason, and returns None for a report that
# declares the namespace of RFC 7489. Appendix C of the RFC: dkim and reason may repeat; its schema has that target namespace.
# Mail by SES has two DKIM signatures, one of amazonses.com.
# Guess: two results and a reason; the same with the namespace. Seen: the first result, no reason; None.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" dmarcparser==0.1
cd "$folder"  # dmarcparser writes a log.txt
PYTHONPATH=$folder python3 - <<'PY'
import tempfile

import dmarcparser

REPORT = """<?xml version="1.0"?>
<feedback{}><report_metadata><org_name>o</org_name><email>e@example.org</email><report_id>1</report_id>
<date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct>
</policy_published><record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated>
<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf><reason><type>forwarded</type></reason>
</policy_evaluated></row>
<identifiers><header_from>example.com</header_from></identifiers><auth_results>
<dkim><domain>example.com</domain><selector>a</selector><result>pass</result></dkim>
<dkim><domain>amazonses.com</domain><selector>b</selector><result>pass</result></dkim>
<spf><domain>example.com</domain><scope>mfrom</scope><result>fail</result></spf></auth_results></record></feedback>"""


def read(attributes):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(REPORT.format(attributes))
        file.flush()
        return dmarcparser.dmarc_from_file(file.name)


plain, named = read(""), read(' xmlns="http://dmarc.org/dmarc-xml/0.1"')
record = next(iter(plain.values()))[0]["report"]["records"][0]
print(record["auth_results"]["dkim"], record["rows"][0]["policy_evaluated"], named)
assert record["auth_results"]["dkim"]["domain"] == "example.com" and named is None
assert "reason" not in record["rows"][0]["policy_evaluated"]
PY
