"""The account on a bad day: late, throttled, and new things that are not seen at once."""

import time

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from sandbox.aws import weather
from sandbox.aws.weather import Rate, Sky, Weather, WeatherError
from tests.support.emulated import ACCOUNT_ID, client_of, credentials, keys_of, policy, statement, trusting

TRUST = trusting({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")


@pytest.fixture
def skies(account):
    """Sets the weather until the end of the test."""
    path = account.home / "weather.json"

    def put(**switches):
        weather.write(path, Weather(**switches))

    put.path = path
    yield put
    path.unlink(missing_ok=True)


@pytest.fixture
def of(account):
    return lambda service: client_of(account.endpoint, service, credentials(account.home))


def test_a_new_role_is_not_seen_at_first_and_then_it_is(skies, of, unique):
    skies(inconsistent=60)
    iam = of("iam")
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=TRUST)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=unique)
    iam.put_role_policy(RoleName=unique, PolicyName="p", PolicyDocument=policy(statement("s3:*")))
    skies(inconsistent=0.01)
    time.sleep(0.02)
    assert iam.get_role(RoleName=unique)["Role"]["RoleName"] == unique


def test_a_role_that_was_there_before_is_seen_all_the_time(skies, of, unique):
    iam = of("iam")
    iam.create_role(RoleName=unique, AssumeRolePolicyDocument=TRUST)
    skies(inconsistent=60)
    assert iam.get_role(RoleName=unique)


def test_ec2_does_not_know_a_new_profile_yet(skies, of, unique):
    skies(inconsistent=60)
    of("iam").create_instance_profile(InstanceProfileName=unique)
    wanted = {"ImageId": "ami-0a22042026090100a", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match="Invalid IAM Instance Profile name"):
        of("ec2").run_instances(**wanted, IamInstanceProfile={"Name": unique})


def test_a_new_access_key_opens_nothing_at_first(skies, of, account, unique):
    skies(inconsistent=60)
    of("iam").create_user(UserName=unique)
    sts = client_of(account.endpoint, "sts", keys_of(of("iam").create_access_key(UserName=unique)["AccessKey"]))
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()
    skies(inconsistent=0.01)
    time.sleep(0.02)
    assert sts.get_caller_identity()["Arn"].endswith(unique)


def test_a_new_identity_is_not_found_at_first(skies, of, unique):
    skies(inconsistent=60)
    name = f"{unique}.litentry.org".lower()
    of("sesv2").create_email_identity(EmailIdentity=name)
    with pytest.raises(ClientError, match="NotFoundException"):
        of("sesv2").get_email_identity(EmailIdentity=name)


def test_route_53_answers_five_requests_and_refuses_the_sixth(skies, of):
    skies(throttled=True)
    route53 = of("route53")

    def ask(times):
        for _ in range(times):
            route53.list_hosted_zones()

    ask(5)
    # On a busy computer another token comes before the sixth request.
    with pytest.raises(ClientError, match="Throttling"):
        ask(100)


def test_a_bucket_fills_again(tmp_path):
    clock = iter([0, 0, 0, 0.04, 0.06])
    sky = Sky(tmp_path / "weather.json", clock=lambda: next(clock))
    took = [sky._token("x", Rate(burst=2, per_second=20)) for _ in range(5)]
    assert took == [True, True, False, False, True]


def test_every_answer_is_late(skies, of):
    skies(slow=0.4)
    began = time.monotonic()
    assert of("sts").get_caller_identity()["Account"] == ACCOUNT_ID
    assert time.monotonic() - began >= 0.4


def test_a_host_boots_late(account, skies, client, changes):
    ec2 = client("ec2")
    skies(boot=2)
    wanted = {"ImageId": "ami-0a22042026090100a", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    instance = ec2.run_instances(**wanted)["Instances"][0]["InstanceId"]
    try:
        assert instance not in {spec.instance_id for spec in account.host_specs()}
        told, patience = len(changes), time.monotonic() + 60
        while len(changes) == told:
            assert time.monotonic() < patience, "whoever boots hosts is not called again"
            time.sleep(0.05)
        assert instance in {spec.instance_id for spec in account.host_specs()}
    finally:
        ec2.terminate_instances(InstanceIds=[instance])


@pytest.mark.parametrize("switch", ["inconsistent", "slow", "boot"])
@pytest.mark.parametrize("value", [-1, 4000])
def test_a_switch_out_of_range_is_refused(switch, value):
    with pytest.raises(WeatherError, match=f"{switch} is {value}; it must be from 0 to 3600 seconds"):
        Weather(**{switch: value})


@pytest.mark.parametrize("text", ['{"inconsistnt": 3}', "[]", "{"])
def test_switches_that_cannot_be_read_fail_every_call(skies, of, text):
    skies.path.write_text(text)
    with pytest.raises(ResponseParserError, match=r"weather\.json"):
        of("sts").get_caller_identity()
