"""The account's last word before its destroy: a shell command, fed with what AWS may answer."""

import subprocess

import pytest

from dev.recorder import PROJECT
from sandbox import tools


@pytest.fixture
def guard(account):
    return account.named("account-no-rules-left").inputs["delete"]


def test_it_is_sound_shell(guard):
    shellcheck = tools.find("shellcheck") or str(PROJECT / "venv/bin/shellcheck")
    done = subprocess.run([shellcheck, "-s", "sh", "-"], input=guard, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("rules", "active", "code", "said"),
    [
        ("", "agentkeys", 0, ""),
        ("", "None", 0, ""),
        ("agentkeys-inbound", "agentkeys", 1, "still has the rules of running stacks: agentkeys-inbound."),
        ("", "somebody-elses", 1, "Somebody has activated the rule set somebody-elses, and this would end its mail."),
    ],
)
def test_the_account_goes_only_when_nobodys_mail_ends_with_it(tmp_path, guard, rules, active, code, said):
    aws = tmp_path / "aws"
    aws.write_text(
        "#!/bin/sh\n"
        "case \"$*\" in *'--region us-east-1'*) ;; *) exit 9 ;; esac\n"
        f"case $2 in describe-receipt-rule-set) echo {rules} ;; describe-active-*) echo {active} ;; esac\n"
    )
    aws.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", guard], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
