#!/usr/bin/env bash
# aws-arn 0.1.0 cuts the names of secrets and parameters at a slash, finds no name in an ARN with a colon in it, and takes a
# managed policy for AWS::IAM::Policy, which has no ARN in CloudFormation.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
# Guess: prod/db-AbCdEf, a:b, AWS::IAM::ManagedPolicy. Seen: db-AbCdEf, None, AWS::IAM::Policy.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" aws-arn==0.1.0
PYTHONPATH=$folder python3 - <<'PY'
import aws_arn

seen = [
    aws_arn.get_resource_id_from_arn("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"),
    aws_arn.get_resource_id_from_arn("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b"),
    aws_arn.get_cloudformation_from_arn("arn:aws:iam::aws:policy/ReadOnlyAccess"),
]
print(*seen)
assert seen == ["db-AbCdEf", None, "AWS::IAM::Policy"]
PY
