#!/usr/bin/env bash
# Four small Signature Version 4 packages sign common S3 requests differently from botocore 1.43.11, so S3 answers
# SignatureDoesNotMatch. requests-aws4auth 1.4.0 collapses // in a key. aws-requests-auth 0.4.3 and httpx-auth-awssigv4
# 0.1.4 encode a percent-encoded key a second time. requests-auth-aws-sigv4 0.7 cannot sign ?acl, a parameter without a
# value. S3 neither normalizes a path nor encodes it twice:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
# Guess: every package signs each of these as botocore does. Seen: the table below; only the plain key is the same everywhere.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" botocore==1.43.11 requests==2.32.5 httpx==0.28.1 \
  requests-aws4auth==1.4.0 aws-requests-auth==0.4.3 requests-auth-aws-sigv4==0.7 httpx-auth-awssigv4==0.1.4
PYTHONPATH=$folder python3 -W ignore - <<'PY'
import re
from types import SimpleNamespace

import httpx
import requests
from aws_requests_auth.aws_auth import AWSRequestsAuth
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from httpx_auth_awssigv4 import SigV4Auth
from requests_auth_aws_sigv4 import AWSSigV4
from requests_aws4auth import AWS4Auth

KEY, SECRET, REGION, HOST = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "b.s3.amazonaws.com"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PATHS = ("/agent/plain", "/agent/a%20b", "/agent/a%3Db%3Ac", "/agent//b", "/?acl")
AUTHS = {
    "requests-aws4auth": lambda: AWS4Auth(KEY, SECRET, REGION, "s3"),
    "aws-requests-auth": lambda: AWSRequestsAuth(KEY, SECRET, HOST, REGION, "s3"),
    "requests-auth-aws-sigv4": lambda: AWSSigV4("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET, region=REGION),
    "httpx-auth-awssigv4": lambda: SigV4Auth(KEY, SECRET, "s3", REGION),
}


def signed(name, url):
    auth = AUTHS[name]()
    if name.startswith("httpx"):
        request = httpx.Request("GET", url)
        return next(auth.auth_flow(request)) if hasattr(auth, "auth_flow") else auth(request)
    return requests.Request("GET", url, auth=auth).prepare()


def as_botocore(request):
    """Sign what is sent again with botocore, over the same signed headers and time."""
    header = request.headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header
    names, seen = re.search(r"SignedHeaders=([^,]+), ?Signature=(\w+)", header).groups()
    values = {name: request.headers.get(name) or HOST for name in names.split(";")}
    values.setdefault("x-amz-date", request.headers["x-amz-date"])
    again = AWSRequest("GET", str(request.url), headers=values)
    again.headers["X-Amz-Content-SHA256"] = EMPTY
    again.context = {"timestamp": values["x-amz-date"], "payload_signing_enabled": True, "client_config": None}
    signer = S3SigV4Auth(Credentials(KEY, SECRET), "s3", REGION)
    signer.headers_to_sign = lambda _: {name: values[name] for name in names.split(";")}
    signer.signed_headers = lambda _: names
    signer.canonical_headers = lambda _: "\n".join(f"{name}:{values[name]}" for name in names.split(";"))
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again) == seen


table = {}
for name in AUTHS:
    row = []
    for path in PATHS:
        try:
            row.append("same" if as_botocore(signed(name, f"https://{HOST}{path}")) else "other")
        except ValueError as error:
            row.append(type(error).__name__)
    table[name] = row
print(*(f"{name:25}{row}" for name, row in {"": list(PATHS), **table}.items()), sep="\n")
assert table == {
    "requests-aws4auth": ["same", "same", "same", "other", "same"],
    "aws-requests-auth": ["same", "other", "other", "same", "same"],
    "requests-auth-aws-sigv4": ["same", "same", "same", "same", "ValueError"],
    "httpx-auth-awssigv4": ["same", "other", "other", "same", "other"],
}, table
PY
