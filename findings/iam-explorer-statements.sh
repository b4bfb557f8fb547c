#!/usr/bin/env bash
# iam-explorer 0.2.0 answers who can do what in an IAM account. It does not consider NotAction, NotResource and the wildcard ?
# in an action, and takes [ in an ARN pattern for a set of characters.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html, ..._notresource.html,
# ..._action.html (wildcards are * and ?)
# Guess: True, True, True, False, True. Seen: True, False, False, True, False.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" networkx==3.5
python3 -m pip install -q --disable-pip-version-check --no-deps --target "$folder" iam-explorer==0.2.0
: >"$folder/iam_explorer/__init__.py" # it imports boto3, which this does not need
PYTHONPATH=$folder python3 -W ignore - <<'PY'
from iam_explorer.models import IAMPolicy
from iam_explorer.query_engine import QueryEngine

OBJECT = "arn:aws:s3:::bucket/[a]"


def can(**statement):
    engine = object.__new__(QueryEngine)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    engine._get_all_policies_for_entity = lambda arn: [IAMPolicy(arn="p", name="p", policy_document=document)]
    return engine._can_entity_do_action("arn:aws:iam::123456789012:user/u", "s3:GetObject", OBJECT)


seen = [
    can(Action="s3:Get*", Resource="arn:aws:s3:::bucket/*"),
    can(NotAction="iam:*", Resource="*"),
    can(Action="s3:Get?bject", Resource="*"),
    can(Action="s3:GetObject", NotResource="arn:aws:s3:::bucket/*"),
    can(Action="s3:GetObject", Resource=OBJECT),
]
print(seen)
assert seen == [True, False, False, True, False]
PY
