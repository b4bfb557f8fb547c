"""The commands of README and runbook, and which test runs each: as it stands, or in the test that is named."""

import re

from dev.recorder import PROJECT

DOCUMENTS = [PROJECT / "README.md", PROJECT / "docs/runbook.md"]

#: Beginnings of what is a command, inside of backticks or in an indented block.
_COMMAND = re.compile(r"(pulumi|make|venv/bin/python|agentkeys|aws|eval) \S.*")

#: Run here as written, against the stack that is up; what each must end with and say.
HERE = {
    "aws s3 ls s3://agentkeys-mail-test-429071895007/inbound/": (0, "AMAZON_SES_SETUP_NOTIFICATION"),
    'eval "$(make -s env)"': (0, "agentkeys-account/litentry"),
    "make help": (0, "make test"),
    "make pins": (0, "fit"),
    "pulumi preview -s test": (0, "unchanged"),
    "pulumi preview -s test --expect-no-changes": (0, "unchanged"),
    "pulumi preview -s test --refresh --expect-no-changes": (0, "unchanged"),
    "pulumi stack output -s test release": (0, "sha256:"),
    "pulumi up -s test --refresh": (0, "unchanged"),
    "agentkeys audit -s test": (0, " ok"),
    "agentkeys credentials -s test": (0, "[agentkeys-broker-test]"),
    "agentkeys doctor -s test": (0, " ok"),
    "agentkeys drift -s test": (0, ""),
    "agentkeys env -s test --directory <folder>": (0, "written "),
    "agentkeys records -s test --format bind": (0, "test-broker.litentry.org. IN A "),
    "agentkeys retire -s test": (0, "`pulumi destroy -s test` can go through."),
    "agentkeys sender -s test": (0, "noreply-test@bots-test.litentry.org is verified"),
    "agentkeys ssh -s test": (0, "--fallback"),
    "venv/bin/python -m sandbox.engine": (0, "AWS provider: "),
    "agentkeys recover -s test": (0, "has nothing to recover"),
    "agentkeys recover -s litentry --folder account": (0, "has nothing to recover"),
}

#: What a person would answer or add; the rest of the command is the document's.
ADDED = {
    'eval "$(make -s env)"': "&& pulumi stack ls --all",
    "pulumi up -s test --refresh": "--yes",
    "agentkeys credentials -s test": "--yes",
    "agentkeys ssh -s test": "--aliases",
}

#: Settings: the engine writes them into a copy of the stack's file.
SETTINGS = re.compile(r"pulumi config (set|rm) (-s|--path|\S).*")

#: Run by another test, or by `make check`, with a piece of the file that shows the call.
ELSEWHERE = {
    'eval "$(_AGENTKEYS_COMPLETE=bash_source agentkeys)"': ("tests/unit/ops/test_agentkeys.py", "_AGENTKEYS_COMPLETE="),
    "agentkeys --help": ("tests/unit/ops/test_commands.py", '"--help"'),
    "agentkeys enrol": ("tests/clouds/test_gcp.py", 'agentkeys("enrol"'),
    "make bench": ("Makefile", "bench: setup"),
    "make check": (".ci/run", "make check"),
    "make down STACK=test": ("tests/sandbox/beside/test_5_ends.py", 'rehearsal.down("test"'),
    "make down CLOUD=gcp": ("tests/clouds/test_gcp.py", 'there("destroy"'),
    "make golden": ("tests/conftest.py", "--update-golden"),
    "make graph": ("tests/unit/dev/test_picture.py", "docs/graph.svg"),
    "make licences": ("tests/unit/dev/test_licences.py", "docs/licences.md"),
    "make lock": ("tests/unit/dev/test_lock_files.py", "the same for everybody"),
    "make setup": ("Makefile", "tools: setup"),
    "make validate-aws": ("tests/emulated/test_validate_aws.py", "make validate-aws"),
    "make mutants": ("tests/unit/dev/test_mutants.py", "from dev.mutants import"),
    "make test": (".ci/run", "make test"),
    "make test-fast": ("Makefile", "test: tools"),
    "make test-policies": ("Makefile", "tests/unit/components/policies/truth"),
    "make up": ("tests/sandbox/up/test_1_up.py", 'rehearsal.up("test"'),
    "make up STACK=prod": ("tests/sandbox/beside/test_3_beside.py", 'rehearsal.up("prod"'),
    "pulumi -C account destroy": ("tests/sandbox/beside/test_5_ends.py", 'rehearsal.ACCOUNT_STACK, "destroy"'),
    "pulumi -C account stack init litentry": ("sandbox/rehearsal.py", '"stack", "init"'),
    "pulumi -C account up": ("tests/sandbox/beside/test_5_ends.py", 'rehearsal.ACCOUNT_STACK, "up"'),
    "pulumi cancel -s test": ("docs/state.md", "pulumi cancel"),
    "pulumi destroy": ("tests/sandbox/beside/test_9_retire.py", '"prod", "destroy"'),
    "pulumi import": ("tests/engine/test_adopt.py", 'self.run("bash", "-euc", line, more=typed)'),
    "pulumi login s3://<state bucket>?region=us-east-1": ("docs/state.md", "pulumi login"),
    "pulumi preview": ("tests/sandbox/up/test_1_up.py", '"preview"'),
    "pulumi stack init test --secrets-provider": ("docs/state.md", "--secrets-provider"),
    "pulumi stack output -s test sshPrivateKey --show-secrets": ("tests/support/live.py", '"--show-secrets"'),
    "pulumi up": ("tests/sandbox/up/test_1_up.py", '"up", "--yes"'),
    "agentkeys doctor": ("tests/unit/ops/test_commands.py", '"doctor"'),
    "agentkeys adopt -s prod": ("tests/engine/test_adopt.py", '"ops", "adopt"'),
    "agentkeys adopt -s test": ("tests/sandbox/taken/test_6_takeover.py", "ops adopt -s test"),
    'eval "$(make -s env CLOUD=gcp)"': (
        "tests/unit/clouds/test_launched_programs.py",
        "rehearsal.shell_environment(print, name)",
    ),
    "agentkeys proof --cloud gcp": ("tests/clouds/test_gcp.py", 'agentkeys("proof"'),
    "agentkeys proof -s": ("tests/sandbox/beside/test_4_isolation.py", '"proof"'),
    "agentkeys backup": ("tests/unit/ops/commands/test_backup.py", "run(backup.command"),
    "agentkeys restore": ("tests/unit/ops/commands/test_backup.py", "run(restore.command"),
    "agentkeys snapshots": ("tests/unit/ops/test_commands.py", '"snapshots"'),
    "agentkeys report": ("tests/sandbox/beside/test_4_report.py", '"report"'),
    "agentkeys retire": ("tests/sandbox/beside/test_9_retire.py", '"ops", "retire"'),
}

#: Named as the way out of a failure, or with values that only a person has.
NAMED_ONLY = (
    "aws ec2 delete-tags",
    "aws ec2 disassociate-address",
    "aws ec2-instance-connect send-ssh-public-key",
    "aws iam delete-access-key",
    "aws iam get-access-key-last-used",
    "aws iam put-user-policy",
    "pulumi refresh -s test",
)


def commands():
    """Each command once, in the order of the documents; lines of a block lose their comment."""
    found = {}
    for path in DOCUMENTS:
        text = path.read_text()
        inline = re.findall(r"`([^`]+)`", text.replace("\n", " "))
        blocks = [line.split("  #")[0].strip() for line in re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)]
        for candidate in [*inline, *blocks]:
            plain = re.sub(r"\s+", " ", candidate)
            if _COMMAND.fullmatch(plain):
                found.setdefault(plain, path.name)
    return found


FOUND = commands()


_COUNT = re.compile(r"(\d+) to (create|update|replace|delete)")


def expected(section: str) -> list[dict[str, int]]:
    """The counts of each preview that a section of the runbook expects, in its order."""
    runbook = (PROJECT / "docs/runbook.md").read_text()
    text = runbook.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    previews = re.findall(r"Expected preview: (.*?)\.(?: |$)", " ".join(text.split()))
    assert previews
    return [{kind: int(count) for count, kind in _COUNT.findall(preview)} for preview in previews]
