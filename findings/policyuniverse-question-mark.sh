#!/usr/bin/env bash
# policyuniverse 1.5.1.20231109 expands the wildcards of an IAM action. It expands * and leaves ? as it is, so a policy with ?
# seems to allow no action that it knows.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html (both are wildcards)
# Guess: s3:getobjectacl for s3:GetObjectAc* and s3:GetObjectAc?. Seen: s3:getobjectacl, and s3:getobjectac?.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" policyuniverse==1.5.1.20231109
PYTHONPATH=$folder python3 - <<'PY'
from policyuniverse.expander_minimizer import expand_policy


def expanded(action):
    return expand_policy({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": "*"}]})["Statement"][0]["Action"]


seen = [expanded(action) for action in ("s3:GetObjectAc*", "s3:GetObjectAc?")]
print(seen)
assert seen == [["s3:getobjectacl"], ["s3:getobjectac?"]]
PY
