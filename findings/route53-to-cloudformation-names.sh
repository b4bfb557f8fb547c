#!/usr/bin/env bash
# route53-to-cloudformation 1.0.0 makes a CloudFormation template of a zone. It names each resource after the record without
# dots, hyphens and underscores, so that of v1-0 and v10 the first is lost; weighted records with one name
# are lost in the same way, and the last loses its weight.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-route53-recordset.html (SetIdentifier, Weight)
# Guess: four records. Seen: two, and neither SetIdentifier nor Weight.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" boto3==1.44.5 route53-to-cloudformation==1.0.0
PYTHONPATH=$folder AWS_DEFAULT_REGION=us-east-1 python3 -W ignore - <<'PY'
import route53_to_cloudformation


def record(name, value, **policy):
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}], **policy}


RECORDS = [
    record("v1-0.example.com.", "192.0.2.1"),
    record("v10.example.com.", "192.0.2.2"),
    record("w.example.com.", "192.0.2.3", SetIdentifier="x", Weight=1),
    record("w.example.com.", "192.0.2.4", SetIdentifier="y", Weight=2),
]
route53_to_cloudformation.all_record_sets = lambda zone: RECORDS
resources = route53_to_cloudformation.create_resources({"Id": "Z", "Name": "example.com."})
seen = {
    name: (resource["Properties"]["ResourceRecords"], "Weight" in resource["Properties"])
    for name, resource in resources.items()
    if resource["Type"].endswith("RecordSet")
}
print(seen)
assert seen == {"V10ExampleComA": (["192.0.2.2"], False), "WExampleComA": (["192.0.2.4"], False)}
PY
