"""The resource that the sandbox's bridge makes in place of Tencent Cloud's older provider, by calls of CAM."""

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from sandbox.engine import supplied, translate, wire
from tests.support.tencent_cloud import tencent  # noqa: F401 - a fixture

KEY = supplied.ACCESS_KEY


@pytest.fixture
def uin(tencent, monkeypatch):  # noqa: F811
    key_id, secret = tencent.operator
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", key_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", secret)
    made = tencent.call("cam", "AddUser", Name="daemon", UseApi=0)["Uin"]
    yield made
    tencent.call("cam", "DeleteUser", Name="daemon", Force=1)


def struct(**fields):
    made = Struct()
    made.update(fields)
    return made


def test_a_key_is_made_found_and_deleted(tencent, uin):  # noqa: F811
    made = supplied.answer("Create", KEY, provider_pb2.CreateRequest(properties=struct(targetUin=uin)))
    secret = made.properties.fields["secretAccessKey"]
    assert wire.mark(secret) == wire.SECRET
    key = made.id, wire.inner(secret).string_value
    assert tencent.call("cam", "GetUserAppId", key=key)["Uin"] == str(uin)
    read = provider_pb2.ReadRequest(id=made.id, properties=made.properties)
    assert supplied.answer("Read", KEY, read).id == made.id
    supplied.answer("Delete", KEY, provider_pb2.DeleteRequest(id=made.id, properties=made.properties))
    assert supplied.answer("Read", KEY, read).id == ""
    with pytest.raises(ValueError, match=r"DeleteAccessKey: ResourceNotFound\.SecretNotExist"):
        supplied.answer("Delete", KEY, provider_pb2.DeleteRequest(id=made.id, properties=made.properties))


def test_a_preview_asks_nobody_and_knows_no_key(monkeypatch):
    monkeypatch.setattr(supplied, "_ask", None)
    asked = provider_pb2.CreateRequest(properties=struct(targetUin=wire.UNKNOWN), preview=True)
    made = supplied.answer("Create", KEY, asked).properties
    assert wire.is_unknown(made.fields["accessKey"])
    assert wire.is_unknown(made.fields["secretAccessKey"])


@pytest.mark.parametrize(("after", "replaced"), [(7, []), (8, ["targetUin"]), (wire.UNKNOWN, ["targetUin"])])
def test_another_user_needs_another_key(after, replaced):
    asked = provider_pb2.DiffRequest(olds=struct(targetUin=7), news=struct(targetUin=after))
    assert list(supplied.answer("Diff", KEY, asked).replaces) == replaced


def test_every_other_resource_is_the_providers():
    assert supplied.answer("Create", "tencentcloud:Cam/user:User", None) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("tencentcloud:Cam/role:Role", "tencentcloud:index/camRole:CamRole"),
        ("tencentcloud:Vpc/instance:Instance", "tencentcloud:index/vpc:Vpc"),
        ("tencentcloud:Instance/instance:Instance", "tencentcloud:index/instance:Instance"),
        ("tencentcloud:Eip/association:Association", "tencentcloud:index/eipAssociation:EipAssociation"),
        ("tencentcloud:Images/getInstance:getInstance", "tencentcloud:index/getImages:getImages"),
        ("tencentcloud:User/getInfo:getInfo", "tencentcloud:index/getUserInfo:getUserInfo"),
    ],
)  # fmt: skip
def test_types_have_the_names_that_the_bridge_gives_the_provider(ours, theirs):
    assert translate.token(ours) == theirs
