"""The stack file of an adoption's rehearsal: written with a parser of YAML 1.1, read by the engine as YAML 1.2."""

import pytest
import yaml

from ops.commands.adopt import copied
from settings import MASKED

P = "agentkeys-cloud"
FILE = f"""\
encryptionsalt: v1:abc
config:
  {P}:accountId: "012345678901"
  {P}:rebootTime: 14:30
  {P}:sourceRef: 1.10
  {P}:releaseSha256: "123456789e012345678901234567890123456789012345678901234567890123"
  {P}:chain: "no"
  {P}:protect: true # a note
  {P}:allowedCallers: [user/agentkeys-admin]
  {P}:hostPrivateKey:
    secure: v1:secret
  {P}:contracts:
    A_HEIMA: "0x10"
"""


def plain(text):
    """The scalars of the engine's parser: what is plain may be another type there, what is quoted is a text."""
    nodes = yaml.compose(text, Loader=yaml.SafeLoader).value[0][1].value
    return {key.value.removeprefix(f"{P}:"): value for key, value in nodes}


def test_what_the_user_wrote_keeps_its_spelling_and_what_is_added_is_quoted():
    made = copied(FILE, {f"{P}:elasticIp": "3.208.1.1", f"{P}:accessKeyUsers": []}, P)
    scalars = {key: (node.value, node.style) for key, node in plain(made).items() if isinstance(node, yaml.ScalarNode)}
    assert scalars["accountId"] == ("012345678901", '"')
    assert scalars["releaseSha256"][1] == '"'
    assert scalars["chain"] == ("no", '"')
    assert scalars["rebootTime"] == ("14:30", None)
    assert scalars["sourceRef"] == ("1.10", None)
    assert scalars["elasticIp"] == ("3.208.1.1", '"')
    assert scalars["protect"] == ("true", None)
    assert yaml.safe_load(made)["config"][f"{P}:contracts"] == {"A_HEIMA": "0x10"}
    assert yaml.safe_load(made)["config"][f"{P}:accessKeyUsers"] == []


@pytest.mark.parametrize("instance", [{}, {f"{P}:hostInstanceId": "i-0123456789abcdef0"}])
def test_no_secret_is_in_the_copy(instance):
    made = copied(FILE, instance, P)
    assert "v1:" not in made
    assert yaml.safe_load(made)["config"][f"{P}:hostPrivateKey"] == MASKED
    without = copied(f"config:\n  {P}:region: us-east-1\n", instance, P)
    assert (f"{P}:hostPrivateKey" in yaml.safe_load(without)["config"]) is bool(instance)
