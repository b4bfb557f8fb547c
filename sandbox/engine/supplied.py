"""Resources that a cloud's SDK has and the sandbox's older provider lacks: made by calls of the cloud's API.

Only ``cam.AccessKey``, which is in no release of Tencent Cloud's provider that the Go module proxy has. It stands for
the provider's resource only in the sandbox, where the emulator answers (``sandbox/tencentcloud/cam.py``).
"""

from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime.proto import provider_pb2

from sandbox.engine import wire

ACCESS_KEY = "tencentcloud:Cam/accessKey:AccessKey"

_VERSION = "2019-01-16"
_UIN = "targetUin"


def answer(name: str, ours: str, request: Any) -> Message | None:
    """The answer to a call of a provider; None if the resource is the provider's. Raises ValueError."""
    if ours != ACCESS_KEY:
        return None
    match name:
        case "Check":
            return provider_pb2.CheckResponse(inputs=request.news)
        case "Diff":
            return _diff(request)
        case "Create":
            return _create(request)
        case "Read":
            return _read(request)
        case "Delete":
            _ask("DeleteAccessKey", TargetUin=_uin(request.properties), AccessKeyId=request.id)
            return empty_pb2.Empty()
    raise ValueError(f"the sandbox's {ACCESS_KEY} has no {name}")


def _diff(request: Any) -> Message:
    before, after = request.olds.fields[_UIN], request.news.fields[_UIN]
    if wire.is_unknown(after) or wire.inner(before) != wire.inner(after):
        changed = provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changed, replaces=[_UIN], diffs=[_UIN])
    return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)


def _create(request: Any) -> Message:
    if request.preview:
        properties = _properties(request.properties, wire.UNKNOWN, wire.UNKNOWN)
        return provider_pb2.CreateResponse(properties=properties)
    made = _ask("CreateAccessKey", TargetUin=_uin(request.properties))["AccessKey"]
    properties = _properties(request.properties, made["AccessKeyId"], made["SecretAccessKey"])
    return provider_pb2.CreateResponse(id=made["AccessKeyId"], properties=properties)


def _read(request: Any) -> Message:
    keys = _ask("ListAccessKeys", TargetUin=_uin(request.properties))["AccessKeys"]
    if request.id not in {key["AccessKeyId"] for key in keys}:
        return provider_pb2.ReadResponse()
    return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)


def _properties(given: Struct, key_id: str, key: str) -> Struct:
    made = Struct()
    made.fields[_UIN].CopyFrom(given.fields[_UIN])
    made.fields["accessKey"].string_value = key_id
    made.fields["secretAccessKey"].CopyFrom(wire.secret(Value(string_value=key)))
    made.fields["status"].string_value = "Active"
    return made


def _uin(given: Struct) -> int:
    return int(wire.inner(given.fields[_UIN]).number_value)


def _ask(action: str, **given: Any) -> dict[str, Any]:
    from sandbox.tencentcloud import tc3

    return tc3.asked("cam", _VERSION, action, given)
