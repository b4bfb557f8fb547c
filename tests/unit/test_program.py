"""The real ``__main__.py`` of both projects under mocks: what it registers, and the rules every resource keeps."""

import hashlib
import json
import re

import pytest

from components import cli
from dev.recorder import ADDRESS, INSTANCE_ID, PROJECT, SECRET_KEY, Answers, run
from hostsetup.services import STAGED_SOURCE

#: Never change one: it is in the URN of everything below it.
COMPONENT_TYPES = {
    "agentkeys:account:Singletons",
    "agentkeys:buckets:PrivateBucket",
    "agentkeys:ci:CiRoles",
    "agentkeys:dns:Records",
    "agentkeys:federation:Federation",
    "agentkeys:host:BrokerHost",
    "agentkeys:hostsetup:HostSetup",
    "agentkeys:identities:Identities",
    "agentkeys:mail:InboundMail",
    "agentkeys:mail:MailIdentities",
    "agentkeys:roles:DataRoles",
    "agentkeys:snapshots:Snapshots",
}


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_the_inventory_is_the_golden_one(stack, programs, golden):
    lines = sorted(f"{item.type} {item.name} < {item.parent}" for item in programs[stack].registered)
    golden(f"inventory.{stack}.txt", "\n".join(lines) + "\n")


def test_the_accounts_inventory_is_the_golden_one(account, golden):
    lines = sorted(f"{item.type} {item.name} < {item.parent}" for item in account.registered)
    golden("inventory.account.txt", "\n".join(lines) + "\n")


def test_component_types_are_the_ones_that_state_holds(programs, account):
    seen = {
        item.type
        for recorded in (*programs.values(), account)
        for item in recorded.registered
        if item.type.startswith("agentkeys:")
    }
    assert seen == COMPONENT_TYPES


def test_both_stacks_register_the_same_resources(programs):
    prod, test = ({(item.type, item.name) for item in programs[stack].registered} for stack in ("prod", "test"))
    versioning = {(kind, name) for kind, name in prod if kind == "aws:s3/bucketVersioning:BucketVersioning"}
    snapshots = {(item.type, item.name) for item in programs["prod"].registered if item.name.startswith("snapshots")}
    assert len(snapshots) == 6
    assert prod - test == versioning | snapshots, "a difference between stacks is a setting"
    assert test - prod == set()


def test_every_command_on_the_operators_computer_runs_by_exec(programs, account, release):
    """pulumi-command 1.2.1 ends only the shell, and then waits for the shell's child. ``aws`` in a script has limits of
    its own (``components/cli.py``)."""
    elsewhere = run("test", changed={**release, "dns": "manual", "parentZoneId": ""})
    seen = set()
    for recorded in (*programs.values(), account, elsewhere):
        for item in recorded.of("command:local:Command"):
            seen.add(item.name)
            for text in (item.inputs[name] for name in ("create", "update", "delete") if name in item.inputs):
                assert text.startswith(("exec ", cli.PLAIN)) or text == "true", (item.name, text)
            # Behind another address, the same instance must show the same key; no other gate reads its former output.
            assert item.inputs["addPreviousOutputInEnv"] is (item.name == "setup-host-key"), item.name
    gates = {"setup-host-key", "setup-login", "setup-dns", "federation-issuer-check", "dns-published"}
    assert seen == {*gates, "account-no-rules-left"}


def test_only_commands_on_the_operators_computer_have_a_time_limit_of_the_engines(program):
    """It does not end a remote command; ``hostsetup/steps.py`` has those limits."""
    limited = {item.type for item in program.custom if item.request.customTimeouts.create}
    assert limited == {"command:local:Command"}


def test_every_resource_sits_in_a_component_and_no_name_says_stack_or_domain(program):
    seen = set()
    for item in program.custom:
        if not item.type.startswith("pulumi:providers:"):
            assert item.parent, f"{item.name} has no component"
        assert (item.type, item.name) not in seen
        seen.add((item.type, item.name))
        assert not re.search(r"test|prod|litentry|429071895007", item.name), item.name


def test_every_aws_resource_uses_the_provider_that_refuses_other_accounts(program):
    (provider,) = program.of("pulumi:providers:aws")
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["429071895007"]
    for item in program.custom:
        if item.type.startswith("aws:"):
            assert "pulumi:providers:aws::aws::" in item.request.provider, item.name


def test_a_preview_asks_for_the_same_resources(release, programs):
    previewed = run("test", changed=release, preview=True)
    assert sorted(item.name for item in previewed.registered) == sorted(
        item.name for item in programs["test"].registered
    )


SOURCE = {"release": "", "releaseSha256": "", "sourceRef": "v1", "toolchain": "packages"}


def test_a_git_bundle_is_copied_and_built(tmp_path, release):
    bundle = tmp_path / "source.bundle"
    bundle.write_bytes(b"bundle")
    built = run("test", changed={**SOURCE, "sourceRepository": str(bundle)})
    copied = built.named("setup-source").inputs
    digest = hashlib.sha256(b"bundle").hexdigest()
    assert (copied["remotePath"], copied["triggers"][1]) == (str(STAGED_SOURCE), digest)
    assert f"source {digest} {STAGED_SOURCE} v1 packages" in built.named("setup-release").inputs["create"]
    assert "setup-archive" not in {item.name for item in built.registered}


def test_what_the_host_fetches_is_not_copied(release):
    for changed in (
        {**SOURCE, "sourceRepository": "https://git.example.org/agentKeys.git"},
        {"release": "https://releases.example.org/a.tar.gz", "releaseSha256": "ab" * 32},
    ):
        fetched = run("test", changed=changed)
        assert not fetched.of("command:remote:CopyToRemote")
        assert "https://" in fetched.named("setup-release").inputs["create"]


def test_the_release_that_runs_is_an_output_in_the_hosts_own_words(program):
    assert program.outputs["release"] == "sha256:mocked"


def test_twelve_records_and_every_address_is_the_stacks_own(program):
    records = program.of("aws:route53/record:Record")
    assert len(records) == 12
    kinds = sorted(record.inputs["type"] for record in records)
    assert kinds == ["A"] * 6 + ["CNAME"] * 3 + ["MX"] + ["TXT"] * 2
    assert {tuple(record.inputs["records"]) for record in records if record.inputs["type"] == "A"} == {(ADDRESS,)}
    assert {record.inputs["ttl"] for record in records} == {300}
    assert all("allowOverwrite" not in record.inputs for record in records)


def test_every_bucket_has_its_guards(program):
    buckets = {item.parent: item for item in program.of("aws:s3/bucket:Bucket")}
    assert len(buckets) == 3
    for kind, expected in {
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
            "blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True
        },
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
        },
    }.items():  # fmt: skip
        guards = program.of(kind)
        assert {guard.parent for guard in guards} == set(buckets)
        for guard in guards:
            assert {key: guard.inputs[key] for key in expected} == expected


def test_mail_expires_after_thirty_days_and_is_never_kept_in_old_versions(program):
    rules = program.named("inbox-lifecycle").inputs["rules"]
    assert rules[0] == {
        "id": "inbound-30d-ttl", "status": "Enabled", "filter": {"prefix": "inbound/"}, "expiration": {"days": 30}
    }  # fmt: skip
    assert "inbox-versioning" not in {item.name for item in program.custom}


def test_old_versions_are_kept_where_a_stack_says_so(programs):
    versioned = {
        stack: {item.parent for item in programs[stack].of("aws:s3/bucketVersioning:BucketVersioning")}
        for stack in programs
    }
    assert versioned == {"prod": {"vault", "memory"}, "test": set()}
    for stack, kept in versioned.items():
        for bucket in ("vault", "memory", "inbox"):
            expected = {"abort-incomplete-uploads": {"daysAfterInitiation": 7}}
            if bucket in kept:
                expected["expire-old-versions"] = {"noncurrentDays": 30}
            rules = programs[stack].named(f"{bucket}-lifecycle").inputs["rules"]
            assert {
                rule["id"]: rule.get("abortIncompleteMultipartUpload", rule.get("noncurrentVersionExpiration"))
                for rule in rules
                if "expiration" not in rule
            } == expected
            (last,) = {"versioning"} if bucket in kept else {"encryption"}
            waits = programs[stack].named(f"{bucket}-lifecycle").request.dependencies
            assert any(urn.endswith(f"::{bucket}-{last}") for urn in waits)


def test_prods_machine_keeps_its_disk_and_refuses_termination(programs):
    kept = {
        stack: (instance["disableApiTermination"], instance["rootBlockDevice"]["deleteOnTermination"])
        for stack in programs
        for instance in [programs[stack].named("host-instance").inputs]
    }
    assert kept == {"prod": (True, False), "test": (False, True)}


def test_prods_disk_is_copied_every_day_and_the_copies_carry_the_stacks_tag(programs):
    details = programs["prod"].named("snapshots-schedule").inputs["policyDetails"]
    (schedule,) = details["schedules"]
    owner = {"agentkeys:owned-by": "agentkeys-broker-host"}
    assert (details["resourceTypes"], details["targetTags"]) == (["INSTANCE"], owner)
    assert schedule["createRule"] == {"interval": 24, "intervalUnit": "HOURS", "times": "03:00"}
    assert schedule["retainRule"] == {"count": 14}
    assert owner.items() <= schedule["tagsToAdd"].items()
    assert schedule["copyTags"] is False, "the instance has tags that a snapshot must not claim"
    assert owner.items() <= programs["prod"].named("host-instance").inputs["tags"].items()


def test_what_cannot_be_had_again_is_protected_in_prod_and_nothing_is_in_test(programs):
    protected = {item.name for item in programs["prod"].custom if item.request.protect}
    assert {
        *("host-address", "host-instance", "host-ssh-key", "federation-provider"),
        *("vault-bucket", "memory-bucket", "inbox-bucket", "mail-domain"),
    } <= protected
    assert not {"host-association", "federation-issuer-check", "vault-policy"} & protected
    assert not [item.name for item in programs["test"].custom if item.request.protect]


@pytest.mark.parametrize(
    ("chosen", "emptied", "stays"), [("refuse", False, False), ("keep", False, True), ("delete", True, False)]
)
def test_a_setting_chooses_what_destroy_does_with_the_data(release, chosen, emptied, stays):
    recorded = run("prod", changed={**release, "bucketsOnDestroy": chosen})
    assert {item.inputs["forceDestroy"] for item in recorded.of("aws:s3/bucket:Bucket")} == {emptied}
    retained = {item.name for item in recorded.custom if item.request.retainOnDelete}
    expected = {item.name for item in recorded.custom if item.parent in ("vault", "memory", "inbox")}
    assert len(expected) == 20
    assert retained == (expected if stays else set())


def test_the_buckets_are_emptied_by_destroy_in_test_only(programs):
    emptied = {
        stack: {item.inputs["forceDestroy"] for item in programs[stack].of("aws:s3/bucket:Bucket")}
        for stack in programs
    }
    assert emptied == {"prod": {False}, "test": {True}}


def test_no_role_and_no_default_carries_a_tag(program):
    assert [item.name for item in program.of("aws:iam/role:Role") if "tags" in item.inputs] == []
    (provider,) = program.of("pulumi:providers:aws")
    assert "defaultTags" not in provider.inputs


def test_bucket_policies_wait_for_the_roles_they_name_and_follow_their_replacement(program):
    for bucket, role in {"vault": "roles-vault", "memory": "roles-memory", "inbox": "roles-data"}.items():
        request = program.named(f"{bucket}-policy").request
        assert any(urn.endswith(f"::{role}") for urn in request.dependencies), bucket
        assert any(urn.endswith(f"::{role}") for urn in request.replace_with), bucket
        assert request.deleteBeforeReplace


def test_the_receipt_rule_waits_for_the_policy_that_lets_ses_write(program):
    rule = program.named("inbound-rule")
    assert any(urn.endswith("::inbox-policy") for urn in rule.request.dependencies)
    assert rule.inputs["enabled"] is True
    assert rule.inputs["scanEnabled"] is True
    assert rule.inputs["ruleSetName"] == "agentkeys"


def test_the_machine_answers_metadata_only_with_a_token_and_encrypts_its_disk(program):
    instance = program.named("host-instance").inputs
    assert instance["metadataOptions"]["httpTokens"] == "required"
    assert instance["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert instance["rootBlockDevice"]["encrypted"] is True
    assert "userData" not in instance


def test_exactly_three_ports_are_open(program):
    opened = {
        (rule["fromPort"], rule["toPort"], *rule["cidrBlocks"])
        for rule in program.named("host-firewall").inputs["ingress"]
    }
    assert opened == {(port, port, "0.0.0.0/0") for port in (22, 80, 443)}


def test_every_identity_carries_its_own_policies_alone(program):
    """What somebody attaches by hand shows in a refresh and goes with the next up."""
    carried = {}
    for kind, of in {"aws:iam/rolePolicy:RolePolicy": "role", "aws:iam/userPolicy:UserPolicy": "user"}.items():
        for item in program.of(kind):
            carried.setdefault((of, item.inputs[of]), []).append(item.inputs["name"])
    names = {
        (of, item.inputs["name"]) for of in ("role", "user") for item in program.of(f"aws:iam/{of}:{of.capitalize()}")
    }
    for of in ("role", "user"):
        inline = program.of(f"aws:iam/{of}PoliciesExclusive:{of.capitalize()}PoliciesExclusive")
        assert {item.inputs[f"{of}Name"]: sorted(item.inputs["policyNames"]) for item in inline} == {
            name: sorted(carried.get((of, name), [])) for kind, name in names if kind == of
        }
        managed = program.of(f"aws:iam/{of}PolicyAttachmentsExclusive:{of.capitalize()}PolicyAttachmentsExclusive")
        assert {item.inputs[f"{of}Name"]: item.inputs["policyArns"] for item in managed} == {
            name: [] for kind, name in names if kind == of
        }


def commands(recorded):
    return [item for item in recorded.custom if item.type.startswith("command:")]


def test_steps_over_ssh_pin_the_host_key_and_belong_to_one_instance(program):
    remote = [item for item in commands(program) if item.type.startswith("command:remote:")]
    assert len(remote) > 5
    for item in remote:
        connection = item.inputs["connection"]
        connection = connection.get("value", connection) if SECRET_KEY in connection else connection
        assert connection["hostKey"], item.name
        assert connection["user"] == "ubuntu"
        assert INSTANCE_ID in item.inputs["triggers"], item.name


def test_no_step_undoes_itself_or_has_a_second_way_to_run(program):
    for item in commands(program):
        for key in ("delete", "update", "environment"):
            assert key not in item.inputs, f"{item.name} has {key}"


def test_a_private_key_is_always_marked_as_a_secret(program):
    for item in commands(program):
        text = json.dumps(item.inputs)
        if item.name == "setup-login":
            assert SECRET_KEY in item.inputs["stdin"]
        elif "mocked private key" in text:
            connection = item.inputs["connection"]
            assert SECRET_KEY in connection or SECRET_KEY in connection["privateKey"], item.name


def test_certificates_wait_for_dns_and_nothing_earlier_does(program):
    waiting = {
        item.name for item in program.custom
        if any(urn.endswith("::setup-dns") for urn in item.request.dependencies)
    }  # fmt: skip
    assert waiting == {"setup-certificates"}


def test_the_thumbprint_is_registered_once(program):
    provider = program.named("federation-provider")
    assert list(provider.request.ignoreChanges) == ["thumbprintLists"]
    assert provider.inputs["clientIdLists"] == ["sts.amazonaws.com"]


def test_the_thumbprint_of_a_private_authority_follows_the_check(release, tmp_path):
    """AWS has no other trust in it."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    recorded = run("test", changed={**release, "caBundle": str(bundle)})
    assert f"--ca-bundle {bundle} " in recorded.named("federation-issuer-check").inputs["create"]
    provider = recorded.named("federation-provider")
    assert list(provider.request.ignoreChanges) == []
    assert provider.inputs["thumbprintLists"] == ["mocked"]


def test_roles_wait_for_the_issuer_and_the_user_that_they_trust(program, account):
    for key in ("data", "vault", "memory"):
        dependencies = program.named(f"roles-{key}").request.dependencies
        assert any(urn.endswith("::federation-provider") for urn in dependencies), key
        trusts_daemon = any(urn.endswith("::identities-daemon") for urn in dependencies)
        assert trusts_daemon == (key == "data")
    for key in ("e2e", "deploy"):
        dependencies = account.named(f"ci-{key}").request.dependencies
        assert any(urn.endswith("::account-github") for urn in dependencies), key


def test_static_trust_changes_the_data_role_alone(release, programs):
    static = run("test", changed={**release, "trust": "static"})
    federated = programs["test"]
    added = {item.name for item in static.custom} - {item.name for item in federated.custom}
    assert added == {"roles-data-inline"}
    changed = {
        item.name for item in federated.custom
        if item.inputs != static.named(item.name).inputs
    }  # fmt: skip
    assert changed == {"roles-data", "inbox-policy", "roles-data-only-inline"}
    trust = json.loads(static.named("roles-data").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::429071895007:user/agentkeys-daemon-test"}
    assert trust["Action"] == "sts:AssumeRole"


def test_access_keys_are_made_only_for_the_users_named(release, program):
    assert [item.name for item in program.of("aws:iam/accessKey:AccessKey")] == ["identities-broker-key-1"]
    none = run("test", changed={**release, "accessKeyUsers": "[]"})
    assert none.of("aws:iam/accessKey:AccessKey") == []


def test_systems_manager_reaches_the_host_only_where_a_setting_says_so(release, program):
    assert program.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment") == []
    managed = run("test", changed={**release, "ssmManaged": "true"})
    (attachment,) = managed.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attachment.inputs["policyArn"] == "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert managed.named("host-role-no-managed").inputs["policyArns"] == [attachment.inputs["policyArn"]]


def test_a_key_is_rotated_by_a_second_one_beside_it(release, program):
    both = run("test", changed={**release, "accessKeyEpochs": "[1, 2]"}).of("aws:iam/accessKey:AccessKey")
    assert [item.name for item in both] == ["identities-broker-key-1", "identities-broker-key-2"]
    newer = run("test", changed={**release, "accessKeyEpochs": "[2]"}).of("aws:iam/accessKey:AccessKey")
    assert [item.name for item in newer] == ["identities-broker-key-2"]


def ssh_keys(recorded):
    """By name, whether it is protected."""
    return {item.name: item.request.protect for item in recorded.of("tls:index/privateKey:PrivateKey")}


@pytest.mark.parametrize("stack", ["prod", "test"])
def test_an_ssh_key_is_rotated_by_a_second_one_and_only_one_that_is_alone_is_protected(release, stack):
    def at(epochs):
        return ssh_keys(run(stack, changed={**release, "sshKeyEpochs": epochs}))

    alone = stack == "prod"
    assert at("[1]") == {"host-ssh-key": alone}
    assert at("[1, 2]") == {"host-ssh-key": False, "host-ssh-key-2": False}
    assert at("[2, 1]") == {"host-ssh-key-2": False, "host-ssh-key": False}
    assert at("[2]") == {"host-ssh-key-2": alone}


@pytest.fixture
def own_keys(monkeypatch):
    """Each key tells its name, where all others of these tests are the same."""
    made = Answers.new_resource

    def new_resource(self, args):
        identifier, outputs = made(self, args)
        if args.typ == "tls:index/privateKey:PrivateKey":
            outputs |= {
                "publicKeyOpenssh": f"ssh-ed25519 {args.name}\n",
                "privateKeyOpenssh": f"private {args.name} end",
            }
        return identifier, outputs

    monkeypatch.setattr(Answers, "new_resource", new_resource)


@pytest.mark.parametrize(("epochs", "first"), [("[1, 2]", "host-ssh-key"), ("[2, 1]", "host-ssh-key-2")])
@pytest.mark.usefixtures("own_keys")
def test_a_launch_and_every_step_use_the_first_key_and_the_host_is_to_have_all(release, epochs, first):
    recorded = run("test", changed={**release, "sshKeyEpochs": epochs})
    assert recorded.named("host-key-pair").inputs["publicKey"] == f"ssh-ed25519 {first}"
    assert f"private {first} end" in str(recorded.named("setup-login").inputs["stdin"])
    for item in recorded.of("command:remote:Command"):
        assert f"private {first} end" in str(item.inputs["connection"]), item.name
    handed = recorded.named("setup-authorized-keys").inputs["stdin"]
    assert [line for line in handed.splitlines() if line.startswith("ssh-")] == recorded.outputs["sshPublicKeys"]
    assert len(recorded.outputs["sshPublicKeys"]) == 2


def test_another_key_pair_does_not_take_the_machine_along(program):
    """The engine replaces what takes a value from a resource that is deleted before its replacement is made."""
    pair, machine = program.named("host-key-pair"), program.named("host-instance")
    assert pair.request.deleteBeforeReplace
    assert not pair.request.protect
    assert machine.inputs["keyName"] == pair.inputs["keyName"]
    assert any(urn.endswith("::host-key-pair") for urn in machine.request.dependencies)
    taken = {urn for several in machine.request.propertyDependencies.values() for urn in several.urns}
    assert not any(urn.endswith("::host-key-pair") for urn in taken)


def test_the_key_is_tried_before_the_first_step(program):
    assert any(urn.endswith("::setup-login") for urn in program.named("setup-booted").request.dependencies)
    assert "BEGIN" not in program.named("setup-login").inputs["create"]


def test_records_of_the_mail_domain_come_after_what_shows_whose_it_is(program):
    for key in ("mx", "spf", "dmarc", "dkim-1"):
        dependencies = program.named(f"dns-{key}").request.dependencies
        assert any(urn.endswith("::mail-domain") for urn in dependencies), key


def test_names_follow_an_address_that_is_connected(program):
    waiting = {
        item.name for item in program.of("aws:route53/record:Record")
        if any(urn.endswith("::host-association") for urn in item.request.dependencies)
    }  # fmt: skip
    assert waiting == {f"dns-{key}" for key in ("broker", "signer", "audit", "email", "cred", "memory")}


def test_the_account_refuses_to_go_while_a_rule_is_left(account):
    guard = account.named("account-no-rules-left")
    assert any(urn.endswith("::account-active") for urn in guard.request.dependencies)
    assert "describe-receipt-rule-set" in guard.inputs["delete"]
    once = [item for item in account.custom if item.parent == "account"]
    assert len(once) == 6
    assert all(item.request.protect for item in once)


def test_the_account_blocks_public_buckets_and_encrypts_every_volume(account):
    block = account.named("account-public-access").inputs
    assert block == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )
    assert account.named("account-ebs-encryption").inputs == {"enabled": True}


def test_a_newer_image_of_the_same_name_leaves_a_launched_host_alone(release, program):
    assert list(program.named("host-instance").request.ignoreChanges) == ["ami"]
    own = run("test", changed={**release, "ami": "ami-0123456789abcdef0"})
    assert list(own.named("host-instance").request.ignoreChanges) == []


def test_the_first_step_waits_for_the_boot_and_the_others_for_theirs(program):
    waits = {
        item.name: {urn.rpartition("::")[2] for urn in item.request.dependencies}
        for item in program.of("command:remote:Command")
    }
    assert {name for name, before in waits.items() if "setup-booted" in before} == {"setup-toolkit"}
    assert {"setup-packages", "setup-users"} <= waits["setup-release"]
    assert "setup-release" in waits["setup-secrets"]


def test_a_boot_with_a_warning_is_a_boot(program):
    text = program.named("setup-booted").inputs["create"]
    assert "[ $code -ne 2 ] || exit 0" in text


def test_dkim_records_have_the_tokens_of_ses(program):
    told = [program.named(f"dns-dkim-{number}").inputs["records"] for number in (1, 2, 3)]
    assert told == [[f"{token}.dkim.amazonses.com"] for token in ("one", "two", "three")]


def test_a_stack_owns_nothing_that_the_account_has_once(program, account):
    once = {item.type for item in account.custom if item.type.startswith("aws:ses/")}
    assert not once & {item.type for item in program.custom}


def test_no_two_stacks_receive_mail_for_the_same_domain(programs):
    """A rule set asks its rules in order: an earlier rule for the same recipients would take the other's mail."""
    prod, test = (set(programs[stack].named("inbound-rule").inputs["recipients"]) for stack in ("prod", "test"))
    assert prod
    assert test
    assert not prod & test


def test_no_code_compares_the_stacks_name():
    for path in [PROJECT / "__main__.py", PROJECT / "settings.py", *(PROJECT / "components").rglob("*.py")]:
        assert not re.search(r"get_stack\(\)\s*(==|!=|in\b)", path.read_text()), path
