"""Each rule of the settings with one bad example: the message has the key, the value, the rule and the way out."""

import json

import pulumi
import pytest
import yaml

from dev.recorder import PROJECT, run
from settings import FROM_ENVIRONMENT, REFUSED_NETWORKS, AccountSettings, Settings

BAD = [
    ("accountId", "12345", "accountId: '12345' string should match pattern"),
    ("region", "eu-north-1", "region: 'eu-north-1' must be a region where SES receives mail: ap-northeast-1"),
    ("zone", "Litentry.org.", "zone: 'Litentry.org.' must be a DNS name in lower case"),
    ("parentZoneId", "/hostedzone/Z1", "parentZoneId: '/hostedzone/Z1' string should match"),
    ("parentZoneId", "", "parentZoneId: is empty, and dns is 'route53'"),
    ("dns", "cloudflare", "cloudflareZoneId: is empty, and dns is 'cloudflare'"),
    ("dns", "godaddy", "dns: 'godaddy' input should be 'route53', 'cloudflare' or 'manual'"),
    ("cloudflareZoneId", "zone", "cloudflareZoneId: 'zone' string should match"),
    ("suffix", "test", "suffix: 'test' string should match"),
    ("brokerHost", "broker.example.com", "brokerHost: 'broker.example.com' must be below the zone 'litentry.org'"),
    ("brokerHost", "litentry.org", "brokerHost: 'litentry.org' must be below the zone"),
    ("brokerHost", "broker.notlitentry.org", "brokerHost: 'broker.notlitentry.org' must be below the zone"),
    ("mailDomain", "bots.example.com", "mailDomain: 'bots.example.com' must be below the zone"),
    ("emailFromAddress", "noreply@litentry.org", "emailFromAddress: 'noreply@litentry.org' must be an address at"),
    ("emailFromAddress", "a b@bots-test.litentry.org", "emailFromAddress: 'a b@bots-test.litentry.org' must be"),
    ("brokerHost", "signer-test.litentry.org", "brokerHost: 'signer-test.litentry.org' is also the name of another"),
    ("mailDomain", "audit-test.litentry.org", "mailDomain: 'audit-test.litentry.org' is also the name of another"),
    ("inboundTls", "always", "inboundTls: 'always' input should be 'Optional' or 'Require'"),
    ("trust", "both", "trust: 'both' input should be 'federated' or 'static'"),
    ("allowedCallers", "[]", "allowedCallers: [] list should have at least 1 item"),
    ("allowedCallers", '["agentkeys-admin"]', "allowedCallers.0: 'agentkeys-admin' string should match"),
    ("allowedCallers", "agentkeys-admin", "allowedCallers: 'agentkeys-admin' must be a JSON list"),
    ("accessKeyUsers", '["admin"]', "accessKeyUsers.0: 'admin' input should be 'daemon' or 'broker'"),
    ("accessKeyEpochs", "[0]", "accessKeyEpochs.0: 0 input should be greater than or equal to 1"),
    ("accessKeyEpochs", "[1, 2, 3]", "accessKeyEpochs: [1, 2, 3] list should have at most 2 items"),
    ("accessKeyEpochs", "[2, 2]", "accessKeyEpochs: [2, 2] must not have the same entry twice (2)"),
    ("sshKeyEpochs", "[0]", "sshKeyEpochs.0: 0 input should be greater than or equal to 1"),
    ("sshKeyEpochs", "[]", "sshKeyEpochs: [] list should have at least 1 item"),
    ("sshKeyEpochs", "[2, 2]", "sshKeyEpochs: [2, 2] must not have the same entry twice (2)"),
    ("bucketsOnDestroy", "empty", "bucketsOnDestroy: 'empty' input should be 'refuse', 'keep' or 'delete'"),
    ("protect", "perhaps", "protect: 'perhaps' input should be a valid boolean"),
    ("instanceType", "large", "instanceType: 'large' string should match"),
    ("image", "ubuntu", "image: 'ubuntu' input should be 'ubuntu-22.04', 'ubuntu-24.04', 'debian-12', 'debian-13' or"),
    ("ami", "ubuntu", "ami: 'ubuntu' string should match"),
    ("loginUser", "my user", "loginUser: 'my user' string should match"),
    ("loginUser", "-oProxyCommand=x", "loginUser: '-oProxyCommand=x' string should match"),
    ("rebootTime", "24:00", "rebootTime: '24:00' string should match"),
    ("rootVolumeGib", "2", "rootVolumeGib: '2' input should be greater"),
    ("snapshots", "-1", "snapshots: '-1' input should be greater than or equal to 0"),
    ("snapshots", "1001", "snapshots: '1001' input should be less than or equal to 1000"),
    ("snapshots", "daily", "snapshots: 'daily' input should be a valid integer"),
    ("restoreFrom", "vol-0123456789abcdef0", "restoreFrom: 'vol-0123456789abcdef0' string should match"),
    ("sshCidrs", '["10.0.0.1/8"]', "sshCidrs.0: '10.0.0.1/8' must be an IPv4 network in CIDR form"),
    ("sshCidrs", '["203.0.113.7"]', "'203.0.113.7' must be an IPv4 network in CIDR form, here 203.0.113.7/32"),
    ("sshCidrs", '["10.0.0.0/255.0.0.0"]', "must be an IPv4 network in CIDR form, here 10.0.0.0/8"),
    ("sshCidrs", '["10.0.0.0/8", "10.0.0.0/8"]', "must not have the same entry twice (10.0.0.0/8)"),
    ("accountId", "\u0664" * 12, "string should match pattern"),
    ("rawMailReaders", '["r\u00f6le"]', "rawMailReaders.0: 'r\u00f6le' string should match"),
    ("rawMailReaders", '["a", "a"]', "rawMailReaders: ['a', 'a'] must not have the same entry twice (a)"),
    (
        "rawMailReaders",
        '["agentkeys-data-role-test"]',
        "rawMailReaders: 'agentkeys-data-role-test' is assumed by the sessions of agents",
    ),
    ("zone", "litentry.123", "zone: 'litentry.123' must be a DNS name"),
    ("zone", "a..org", "zone: 'a..org' must be a DNS name"),
    ("zone", "a" * 64 + ".org", "must be a DNS name in lower case"),
    ("mailDomain", ".".join(["m" * 60] * 4) + ".litentry.org", "must be a DNS name in lower case"),
    (
        "mailDomain",
        ".".join(["m" * 60] * 3) + ".mmmmmmmmmmmmmmmmmmmm.litentry.org",
        "mailDomain: makes the record's name 'xxxx",
    ),
    ("brokerHost", ".".join(["b" * 60] * 3) + "." + "b" * 51 + ".litentry.org", "makes the name of a certificate"),
    ("emailFromAddress", "a" * 65 + "@bots-test.litentry.org", "64 characters at most before the @"),
    ("emailFromAddress", "a..b@bots-test.litentry.org", "must be an address at the mail domain"),
    ("acmeEmail", "hostmaster@-x", "acmeEmail: 'hostmaster@-x' must be a mail address"),
    ("alarmEmail", "ops", "alarmEmail: 'ops' must be a mail address"),
    ("authMethods", "wallet_sig\nX=1", "authMethods: 'wallet_sig\\nX=1' must be one line of printable characters"),
    ("authMethods", " ", "authMethods: ' ' must not begin or end with a space"),
    ("chain", "heima ", "chain: 'heima ' must not begin or end with a space"),
    ("contracts", '{"A_HEIMA": "0x1\\n"}', "contracts.A_HEIMA: '0x1\\n' must be one line of printable characters"),
    ("dohUrls", '["https://"]', "dohUrls.0: 'https://' must be a URL of http or https with a host"),
    ("chainRpcHttp", "https://user:word@rpc.example", "must be a URL of http or https with a host and without a user"),
    ("chainRpcHttp", "https://rpc.example:port", "must be a URL of http or https"),
    ("releaseSha256", "abc", "releaseSha256: 'abc' string should match"),
    (
        "acmeDirectory",
        "http://acme",
        "acmeDirectory: 'http://acme' must be letsencrypt, letsencrypt-staging or the https URL of an ACME directory",
    ),
    ("caBundle", "/nowhere/ca.pem", "caBundle: '/nowhere/ca.pem' must be a file with PEM certificates"),
    ("contracts", '{"REGISTRY": "0x1"}', "contracts.REGISTRY"),
    ("contracts", json.dumps({"A_HEIMA": "x" * 1025}), "string should have at most 1024 characters"),
    ("contracts", json.dumps({f"A{n}_HEIMA": "x" for n in range(65)}), "should have at most 64 items"),
    ("authMethods", "x" * 5000, f"authMethods: '{'x' * 97}...{'x' * 98}' string should have at most 1024 characters"),
    ("releaze", "a", "releaze: no such key (value 'a')"),
    ("release", "/nowhere/release.tar.gz", "release: '/nowhere/release.tar.gz' must be an https URL or an existing"),
    ("release", "a" * 256, "must be an https URL or an existing file; the system says File name too long."),
    (
        "release",
        "/proc/self/mem",
        "release: '/proc/self/mem' must be an https URL or an existing file; the system says",
    ),
    ("release", "https://host:99999/a", "release: 'https://host:99999/a' must be an https URL with a host"),
    ("release", "https://host/a b", "release: 'https://host/a b' must be an https URL with a host and without # and"),
    ("caBundle", "a" * 256, "must be a file with PEM certificates; the system says File name too long"),
    ("caBundle", "/dev/null", "caBundle: '/dev/null' must be a file with PEM certificates; there is no such file"),
    (
        "caBundle",
        "/etc/passwd",
        "caBundle: '/etc/passwd' has no certificate in PEM form; give the authority's certificate",
    ),
    ("allowedCallers", "[" * 2000, "must be a JSON list or object"),
    ("release", "", "release: set exactly one source for the binaries; releaseSha256 is set. Either install"),
    ("sourceRef", "v1", "; release and releaseSha256 and sourceRef are set. Either install an archive"),
    ("sourceRef", "--upload-pack=x", "sourceRef: '--upload-pack=x' string should match"),
    ("sourceRef", "a..b", "sourceRef: 'a..b' string should match"),
    ("toolchain", "cargo", "toolchain: 'cargo' string should match"),
]


#: The provider's words where no rule set is active.
NONE_ACTIVE = "reading SES Active Receipt Rule Set: empty result: "


@pytest.mark.parametrize(("key", "value", "sentence"), BAD, ids=[f"{key}={value}"[:40] for key, value, _ in BAD])
def test_a_bad_value_is_one_sentence_and_nothing_is_created(key, value, sentence, release):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, key: value})
    message = str(refused.value)
    assert sentence in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("githubRepository", "litentry", "githubRepository: 'litentry' string should match"),
        ("githubRepository", "litentry*/agentKeys", "githubRepository: 'litentry*/agentKeys' string should match"),
        ("githubOwnerId", "11", "githubRepositoryId: is empty, and the other id is set"),
        ("deployFrom", "*", "deployFrom: '*' string should match"),
        ("deployFrom", "ref:refs/heads/*", "deployFrom: 'ref:refs/heads/*' string should match"),
        ("deployFrom", "pull_request", "deployFrom: 'pull_request' string should match"),
        ("deployInstanceId", "i-1", "deployInstanceId: 'i-1' string should match"),
    ],
)
def test_a_bad_value_of_the_account_is_one_sentence(key, value, sentence):
    with pytest.raises(pulumi.RunError) as refused:
        run("litentry", folder=PROJECT / "account", changed={key: value})
    assert sentence in str(refused.value)


#: Values that a standard allows and that an earlier rule rejected, or that only look odd.
GOOD = [
    ("zone", "xn--bcher-kva.xn--p1ai", "parentZoneId of that zone"),
    ("instanceType", "m7i.metal-24xl", "Intel's bare metal of 24xl"),
    ("loginUser", "first.Last_2", "a portable user name"),
    ("sourceRef", "dependabot/npm_and_yarn/@types/node-20.1", "a branch as a bot names it"),
    ("sourceRef", "feature/#12=done", "git allows them"),
    ("emailFromAddress", "no.reply+o'neil{x}@bots-test.litentry.org", "atext of RFC 5321"),
    ("acmeEmail", "Host.Master@Litentry.ORG", "a domain has no case"),
    ("dohUrls", '["https://[2606:4700::1111]:443/dns-query?ct=1"]', "a literal address with a port"),
    ("sshCidrs", '["0.0.0.0/0", "203.0.113.7/32"]', "two networks"),
    ("allowedCallers", '["user/a+b=c,d.e@f-g_h", "user/agentkeys-admin"]', "all that IAM allows"),
]


@pytest.mark.parametrize(("key", "value", "why"), GOOD, ids=[why for _, _, why in GOOD])
def test_what_a_standard_allows_is_accepted(key, value, why, release):
    zone = {"name": value if key == "zone" else "litentry.org", "privateZone": False, "zoneId": "Z0"}
    source = {"release": "", "releaseSha256": "", "sourceRepository": "https://git.example/agentkeys"}
    given = {**(source if key == "sourceRef" else release), key: value}
    run("test", changed=given, lookups={"aws:route53/getZone:getZone": zone})


@pytest.mark.parametrize(
    ("key", "value"),
    [("githubRepository", "octo-cat_acme/a.b_c"), ("deployFrom", "ref:refs/heads/feature/@v1+2#3"),
     ("deployFrom", "environment:prod@eu")],
)  # fmt: skip
def test_what_github_allows_is_accepted(key, value):
    run("litentry", folder=PROJECT / "account", changed={key: value})


@pytest.mark.parametrize(
    "address",
    [*(str(network[end]) for network in REFUSED_NETWORKS for end in (0, -1)), "300.1.1.1", "2001:db8::1",
     "not-an-address"],
)  # fmt: skip
def test_an_address_that_cannot_be_an_elastic_ip_is_refused(address, release):
    with pytest.raises(pulumi.RunError, match=f"elasticIp: '{address}' "):
        run("test", changed={**release, "elasticIp": address})


def test_a_configured_address_is_used_and_none_is_allocated(release):
    recorded = run("test", changed={**release, "elasticIp": "3.208.99.99"})
    assert recorded.of("aws:ec2/eip:Eip") == []
    assert {record.inputs["records"][0] for record in recorded.of("aws:route53/record:Record")
            if record.inputs["type"] == "A"} == {"3.208.99.99"}  # fmt: skip


def test_an_archive_with_another_digest_is_refused_with_both_digests(release):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, "releaseSha256": "0" * 64})
    assert f"releaseSha256: {'0' * 64} is not the SHA-256 of '{release['release']}'" in str(refused.value)
    assert release["releaseSha256"] in str(refused.value)


def test_an_item_of_an_encrypted_list_is_not_shown(release):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, "allowedCallers": '["hidden"]'}, secret=["allowedCallers"])
    assert "allowedCallers.0: '[secret]' string should match" in str(refused.value)


@pytest.mark.parametrize("also", [{}, {"trust": "both"}])
def test_a_key_of_another_project_is_named_instead_of_ignored(release, monkeypatch, also):
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"agentkeys-clod:zone": "example.org", "aws:profile": "mine"}))
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, **also})
    message = str(refused.value)
    assert "agentkeys-clod:zone: belongs to project 'agentkeys-clod'" in message
    assert "Rename it to agentkeys-cloud:zone, or remove it (`pulumi config rm -s test agentkeys-clod:zone`)" in message
    assert "aws:profile" not in message
    assert ("trust: 'both'" in message) == bool(also)


def test_several_mistakes_are_told_at_once(release):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, "accountId": "1", "trust": "both"})
    assert "accountId: '1'" in str(refused.value)
    assert "trust: 'both'" in str(refused.value)
    assert "Correct Pulumi.test.yaml" in str(refused.value)


@pytest.mark.parametrize(("name", "host"), [("letsencrypt", "acme-v02"), ("letsencrypt-staging", "acme-staging-v02")])
def test_an_authority_is_chosen_by_name_and_the_image_says_who_logs_in(name, host, release):
    recorded = run("test", changed={**release, "acmeDirectory": name, "loginUser": "ec2-user", "rebootTime": "04:00"})
    assert f"https://{host}.api.letsencrypt.org/directory" in recorded.named("setup-certificates").inputs["create"]
    assert "ec2-user" in json.dumps(recorded.named("setup-users").inputs["connection"])
    assert 'Automatic-Reboot-Time "04:00"' in recorded.named("setup-updates").inputs["stdin"]


def test_the_surroundings_override_the_keys_that_they_may_and_no_others(release, monkeypatch):
    monkeypatch.setenv("AGENTKEYS_ACME_DIRECTORY", "https://acme.example/dir")
    monkeypatch.setenv("AGENTKEYS_DOH_URLS", json.dumps(["http://127.0.0.1:1/resolve"]))
    monkeypatch.setenv("AGENTKEYS_CHAIN", "another")
    recorded = run("test", changed=release)
    assert "https://acme.example/dir" in recorded.named("setup-certificates").inputs["create"]
    assert "http://127.0.0.1:1/resolve" in recorded.named("setup-dns").inputs["create"]
    assert "another" not in recorded.named("setup-environment").inputs["stdin"]


def test_a_settings_error_never_shows_as_a_lookup(release):
    with pytest.raises(pulumi.RunError, match=r"hosted zone of 'example\.com', not of zone 'litentry\.org'"):
        run("test", changed=release, lookups={
            "aws:route53/getZone:getZone": {"name": "example.com", "privateZone": False, "zoneId": "Z0"}})  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            {"aws:route53/getZone:getZone": {"name": "litentry.org", "privateZone": True, "zoneId": "Z0"}},
            "parentZoneId: Z09723983CFJOHAE3VC65 is a private hosted zone",
        ),
        (
            {"aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/agentkeys-admin"}},
            "accountId: the stack is for account 429071895007, the credentials belong to 111122223333",
        ),
        (
            {"aws:index/getCallerIdentity:getCallerIdentity": "no valid credential sources found"},
            "AWS rejected the lookup of the caller's identity: invoke of",
        ),
        (
            {"aws:route53/getZone:getZone": "NoSuchHostedZone"},
            "AWS rejected the lookup of the hosted zone Z09723983CFJOHAE3VC65: invoke of",
        ),
        (
            {"aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet": NONE_ACTIVE},
            "Nothing was created. Prepare the account once with the project in account/",
        ),
        (
            {"aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": "429071895007", "arn": "arn:aws:iam::429071895007:user/not-agentkeys-admin-really"}},
            "allowedCallers: the credentials belong to 'user/not-agentkeys-admin-really'",
        ),
        (
            {"aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet": {"ruleSetName": "somebody-elses"}},
            "The active SES receipt rule set in us-east-1 is 'somebody-elses'",
        ),
        (
            {"aws:ec2/getElasticIp:getElasticIp": "couldn't find EIP"},
            "elasticIp: '3.208.99.99' is no elastic IP of account 429071895007 in us-east-1",
        ),
        (
            {
                "aws:ec2/getElasticIp:getElasticIp": {"id": "eipalloc-1", "instanceId": "i-1", "tags": {}},
                "aws:ec2/getInstance:getInstance": {"tags": {"Name": "agentkeys-broker-host"}},
            },
            "elasticIp: '3.208.99.99' serves instance i-1 (agentkeys-broker-host), not this stack's "
            "agentkeys-broker-host-test",
        ),
    ],
)  # fmt: skip
def test_what_aws_answers_is_checked_before_the_first_resource(answer, sentence, release):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, "elasticIp": "3.208.99.99"}, lookups=answer)
    assert sentence in str(refused.value)
    assert "Nothing was created." in str(refused.value)


@pytest.mark.parametrize("where", ["git@github.com:litentry/agentKeys.git", "/nowhere/source.bundle"])
def test_a_repository_that_is_neither_url_nor_file_is_refused(where):
    changed = {"release": "", "releaseSha256": "", "sourceRef": "v1", "sourceRepository": where}
    with pytest.raises(pulumi.RunError, match=f"sourceRepository: '{where}' must be an https URL or an existing file"):
        run("test", changed=changed)


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:iam::429071895007:user/AgentKeys-Admin", "arn:aws:iam::429071895007:user/people/agentkeys-admin",
     "arn:aws:sts::429071895007:assumed-role/agentkeys-broker-host/i-0123"],
)  # fmt: skip
def test_the_callers_that_the_settings_name_may_run_it(arn, release):
    run("test", changed=release, lookups={
        "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "429071895007", "arn": arn}})  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "model", "stacks"),
    [(PROJECT, Settings, ("prod", "test")), (PROJECT / "account", AccountSettings, ("litentry",))],
    ids=["stack", "account"],
)
def test_the_project_declares_exactly_the_models_keys_and_stack_files_only_those(folder, model, stacks):
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    keys = {field.alias for field in model.model_fields.values()}
    assert set(project["config"]) == keys
    assert all(len(declared["description"]) > 20 for declared in project["config"].values())
    chosen = []
    for stack in stacks:
        values = yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())["config"]
        chosen.append({key.split(":")[1] for key in values if key.startswith(project["name"] + ":")})
        assert chosen[-1] <= keys
    assert all(keys_of == chosen[0] for keys_of in chosen), "the stack files set the same keys"


def test_what_the_environment_may_override_is_a_setting():
    assert set(FROM_ENVIRONMENT) <= set(Settings.model_fields)


def test_the_account_takes_no_other_rule_sets_place():
    other = {"aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet": {"ruleSetName": "somebody-elses"}}
    with pytest.raises(pulumi.RunError, match=r"'somebody-elses' is active .* Nothing was created"):
        run("litentry", folder=PROJECT / "account", lookups=other)
    none = {"aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet": NONE_ACTIVE}
    assert run("litentry", folder=PROJECT / "account", lookups=none).of(
        "aws:ses/activeReceiptRuleSet:ActiveReceiptRuleSet"
    )


def test_a_rule_set_that_could_not_be_read_is_not_taken_for_none():
    refused = {"aws:ses/getActiveReceiptRuleSet:getActiveReceiptRuleSet": "AccessDenied: not authorized"}
    with pytest.raises(pulumi.RunError, match=r"the active SES receipt rule set: .* Nothing was"):
        run("litentry", folder=PROJECT / "account", lookups=refused)


def test_a_reader_of_the_mail_bucket_that_is_not_there_is_named_before_the_first_resource(release):
    """S3 refuses a policy with a role that does not exist: what a fresh account's mail policy once ended at."""
    nobody = {"aws:iam/getRole:getRole": "reading IAM Role (x): couldn't find resource: "}
    with pytest.raises(pulumi.RunError, match=r"rawMailReaders: the account has no role 'x' .*`pulumi -C account up`"):
        run("test", changed={**release, "rawMailReaders": '["x"]'}, lookups=nobody)
    run("test", changed={**release, "rawMailReaders": "[]"}, lookups=nobody)


EAB_KEY = "c2l4dGVlbiBieXRlcyBhbmQgbW9yZQ"


@pytest.mark.parametrize(
    ("settings", "secret", "sentence"),
    [
        ({"acmeEabKid": "kid-1"}, [], "acmeEabHmacKey: is empty, and acmeEabKid is set"),
        ({"acmeEabHmacKey": EAB_KEY}, ["acmeEabHmacKey"], "acmeEabKid: is empty, and acmeEabHmacKey is set"),
        ({"acmeEabKid": "kid-1", "acmeEabHmacKey": EAB_KEY}, [], "acmeEabHmacKey: is in plain text"),
        ({"acmeEabKid": "kid-1", "acmeEabHmacKey": f"{EAB_KEY}+/"}, ["acmeEabHmacKey"], "must be base64url"),
        ({"acmeEabKid": "kid 1", "acmeEabHmacKey": EAB_KEY}, ["acmeEabHmacKey"], "acmeEabKid: 'kid 1' string should"),
    ],
)
def test_an_external_account_is_whole_and_its_key_is_never_shown(release, settings, secret, sentence):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, **settings}, secret=secret)
    assert sentence in str(refused.value)
    assert EAB_KEY not in str(refused.value)


def test_an_external_account_is_one_more_step_whose_input_is_secret(release):
    settings = {"acmeEabKid": "kid-1", "acmeEabHmacKey": EAB_KEY}
    recorded = run("test", changed={**release, **settings}, secret=["acmeEabHmacKey"])
    (step,) = [item for item in recorded.registered if item.name == "setup-acme-account"]
    sent = step.request.object["stdin"]
    assert sent["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270", "a secret"
    assert EAB_KEY in sent["value"]
    assert EAB_KEY not in str(step.inputs["create"])
    (waits,) = [item for item in recorded.registered if item.name == "setup-certificates"]
    assert any(urn.endswith("::setup-acme-account") for urn in waits.request.dependencies)
    plain = run("test", changed=release)
    assert not [item for item in plain.registered if item.name == "setup-acme-account"]


@pytest.mark.parametrize(
    ("key", "value"), [("ami", "ami-0123456789abcdef0"), ("hostInstanceId", "i-0123456789abcdef0")]
)
def test_a_restored_host_has_no_other_disk(key, value, release):
    with pytest.raises(pulumi.RunError) as refused:
        run("test", changed={**release, "restoreFrom": "snap-0123456789abcdef0", key: value})
    assert f"launches a host with the snapshot's disk, and {key} is '{value}'. Remove {key}" in str(refused.value)
