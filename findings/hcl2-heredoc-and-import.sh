#!/usr/bin/env bash
# python-hcl2 7.2.1: a heredoc loses its last newline, which Terraform and HCL's own library keep, so a policy or script
# read from a .tf file has another digest than the one that Terraform applied. The address of an import block comes wrapped
# as "${aws_s3_bucket.example}", so it equals no address of a state.
# Guess: "one\ntwo\n" and "aws_s3_bucket.example". Seen: "one\ntwo" and "${aws_s3_bucket.example}".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m pip install -q --disable-pip-version-check --target "$folder" python-hcl2==7.2.1
PYTHONPATH=$folder python3 - <<'PY'
import hcl2

read = hcl2.loads(
    'text = <<EOT\none\ntwo\nEOT\n\nimport {\n  to = aws_s3_bucket.example\n  id = "example-bucket"\n}\n'
)
print(read)
assert read["text"] == "one\ntwo"
assert read["import"] == [{"to": "${aws_s3_bucket.example}", "id": "example-bucket"}]
PY
