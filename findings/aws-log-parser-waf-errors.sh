#!/usr/bin/env bash
# aws-log-parser 3.0.2 knows the error reasons of an Application Load Balancer for authentication and Lambda, but none of those
# that the load balancer writes when AWS WAF does not answer. Such a line ends the whole file with an AttributeError.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
# Guess: WAFConnectionTimeout is an error reason as LambdaThrottling is. Seen: AttributeError for four reasons of WAF.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" aws-log-parser==3.0.2
PYTHONPATH=$folder python3 -W ignore - <<'PY'
from aws_log_parser import AwsLogParser, LogType

LINE = (
    'https 2018-07-02T22:23:00.186641Z app/lb/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80 0.086 0.048 0.037 500 - 0 57 '
    '"GET https://www.example.com:443/ HTTP/1.1" "curl/8.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
    'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e" '
    '"www.example.com" "arn:aws:acm:us-east-1:123456789012:certificate/c" 1 2018-07-02T22:22:48.364000Z "waf-failed" "-" "{}" '
    '"10.0.0.1:80" "-" "-" "-"'
)
REASONS = ("LambdaThrottling", "WAFConnectionError", "WAFConnectionTimeout", "WAFResponseReadTimeout", "WAFServiceError")


def parse(reason):
    try:
        return [entry.error_reason.name for entry in AwsLogParser(log_type=LogType.LoadBalancer).parse([LINE.format(reason)])]
    except AttributeError as error:
        return f"AttributeError: {error}"


seen = [parse(reason) for reason in REASONS]
print(*seen, sep="\n")
assert seen == [["LambdaThrottling"]] + [f"AttributeError: {reason}" for reason in REASONS[1:]]
PY
