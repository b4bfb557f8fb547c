#!/usr/bin/env bash
# dmarc-report-parser 0.1.5 (npm) refuses an aggregate report that gives a reason for a result, as a receiver does for
# forwarded mail. RFC 7489 appendix C: policy_evaluated holds any number of reasons.
# Guess: the reason "forwarded". Seen: an error about its type, "received array"; the same report without it is read.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" dmarc-report-parser@0.1.5
NODE_PATH=$folder/node_modules node - <<'JS'
const { parseDmarcReportsFromXml } = require("dmarc-report-parser");
const report = (reason) => `<?xml version="1.0"?>
<feedback><report_metadata><org_name>o</org_name><email>e@example.org</email><report_id>1</report_id>
<date_range><begin>1767225600</begin><end>1767311999</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct>
</policy_published><record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated>
<disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>${reason}</policy_evaluated></row>
<identifiers><header_from>example.com</header_from></identifiers>
<auth_results><spf><domain>example.com</domain><scope>mfrom</scope><result>fail</result></spf></auth_results>
</record></feedback>`;
const read = async (reason) => {
  try {
    return (await parseDmarcReportsFromXml([report(reason)])).totalReports;
  } catch (error) {
    return error.message;
  }
};
Promise.all([read(""), read("<reason><type>forwarded</type></reason>")]).then((seen) => {
  console.log(...seen);
  require("assert")(seen[0] === 1 && seen[1].includes("received array"));
});
JS
