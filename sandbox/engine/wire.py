"""Pulumi's wire form of property values: the marks for secrets, unknowns and assets inside protobuf structs.

Kept apart from the SDK's own code for it because importing that costs a plugin a second of start-up.
"""

from collections.abc import Iterator

from google.protobuf.struct_pb2 import Struct, Value

MARK = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark of the protocol
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def mark(value: Value) -> str:
    """What a value is marked as, or an empty string."""
    if value.WhichOneof("kind") != "struct_value" or MARK not in value.struct_value.fields:
        return ""
    return value.struct_value.fields[MARK].string_value


def inner(value: Value) -> Value:
    """The value below its secret and output marks."""
    while mark(value) in (SECRET, OUTPUT) and "value" in value.struct_value.fields:
        value = value.struct_value.fields["value"]
    return value


def is_unknown(value: Value) -> bool:
    """Whether a value is known only after an update."""
    if mark(value) == OUTPUT and "value" not in value.struct_value.fields:
        return True
    return inner(value).string_value == UNKNOWN


def below(value: Value) -> Iterator[Value]:
    """A value and all values inside it, marks included."""
    yield value
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        for item in value.list_value.values:
            yield from below(item)
    elif kind == "struct_value":
        for item in value.struct_value.fields.values():
            yield from below(item)


def objects(value: Value) -> Iterator[Struct]:
    """The objects that a value is, or that the list it is holds, below the marks."""
    value = inner(value)
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        for item in value.list_value.values:
            yield from objects(item)
    elif kind == "struct_value":
        yield value.struct_value


def secret(value: Value) -> Value:
    """The value marked as a secret."""
    if mark(value) == SECRET:
        return value
    marked = Value()
    marked.struct_value.fields[MARK].string_value = SECRET
    marked.struct_value.fields["value"].CopyFrom(value)
    return marked
