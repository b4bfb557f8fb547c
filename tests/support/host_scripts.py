"""How each script of ``hostsetup/scripts`` runs on every host of tests/sandbox/machine/test_7_brackets.py.

A script is a step's own, or a step's script calls it, or it has a row here.
"""

from dataclasses import dataclass

from hostsetup.families import TOOLKIT
from hostsetup.steps import ACME_ACCOUNT, acme_account


@dataclass(frozen=True, kw_only=True)
class Row:
    """One script that the steps of a plain host do not run."""

    #: Run by the login user.
    command: str
    stdin: str = ""
    code: int = 0
    #: A part of what it prints.
    said: str = ""


#: The brackets are set up as a stack with alarms is.
METRICS_NAMESPACE = "AgentKeys/bracket"

_ACCOUNT = acme_account("kid", "a2V5")

BY_THEMSELVES = {
    "acme-account": Row(
        command=f"{_ACCOUNT.command}; code=$?; sudo rm {ACME_ACCOUNT}; exit $code", stdin=_ACCOUNT.stdin
    ),
    "acme_problem.py": Row(
        command=f"sudo {TOOLKIT}/acme_problem.py /var/log/letsencrypt/letsencrypt.log 0:0",
        stdin="An unexpected error occurred\n",
        said="\n0\n",
    ),
    "instance-connect-keys": Row(
        command=f"sudo -u nobody {TOOLKIT}/instance-connect-keys agentkey SHA256:{'A' * 43} http://127.0.0.1:1",
        code=1,
        said="no key is accepted",
    ),
}

#: Scripts that are not run on every bracket, and why.
NOT_EVERYWHERE = {
    "build": "Debian 11's cargo is too old for the binaries (docs/hosts.md); Debian 12 builds",
    "without-metrics": "the brackets have alarms; the host of tests/sandbox/beside loses them",
}
