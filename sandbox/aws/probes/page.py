"""docs/validated.md: what AWS itself has confirmed, generated from the table of probes and the kept answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.aws.probes.rows import WITHOUT, Probe

_HEAD = """\
# What AWS itself has confirmed

Each row is a probe: a small question whose answer the emulated account of the sandbox adds to
[moto](https://docs.getmoto.org/) or corrects in it, with the page of AWS's documentation that it follows. The probes
are in `sandbox/aws/probes/`, and this page is generated from them.

    export AWS_PROFILE=agentkeys-admin
    make validate-aws          # YES=1 goes on without a question

`make validate-aws` runs the safe probes on AWS. It says what it will create and asks before its first call, and it
refuses an account other than the `accountId` of the stack files. Every name starts with `agentkeys-probe-`. It deletes
everything again, also after a failure or Ctrl-C; if it is killed, the next run deletes what is left. It costs less than
a cent and takes a few minutes. It writes the answers, with placeholders for ids and account numbers, to
`sandbox/aws/probes/answers/`, and shows where the emulated account answers differently.
`tests/emulated/test_probes.py` fails as long as it does.

To run one probe: `venv/bin/python -m sandbox.aws.probes --probe NAME`.
"""

_WITHOUT_HEAD = """
## Behaviour without a probe

| part of the emulated account | why |
|---|---|
"""


def text(probes: Mapping[str, Probe], kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The page. ``kept`` has the answers of AWS by probe."""
    lines = [_HEAD]
    for service in dict.fromkeys(one.service for one in probes.values()):
        lines.append(
            f"\n## {_TITLES[service]}\n\n| probe | what AWS does | source | validated on |\n|---|---|---|---|\n"
        )
        lines += [_row(one, kept) for one in probes.values() if one.service == service]
    lines.append(_WITHOUT_HEAD)
    lines += [f"| `{subject}` | {reason} |\n" for subject, reason in WITHOUT.items()]
    return "".join(lines)


_TITLES = {
    "accounts": "Accounts",
    "cloudwatch": "CloudWatch",
    "door": "Signatures and permissions",
    "ec2": "EC2",
    "iam": "IAM",
    "route53": "Route 53",
    "s3": "S3",
    "ses": "SES",
    "sns": "SNS",
    "sts": "STS",
}


def _row(probe: Probe, kept: Mapping[str, Mapping[str, Any]]) -> str:
    if probe.unsafe:
        day = f"never: {probe.unsafe}"
    else:
        day = str(kept[probe.name]["validated"]) if probe.name in kept else "never"
    statement = " ".join(probe.statement.split()).replace("|", "\\|")
    return f"| `{probe.name}` | {statement} | [{Path(probe.page).stem}]({probe.page}) | {day} |\n"
