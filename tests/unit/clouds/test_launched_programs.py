"""The programs of AliCloud and Tencent Cloud under mocks: resources, guards, errors before anything is created."""

import dataclasses
import importlib
import json
import re
import shlex
import subprocess
import sys
import textwrap

import pulumi
import pytest
import yaml

from clouds import login, sdk
from clouds.limits import rows
from dev.recorder import ADDRESS, PROJECT
from hostsetup.environment import environment_files
from sandbox import rehearsal
from sandbox.supervisor import SandboxError
from tests.support import at_cloudflare
from tests.support.launched import ALICLOUD, CLOUDS, TENCENTCLOUD, release
from tests.unit.test_program import COMPONENT_TYPES

SECRET = "4dabf18193072939515e22adb298388d"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return release(tmp_path_factory.mktemp("release") / "release.tar.gz")


@pytest.fixture(scope="module", params=CLOUDS, ids=lambda cloud: cloud.name)
def cloud(request):
    return request.param


@pytest.fixture(scope="module")
def program(cloud, archive):
    return cloud.up(archive)


def of(program, ending):
    return [item for item in program.custom if item.type.endswith(ending)]


def loaded(cloud, archive):
    """The settings of a stack, as the program has them."""
    cloud.up(archive)
    return importlib.import_module(f"clouds.{cloud.name}.settings").STACK()


def test_the_inventory_is_the_golden_one(cloud, program, golden):
    text = "".join(sorted(f"{i.type} {i.name} < {i.parent}\n" for i in program.registered))
    golden(f"inventory.{cloud.name}.txt", text)


def test_it_has_nothing_of_another_cloud(cloud, program):
    kinds = {item.type.split(":")[0] for item in program.custom}
    assert kinds == {cloud.types, "command", "tls", "pulumi"}
    shared = {item.type for item in program.registered if item.type.startswith("agentkeys:")}
    assert {kind for kind in shared if f":{cloud.name}:" not in kind} <= COMPONENT_TYPES


def test_a_first_preview_shows_the_same_resources(cloud, archive, program):
    previewed = cloud.up(archive, preview=True)
    assert {(item.type, item.name) for item in previewed.registered} == {
        (item.type, item.name) for item in program.registered
    }


def test_cloudflare_keeps_the_records_that_the_clouds_own_dns_keeps(cloud, archive, program, monkeypatch):
    at_cloudflare.install(monkeypatch)
    made = cloud.up(archive, lookups=at_cloudflare.zone_with(), **at_cloudflare.SETTINGS)
    listed = program.outputs["dnsRecords"]
    assert at_cloudflare.kept(made) == {(record["name"], record["type"]) for record in listed}
    assert not [item for item in of(made, "ecord") if item.type.startswith(f"{cloud.types}:")]


def test_without_cloudflares_package_the_environment_of_the_program_is_named(cloud, archive, monkeypatch):
    monkeypatch.setitem(sys.modules, "pulumi_cloudflare", None)
    with pytest.raises(pulumi.RunError, match=r"in the folder of the checkout, `venv/bin/python -m pip install"):
        cloud.up(archive, **at_cloudflare.SETTINGS)


def test_a_run_imports_no_sdk_of_another_cloud(cloud, archive):
    """In a process of its own, since this one has imported everything."""
    absent = ["pulumi_aws", "boto3", "pulumi_cloudflare", "pulumi_gcp", *(o.package for o in CLOUDS if o is not cloud)]
    script = f"""
        import sys
        from tests.support import launched
        launched.{cloud.name.upper()}.up({archive!r})
        print({cloud.package!r} in sys.modules, [name for name in {absent!r} if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["True []"], done.stdout + done.stderr


def test_every_resource_of_the_cloud_has_the_configured_provider(cloud, program):
    """The region comes from the setting, never from the operator's shell."""
    for item in program.custom:
        if item.type.startswith(f"{cloud.types}:"):
            assert f"::{cloud.name}" in item.request.provider, item.name


def test_every_bucket_is_private_encrypted_and_expires(cloud, program):
    buckets = of(program, ":Bucket")
    assert len(buckets) == 3
    for item in buckets:
        guards = [other for other in program.custom if other.parent == item.parent]
        text = json.dumps([other.inputs for other in guards])
        assert '"private"' in text, item.name
        assert '"AES256"' in text, item.name
        assert "abort-incomplete-uploads" in text, item.name
        assert ("inbound-30d-ttl" in text) == (item.parent == "inbox")
        (policy,) = [other for other in guards if other.type.endswith(":BucketPolicy")]
        assert "false" in policy.inputs["policy"], "the condition of plain HTTP"
        if cloud is ALICLOUD:
            assert '"blockPublicAccess": true' in text
            assert '"tlsVersions": ["TLSv1.2", "TLSv1.3"]' in text


def test_old_versions_are_kept_of_agents_data_only(cloud, archive, program):
    def versioned(program):
        return {
            item.parent
            for item in of(program, ":Bucket")
            if item.inputs.get("versioning", {}).get("status") == "Enabled" or item.inputs.get("versioningEnable")
        }

    assert versioned(cloud.up(archive, versioning="true")) == {"vault", "memory"}
    assert versioned(program) == set()


@pytest.mark.parametrize("chosen", ["refuse", "keep", "delete"])
def test_a_setting_chooses_what_destroy_does_with_the_data(cloud, archive, chosen):
    program = cloud.up(archive, bucketsOnDestroy=chosen)
    emptied = {
        bool(item.inputs.get("forceDestroy") or item.inputs.get("forceClean")) for item in of(program, ":Bucket")
    }
    assert emptied == {chosen == "delete"}
    retained = {item.parent for item in program.custom if item.request.retainOnDelete}
    assert retained == ({"vault", "memory", "inbox"} if chosen == "keep" else set())


def test_what_cannot_be_had_again_is_protected(cloud, archive, program):
    protected = {item.name for item in cloud.up(archive, protect="true").custom if item.request.protect}
    assert {
        "host-instance",
        "host-address",
        "host-ssh-key",
        "vault-bucket",
        "memory-bucket",
        "inbox-bucket",
    } <= protected
    assert not {"host-association", "federation-issuer-check", "setup-health"} & protected
    assert not [item.name for item in program.custom if item.request.protect]


def opened(program):
    """Port and network of every rule that lets something in."""
    found = {
        (item.inputs["portRange"].split("/")[0], item.inputs["cidrIp"]) for item in of(program, ":SecurityGroupRule")
    }
    for item in of(program, ":GroupRuleSet"):
        found |= {(rule["port"], rule["cidrBlock"]) for rule in item.inputs["ingresses"]}
    return found


def test_exactly_four_ports_are_open_and_ssh_only_where_a_setting_says_so(cloud, archive):
    everywhere = {(port, "0.0.0.0/0") for port in ("80", "443", "25")}
    assert opened(cloud.up(archive, sshCidrs='["203.0.114.0/24"]')) == {*everywhere, ("22", "203.0.114.0/24")}
    assert ("25", "0.0.0.0/0") not in opened(cloud.up(archive, mail="none"))


def test_the_login_user_comes_with_cloud_init_and_no_password(program):
    (instance,) = [item for item in program.custom if item.name == "host-instance"]
    handed = instance.inputs.get("userData") or instance.inputs["userDataRaw"]
    assert handed.startswith("#cloud-config\n")
    (user,) = json.loads(handed.split("\n", 1)[1])["users"]
    assert user["ssh_authorized_keys"] == ["ssh-ed25519 AAAAmocked"]
    assert user["lock_passwd"] is True
    assert "password" not in instance.inputs
    for item in program.of("command:remote:Command"):
        connection = item.inputs["connection"]
        assert connection.get("value", connection)["user"] == login.USER


def test_a_newer_image_or_key_does_not_replace_the_host(program):
    ignored = set(program.named("host-instance").request.ignoreChanges)
    assert "imageId" in ignored
    assert ignored & {"userData", "userDataRaw"}


def test_the_hosts_key_travels_as_a_secret_to_the_step_that_installs_it(program):
    step = program.named("setup-store-key")
    assert SECRET in json.dumps(step.inputs["stdin"])
    assert "not-a-real-secret" in json.dumps(step.inputs["stdin"])
    for item in program.registered:
        if item.name != "setup-store-key":
            assert "not-a-real-secret" not in json.dumps(item.inputs), item.name


def test_the_records_are_below_the_zone_and_lead_to_the_host(cloud, program):
    made = [item for item in program.custom if item.parent == "dns"]
    kinds = {item.inputs.get("rr", item.inputs.get("subDomain")): item.inputs for item in made}
    assert len(made) == (9 if cloud is ALICLOUD else 10), "Tencent Cloud's SES gives the DKIM record"
    assert kinds["test-broker"]["value"] == ADDRESS
    (mx,) = [i.inputs for i in made if i.inputs.get("type", i.inputs.get("recordType")) == "MX"]
    assert (mx.get("priority", mx.get("mx")), mx["value"]) == (10, "email-test.litentry.org")
    (spf,) = [item.inputs["value"] for item in made if item.name == "dns-spf"]
    assert re.fullmatch(r"v=spf1 include:(spf1\.dm\.aliyun|qcloudmail)\.com -all", spf)


def test_a_records_wait_for_the_address_and_mail_for_the_buckets_policy(program):
    waits = {urn.rsplit("::", 1)[-1] for urn in program.named("dns-broker").request.dependencies}
    assert "host-association" in waits
    assert "inbox-policy" in {urn.rsplit("::", 1)[-1] for urn in program.named("setup-host-key").request.dependencies}


def test_the_broker_gets_the_session_policies_and_the_store_is_virtual_hosted(cloud, program):
    environment = program.named("setup-environment").inputs["stdin"]
    for key in ("DATA", "VAULT", "MEMORY"):
        assert environment.count(f"BROKER_SESSION_POLICY_{key}=") == 1
        assert f"BROKER_ROLE_ARN_{key}=" in environment
    assert f"BROKER_EXCHANGE={cloud.exchange}" in environment
    assert '"path_style": false' in program.named("setup-mail").inputs["stdin"]


def test_the_other_dns_keepers_work_here_too(cloud, archive):
    manual = cloud.up(archive, dns="manual")
    assert "bots-test.litentry.org MX 10 email-test.litentry.org" in manual.named("dns-published").inputs["create"]


def test_sending_is_optional_and_can_be_in_another_region(cloud, archive):
    none = cloud.up(archive, sending="none")
    assert "smtp" not in none.outputs
    assert [item for item in none.custom if item.name.startswith("mail-")] == []
    assert none.named("dns-spf").inputs["value"] == "v=spf1 -all"
    assert "setup-smtp-password" not in {item.name for item in none.registered}


def test_the_smtp_password_travels_as_a_secret_to_the_sender_and_the_broker_and_nowhere_else(cloud, archive):
    program = cloud.up(archive, smtpPassword="Abcdef123456", secret=("smtpPassword",))
    address = program.named("mail-address").inputs
    assert SECRET in json.dumps([address.get("password"), address.get("smtpPassword")])
    step = program.named("setup-smtp-password")
    assert SECRET in json.dumps(step.inputs["stdin"])
    assert "BROKER_SMTP_PASSWORD=Abcdef123456" in json.dumps(step.inputs["stdin"])
    assert "Abcdef123456" not in step.inputs["create"]
    for item in program.registered:
        if item.name not in ("mail-address", "setup-smtp-password"):
            assert "Abcdef123456" not in json.dumps(item.inputs), item.name
    assert "Abcdef123456" not in json.dumps(program.outputs)
    server = program.outputs["smtp"]["host"]
    assert f"BROKER_SMTP_HOST={server}" in program.named("setup-environment").inputs["stdin"]
    before = {urn.rsplit("::", 1)[-1] for urn in program.named("setup-units").request.dependencies}
    assert "setup-smtp-password" in before
    assert "setup-smtp-password" not in {item.name for item in cloud.up(archive).registered}


def test_what_has_no_equal_is_an_output_and_in_the_clouds_page(cloud, program):
    limits = importlib.import_module(f"clouds.{cloud.name}.limits")
    page = (PROJECT / "docs" / "clouds" / f"{cloud.name}.md").read_text()
    assert program.outputs["noEqual"] == rows(limits.NO_EQUAL)
    assert limits.APPLIED.split(".")[0] in " ".join(page.split())
    for limit in limits.NO_EQUAL:
        assert f"| {limit.row} | {limit.here} |" in page, limit.row
    for document in ("README.md", f"docs/clouds/{cloud.name}.md", f"clouds/{cloud.name}/Pulumi.yaml"):
        assert "ever applied to a real account" in " ".join((PROJECT / document).read_text().split()), document


WRONG = [
    ({"parentZoneId": "Z09723983CFJOHAE3VC65"}, "parentZoneId: is a setting of a stack in AWS"),
    ({"storeEndpoint": "https://store.example.org"}, "storeEndpoint: is a setting of a stack in clouds/host"),
    ({"nonsense": "1"}, "nonsense: no such key"),
    ({"dns": "route53"}, "dns: 'route53' input should be"),
    ({"region": "us-east-2"}, "region: 'us-east-2' must be a region of"),
    ({"region": "eu-west-9"}, "region: 'eu-west-9' must be a region of"),
    ({"image": "amazon-linux-2023"}, "image: 'amazon-linux-2023' input should be"),
    ({"instanceType": "t3.small"}, "instanceType: 't3.small' string should match"),
    ({"exchange": ""}, "exchange: is '', and"),
    ({"exchange": "AssumeRoleWithWebIdentity"}, "only a broker that passes a session policy with"),
    ({"emailSender": "ses"}, "emailSender: 'ses' needs AWS"),
    ({"sshCidrs": "[]"}, "sshCidrs: []"),
    ({"zone": "x." * 120 + "org"}, "characters long; the limit is"),
    ({"release": "", "releaseSha256": ""}, "set exactly one source for the binaries"),
]
OF_ALICLOUD = [
    ({"appId": "1250000000"}, "appId: is a setting of a stack in clouds/tencentcloud"),
    ({"accountId": "429071895007"}, "accountId: '429071895007' string should match"),
    ({"availabilityZone": "ap-southeast-3a"}, "is no zone of 'ap-southeast-1'"),
    ({"emailFromAddress": "noreply-test@bots-test.litentry.org"}, "cannot send with DirectMail"),
]
OF_TENCENTCLOUD = [
    ({"accountId": "1234567890123456"}, "accountId: is a setting of a stack in AWS"),
    ({"appId": "125"}, "appId: '125' string should match"),
    ({"uin": "0"}, "uin: '0' string should match"),
    ({"availabilityZone": "ap-tokyo-1"}, "is no zone of 'ap-singapore'"),
]


@pytest.mark.parametrize(
    ("cloud", "changed", "said"),
    [
        *((cloud, *row) for cloud in CLOUDS for row in WRONG),
        *((ALICLOUD, *row) for row in OF_ALICLOUD),
        *((TENCENTCLOUD, *row) for row in OF_TENCENTCLOUD),
    ],
    ids=lambda value: value.name if dataclasses.is_dataclass(value) else None,
    indirect=["cloud"],
)
def test_a_wrong_setting_is_one_clear_error_and_nothing_is_created(cloud, archive, changed, said):
    with pytest.raises(pulumi.RunError) as error:
        cloud.up(archive, **changed)
    assert said in str(error.value), str(error.value)
    assert "Nothing was created" in str(error.value)


def test_an_smtp_password_is_encrypted_and_fits_the_cloud(cloud, archive):
    with pytest.raises(pulumi.RunError, match="smtpPassword: is in plain text"):
        cloud.up(archive, smtpPassword="Abcdef123456")
    with pytest.raises(pulumi.RunError, match="smtpPassword: must have") as error:
        cloud.up(archive, smtpPassword="not fit", secret=("smtpPassword",))
    assert "not fit" not in str(error.value)


def test_a_session_policy_that_the_cloud_would_reject_is_refused(cloud, archive, monkeypatch):
    settings = importlib.import_module(f"clouds.{cloud.name}.settings").STACK
    longest = max(len(text.replace("{actor}", "f" * 64)) for text in loaded(cloud, archive).session_policies.values())
    monkeypatch.setattr(settings, "session_policy_limit", longest)
    cloud.up(archive)
    monkeypatch.setattr(settings, "session_policy_limit", longest - 1)
    with pytest.raises(pulumi.RunError, match=f"of {longest} characters, more than the {longest - 1}"):
        cloud.up(archive)


def test_where_it_was_applied_and_what_it_cannot_do_is_in_every_preview(cloud, archive, monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: said.append(text))
    cloud.up(archive)
    (text,) = [one for one in said if "no equal" in one]
    applied = importlib.import_module(f"clouds.{cloud.name}.limits").APPLIED
    assert text.startswith(f"This cloud has been applied {applied}.")
    assert "never applied to a real account" in applied
    for limit in importlib.import_module(f"clouds.{cloud.name}.limits").NO_EQUAL:
        assert f"  no equal: {limit.row} - {limit.here}" in text


def test_a_broker_without_the_exchange_is_refused(cloud, tmp_path):
    with pytest.raises(pulumi.RunError, match="does not read BROKER_SESSION_POLICY") as error:
        cloud.up(release(tmp_path / "other.tar.gz", b"a broker for AWS"))
    assert "could read every actor's data" in str(error.value)


ELSEWHERE_IN_THE_ACCOUNT = {
    "alicloud": {
        "alicloud:index/getZones:getZones": ({"ids": [], "zones": []}, "instanceType: ap-southeast-1a does not sell"),
        "alicloud:ecs/getImages:getImages": ({"images": []}, "image: ap-southeast-1 has no system image 'debian-12'"),
        "alicloud:dns/getAlidnsRecords:getAlidnsRecords": ("InvalidDomainName.NoExist", "zone: AliDNS refused"),
        "alicloud:index/getAccount:getAccount": ("InvalidAccessKeyId", "refused to return the caller's account"),
    },
    "tencentcloud": {
        "tencentcloud:Instance/getTypes:getTypes": (
            {"instanceTypes": []},
            "instanceType: ap-singapore-2 does not sell",
        ),
        "tencentcloud:Images/getInstance:getInstance": ({"images": []}, "has no public image 'debian-12'"),
        "tencentcloud:Dnspod/getRecords:getRecords": ("ResourceNotFound", "zone: DNSPod refused"),
        "tencentcloud:User/getInfo:getInfo": ("AuthFailure", "refused to return the caller's account"),
    },
}


@pytest.mark.parametrize(
    ("cloud", "token"),
    [(cloud, token) for cloud in CLOUDS for token in ELSEWHERE_IN_THE_ACCOUNT[cloud.name]],
    ids=lambda value: value.name if dataclasses.is_dataclass(value) else value.rsplit(":", 1)[-1],
    indirect=["cloud"],
)
def test_what_the_account_does_not_have_is_one_clear_error(cloud, archive, token):
    answer, said = ELSEWHERE_IN_THE_ACCOUNT[cloud.name][token]
    with pytest.raises(pulumi.RunError) as error:
        cloud.up(archive, lookups={token: answer})
    assert said in str(error.value), str(error.value)
    assert "Nothing was created" in str(error.value)


def test_credentials_of_another_account_are_rejected(cloud, archive):
    key, value = cloud.account
    with pytest.raises(pulumi.RunError, match=f"{key}: the stack is for .*{value}, the credentials belong to"):
        cloud.up(archive, **{key: value})


def test_a_record_that_collides_stops_it(cloud, archive):
    record = {"rr": "email-test", "name": "email-test", "type": "CNAME", "value": "elsewhere.example"}
    (token,) = [name for name in cloud.lookups if "Records" in name]
    with pytest.raises(pulumi.RunError, match=r"email-test\.litentry\.org CNAME"):
        cloud.up(archive, lookups={token: {"records": [record], "results": [record]}})


def test_a_missing_sdk_is_one_clear_error(cloud):
    with pytest.raises(pulumi.RunError, match=rf"clouds/{cloud.name} needs the package nothing_like_it") as error:
        sdk.require("nothing_like_it", cloud.name)
    assert f"`make setup-cloud CLOUD={cloud.name}`" in str(error.value)


def test_make_env_prepares_nothing_for_a_cloud_without_an_emulator(monkeypatch):
    monkeypatch.setattr(rehearsal, "prepare", lambda *_: {})
    for name, why in {"alicloud": "there is no emulator of AliCloud", "nope": "there is no project in "}.items():
        with pytest.raises(SandboxError, match=f"CLOUD={name}: {why}"):
            rehearsal.shell_environment(print, name)


@pytest.mark.parametrize("name", ["gcp", "host", "tencentcloud"])
def test_make_env_points_a_shell_at_the_clouds_own_file_and_at_no_policies_of_aws(monkeypatch, tmp_path, name):
    monkeypatch.setattr(rehearsal.layout, "HOME", tmp_path)
    monkeypatch.setattr(rehearsal, "prepare", lambda *_: {"PULUMI_OPTION_POLICY_PACK": "x", "PULUMI_HOME": "y"})
    monkeypatch.setenv("PULUMI_OPTION_POLICY_PACK", "of an earlier shell")
    file = tmp_path / "clouds" / name / "Pulumi.test.yaml"
    lines = rehearsal.shell_environment(print, name).splitlines()
    assert "unset PULUMI_OPTION_POLICY_PACK" in lines
    exported = [line for line in lines if line.startswith("export")]
    assert exported == ["export PULUMI_HOME=y", f"export PULUMI_OPTION_CONFIG_FILE={file}"]
    # `make up CLOUD=host` writes the host's, with what somebody brought.
    assert file.exists() == (name != "host")


def test_make_up_says_where_a_cloud_without_an_emulator_can_be_applied():
    with pytest.raises(SandboxError, match="CLOUD=alicloud: there is no emulator of AliCloud here") as error:
        rehearsal.deployment("test", "alicloud")
    assert "docs/clouds/alicloud.md" in str(error.value)


def test_the_sandbox_changes_settings_of_a_copy_and_only_those_listed(tmp_path, monkeypatch):
    project = rehearsal.deployment("test", "tencentcloud")
    copied = dataclasses.replace(project, file=tmp_path / "clouds" / "Pulumi.test.yaml")
    rehearsal.copy_settings(copied)
    before, after = (
        yaml.safe_load(file.read_text())["config"] for file in (project.folder / "Pulumi.test.yaml", copied.file)
    )
    changed = {key.partition(":")[2]: value for key, value in after.items() if before.get(key) != value}
    assert changed == rehearsal.SETTINGS["tencentcloud"]
    assert before.keys() <= after.keys()


def test_a_run_in_the_mainland_warns_of_its_rules(archive, monkeypatch):
    said = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: said.append(text))
    zones = {"alicloud:index/getZones:getZones": {"ids": ["cn-hangzhou-i"], "zones": []}}
    ALICLOUD.up(archive, lookups=zones, region="cn-hangzhou", availabilityZone="cn-hangzhou-i")
    assert any("ICP filing" in text for text in said)
    said.clear()
    zones = {"alicloud:index/getZones:getZones": {"ids": ["cn-hongkong-b"], "zones": []}}
    ALICLOUD.up(archive, lookups=zones, region="cn-hongkong", availabilityZone="cn-hongkong-b")
    assert not any("ICP filing" in text for text in said)


def test_the_newest_image_that_can_be_set_up_is_launched(archive):
    assert TENCENTCLOUD.up(archive).named("host-instance").inputs["imageId"] == "img-new"


def test_ses_without_a_dkim_record_is_one_clear_error(archive):
    bare = {**TENCENTCLOUD.computed, "tencentcloud:Ses/domain:Domain": {"attributes": []}}
    with pytest.raises(pulumi.RunError, match="SES asks for no DKIM record"):
        dataclasses.replace(TENCENTCLOUD, computed=bare).up(archive)


def test_the_operators_commands_read_its_settings_without_the_sdk(cloud, archive):
    """`agentkeys drift`, `env` and the others take `--cloud`; in a process of its own, without the SDK on its path."""
    script = f"""
        import sys
        import pulumi, yaml
        from clouds.{cloud.name}.settings import STACK
        from dev.recorder import PROJECT
        from policypack.facts import configuration
        from settings import load
        folder = PROJECT / "clouds" / {cloud.name!r}
        pulumi.runtime.settings.configure(pulumi.runtime.Settings(project="agentkeys-{cloud.name}", stack="test"))
        changed = {{**{archive!r}, "exchange": {cloud.exchange!r}}}
        values = {{f"agentkeys-{cloud.name}:{{key}}": value for key, value in changed.items()}}
        pulumi.runtime.set_all_config({{**configuration(folder, "test"), **values}}, [])
        print(load(STACK).site.data_role_arn, {cloud.package!r} in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert re.fullmatch(r"(acs|qcs):.*agentkeys-data-role-test False", done.stdout.strip()), done.stdout + done.stderr


def test_a_session_policy_survives_the_environment_file(cloud, archive):
    """systemd takes the quotes off again."""
    settings = loaded(cloud, archive)
    line = next(
        line
        for file in environment_files(settings.site)
        for line in file.content.splitlines()
        if line.startswith("BROKER_SESSION_POLICY_VAULT=")
    )
    (value,) = shlex.split(line.partition("=")[2])
    assert value == settings.session_policies["vault"]
