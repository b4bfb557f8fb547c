#!/usr/bin/env bash
# moto 5.2.5: ChangeResourceRecordSets stores an A record of 300.1.1.1, a TXT value without quotes, a TXT string of 300
# characters and the same value twice. Route 53 answers InvalidChangeBatch to each, and takes a name of the zone in any
# case, which moto refuses. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
# Guess: refused, refused, refused, refused; the upper-case name taken. Seen: the reverse.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" 'moto[route53]==5.2.5' boto3==1.44.5
PYTHONPATH=$folder AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1 python3 - <<'PY'
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

ROWS = {
    "no address": ("a.example.org", "A", ["300.1.1.1"]),
    "no quotes": ("b.example.org", "TXT", ["v=spf1 -all"]),
    "long string": ("c.example.org", "TXT", ['"' + "x" * 300 + '"']),
    "twice": ("d.example.org", "A", ["192.0.2.1", "192.0.2.1"]),
    "upper case": ("E.EXAMPLE.ORG", "A", ["192.0.2.1"]),
}
with mock_aws():
    route53 = boto3.client("route53")
    zone = route53.create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]["Id"]
    seen = {}
    for name, (record, kind, values) in ROWS.items():
        wanted = {"Name": record, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value} for value in values]}
        try:
            route53.change_resource_record_sets(
                HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": wanted}]}
            )
            seen[name] = "stored"
        except ClientError as error:
            seen[name] = error.response["Error"]["Code"]
    print(seen)
    assert seen.pop("upper case") == "InvalidChangeBatch" and set(seen.values()) == {"stored"}
PY
