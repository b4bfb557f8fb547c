"""Every one-element weakening of every document is noticed by a row, or is listed here with the reason why not."""

import re
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Survivor:
    """Weakenings that no request tells from the document. Each field is a pattern for the whole text; ``world`` is for
    what is equivalent under some settings only.
    """

    document: str
    sid: str
    what: str
    because: str
    world: str = ".*"

    def matches(self, world, name, mutant):
        return (
            re.fullmatch(self.world, world.label) is not None
            and re.fullmatch(rf"\w+/({self.document})", name) is not None
            and re.fullmatch(self.sid, mutant.sid) is not None
            and re.fullmatch(self.what, mutant.what) is not None
        )


BUCKET, ROLE_TRUST, CI_TRUST = "(vault|memory|inbox)-policy", "roles-(data|vault|memory)-trust", "ci-(e2e|deploy)-trust"
SURVIVORS = [
    # Bucket policies
    Survivor(
        BUCKET,
        r"\w+ListV3|ListRawMail|AllowDaemonRead",
        r"Resource: (\* for [\w-]+|[\w-]+ (as \*|going on) in [\w-]+)",
        "a bucket policy is asked about its own bucket, and a listing names no object",
    ),
    Survivor(
        BUCKET,
        "GetRawMail|AllowSESWriteInbound",
        r"Resource: agentkeys-mail-\d+ (as \*|going on) in .*/inbound/\*",
        "a bucket policy is asked about its own bucket, whose keys begin behind the first slash",
    ),
    Survivor(
        BUCKET,
        "AllowDaemonRead",
        r"Resource: (\*|up to|agentkeys-mail-\d+ (as \*|going on)) .*/\*",
        "every object of the bucket is named already",
    ),
    Survivor(
        BUCKET,
        ".*",
        "Principal: and the account",
        "naming the account lets its administrators grant, and inside one account they can without",
    ),
    Survivor(
        BUCKET,
        r"\w+V3",
        "Condition: no Null aws:PrincipalTag/agentkeys_actor_omni",
        "a variable without a value matches nothing; a static rule keeps the guard all the same",
    ),
    Survivor(
        BUCKET,
        "AllowSESWriteInbound",
        r"Condition: (no StringEquals aws:SourceAccount|StringLike aws:SourceAccount .*)",
        "the rule's ARN carries the account",
    ),
    Survivor(
        BUCKET,
        "AllowSESWriteInbound",
        r"Condition: StringLike aws:SourceArn \d+ as \* in .*",
        "aws:SourceAccount carries the account",
    ),
    Survivor(
        BUCKET,
        "AllowSESWriteInbound",
        r"Condition: StringLike aws:SourceArn receipt-rule(-set)? (as \*|going on) in .*",
        "SES has no other kind of resource with a rule set in its name",
    ),
    Survivor(BUCKET, "AllowSESWriteInbound", "Condition: StringEqualsIfExists", "SES sends both keys with every write"),
    # Identity policies
    Survivor(
        "roles-(data|vault|memory)-inline", ".*", "Condition: StringEqualsIfExists", "S3 always says whose a bucket is"
    ),
    Survivor(
        "roles-(data|vault|memory)-inline",
        ".*",
        r"Condition: StringLike aws:ResourceAccount \d{12} and more",
        "an account number has twelve digits",
    ),
    Survivor("host-send-email", "SendAsTheBroker", "Condition: StringEqualsIfExists", "SES always says who sends"),
    Survivor(
        "identities-broker-ec2ic",
        "SendKeyToBrokerHost",
        "Condition: StringEqualsIfExists",
        "EC2 Instance Connect always says for which user",
    ),
    Survivor(
        "ci-deploy-ssm",
        "SendShellCommandToTestBrokerOnly",
        r"Action: ssm:Send\* for SendCommand",
        "the only other action of that verb is about automations, which are none of the resources",
    ),
    Survivor(
        "snapshots-grant",
        "SnapshotOwnHost",
        r"Resource: up to instance in .*",
        "the action's other resources are volumes and snapshots, which the next statement names",
    ),
    Survivor(
        "snapshots-grant",
        "SnapshotItsVolumes|DeleteOwnSnapshots",
        r"Resource: up to snapshot in .*",
        "the actions have no other resource whose ARN lacks an account",
    ),
    # Trust policies
    Survivor(
        "snapshots-role-trust",
        "AssumeAsSnapshotService",
        r"Condition: StringLike aws:SourceArn (policy (as \*|going on)|up to policy) in .*",
        "the service has no other kind of resource",
    ),
    Survivor(
        "snapshots-role-trust",
        "AssumeAsSnapshotService",
        r"Condition: StringLike aws:SourceArn \d+ as \* in .*",
        "aws:SourceAccount carries the account",
    ),
    Survivor(
        "snapshots-role-trust",
        "AssumeAsSnapshotService",
        "Condition: String(Equals|Like)IfExists",
        "the service sends both keys with every call",
    ),
    Survivor(
        "snapshots-role-trust",
        "AssumeAsSnapshotService",
        r"Condition: (no StringEquals aws:SourceAccount|StringLike aws:SourceAccount .*)",
        "the policy's ARN carries the account",
    ),
    Survivor(
        ROLE_TRUST,
        "AssumeWithActorTag",
        "Principal: .*",
        "the audience is asked for under the issuer's own name, which tokens of another provider do not have, and a "
        "role knows no provider of another account; a static rule keeps the principal all the same",
    ),
    Survivor(
        CI_TRUST,
        "AssumeAsGitHubJob",
        r"Principal: (\*|and a stranger's provider)",
        "the same: only GitHub's tokens have GitHub's keys",
    ),
    Survivor(
        f"{ROLE_TRUST}|{CI_TRUST}",
        ".*",
        "Condition: StringEqualsIfExists",
        "STS takes no token without an audience, and GitHub makes none without subject and ids",
    ),
    Survivor(
        "ci-e2e-trust", "AssumeAsGitHubJob", "Condition: StringLikeIfExists", "GitHub makes no token without a subject"
    ),
    Survivor(
        ROLE_TRUST,
        "AssumeWithActorTag",
        "Condition: StringLikeIfExists",
        "the Null guard asks for the tag as well",
    ),
    Survivor(
        ROLE_TRUST,
        "AssumeWithActorTag",
        "Condition: no Null( .*)?",
        "the pattern of the tag's value asks for the tag as well, and where it is there are keys",
    ),
    Survivor(
        ROLE_TRUST, "AssumeWithActorTag", r"Action: sts:Tag\* for TagSession", "no other action on a role begins so"
    ),
    Survivor(
        CI_TRUST,
        "AssumeAsGitHubJob",
        r"Condition: StringLike \S+:sub repo (as \*|going on) in .*",
        "every subject of GitHub's begins with repo",
    ),
    Survivor(
        "ci-deploy-trust",
        "AssumeAsGitHubJob",
        r"Condition: StringLike \S+:sub ref going on in .*",
        "no other kind of subject begins with ref",
    ),
    Survivor(
        CI_TRUST,
        "AssumeAsGitHubJob",
        r"Condition: StringLike \S+:sub ((litentry|agentKeys)(@\d+)? (as \*|going on)|up to agentKeys(@\d+)?) in .*",
        "where the repository's ids are known they are asked for as well, and no other repository has them",
        world=".*, with the repository's ids",
    ),
]


def name_of(name, mutant):
    return f"{name} {mutant.sid}: {mutant.what}"


@pytest.fixture(scope="session")
def outcomes(verdicts):
    """Every mutant with the row that notices it, or None."""
    return [
        (verdict.world, name, mutant, None if noticed is None else verdict.world.asked[noticed])
        for verdict in verdicts
        for (name, mutant), noticed in zip(verdict.mutants, verdict.answers.differs, strict=True)
    ]


def test_every_weakening_turns_a_row_red_or_is_listed(outcomes):
    unlisted = [
        f"{world.label}: {name_of(name, mutant)}"
        for world, name, mutant, noticed in outcomes
        if noticed is None and not any(survivor.matches(world, name, mutant) for survivor in SURVIVORS)
    ]
    assert not unlisted, "\n".join(["no row notices these, and no entry says why", *unlisted])


@pytest.mark.parametrize("survivor", SURVIVORS, ids=lambda survivor: f"{survivor.document} {survivor.what}")
def test_what_is_listed_survives(survivor, outcomes):
    matched = [outcome for outcome in outcomes if survivor.matches(*outcome[:3])]
    assert matched, "nothing is so weakened any more: take the entry out"
    killed = [f"{name_of(name, mutant)} is noticed by {noticed.row}" for _, name, mutant, noticed in matched if noticed]
    assert not killed, "\n".join(killed)


def test_every_statement_has_weakenings_and_its_removal_is_noticed(worlds, outcomes):
    removed = {
        (world.label, name, mutant.sid)
        for world, name, mutant, noticed in outcomes
        if mutant.what == "statement removed" and noticed is not None
    }
    for world in worlds:
        for name in world.own:
            for item in world.account.documents[name][1]["Statement"]:
                assert (world.label, name, item["Sid"]) in removed, name
