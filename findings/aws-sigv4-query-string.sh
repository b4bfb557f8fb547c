#!/usr/bin/env bash
# aws-sigv4 0.0.1 signs the query string of a URL as a part of the path, so the service answers SignatureDoesNotMatch. It is
# a line of its own in the canonical request:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
# Guess: the signature of botocore 1.43.11 for both URLs. Seen: for the URL without a query string only.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" aws-sigv4==0.0.1 requests==2.32.5 botocore==1.43.11
PYTHONPATH=$folder python3 - <<'PY'
import contextlib
import io

from aws_sigv4.create_signature import AWSS4RequestSigner
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def same(url):
    wanted = {"url": url, "method": "GET", "access_key": KEY, "secret_key": SECRET, "region_name": "us-east-1"}
    with contextlib.redirect_stdout(io.StringIO()):
        headers = AWSS4RequestSigner(b"").get_request_header(service="sts", **wanted)
    request = AWSRequest("GET", url)
    request.context["timestamp"] = headers["x-amz-date"]
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(KEY, SECRET), "sts", "us-east-1")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return headers["Authorization"].endswith(signature)


seen = [same("https://sts.amazonaws.com/"), same("https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15")]
print(seen)
assert seen == [True, False]
PY
