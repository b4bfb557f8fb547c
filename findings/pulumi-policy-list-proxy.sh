#!/usr/bin/env bash
# pulumi-policy 1.21.0: a rule sees every list of a resource as a proxy. A known list is never equal to a list, and `in`
# raises UnknownValueError at an unknown member before it reaches the member that it looks for.
# Guess: args.props["ports"] == [22] for a known list. Seen: False, and UnknownValueError for `"10.0.0.0/8" in networks`.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" pulumi-policy==1.21.0
PYTHONPATH=$folder python3 - <<'PY'
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

props = unknown_checking_proxy({"ports": [22], "networks": [UNKNOWN_STRING_VALUE, "10.0.0.0/8"]})
print("known list == list:", props["ports"] == [22], "| list(...) == list:", list(props["ports"]) == [22])
try:
    found = "10.0.0.0/8" in props["networks"]
except UnknownValueError as error:
    found = type(error).__name__
print("in a list with an unknown member:", found)
assert props["ports"] != [22] and list(props["ports"]) == [22] and found == "UnknownValueError"
PY
