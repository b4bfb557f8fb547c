#!/usr/bin/env bash
# route53-transfer-ng 1.0.9 backs up and restores zones of Route 53. It drops the settings of IP-based and geoproximity routing
# and the collection of a CIDR location without an error; what remains is a record that Route 53 refuses, with a SetIdentifier
# and no routing policy.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
# Guess: every field comes back. Seen: Weight does, CidrRoutingConfig and GeoProximityLocation do not.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pydantic==2.12.5 pyyaml==6.0.3
python3 -m pip install -q --disable-pip-version-check --no-deps --target "$folder" route53-transfer-ng==1.0.9
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import json

from route53_transfer.models import R53Record
from route53_transfer.serialization import write_records

RECORD = {"Name": "a.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}], "SetIdentifier": "x"}
ROUTING = {
    "Weight": 5,
    "CidrRoutingConfig": {"CollectionId": "00000000-0000-0000-0000-000000000000", "LocationName": "office"},
    "GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": 10},
}

seen = {}
for field, value in ROUTING.items():
    (written,) = json.loads(write_records([R53Record.from_dict({**RECORD, field: value})], format="json"))
    seen[field] = sorted(set(written) - set(RECORD))
print(seen)
assert seen == {"Weight": ["Weight"], "CidrRoutingConfig": [], "GeoProximityLocation": []}
PY
