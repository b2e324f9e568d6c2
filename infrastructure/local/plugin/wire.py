"""Converts property values to and from the messages of the provider protocol.

The protocol carries properties as ``google.protobuf.Struct``, in which special strings and objects stand for unknown
values, secrets and files (sdk/go/common/resource/properties.go in pulumi/pulumi).
"""

from typing import Final

from google.protobuf import struct_pb2

from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, without_none

_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the engine's marker of a secret, not a secret


def from_struct(message: struct_pb2.Struct) -> Properties:
    """The properties in ``message``: whole numbers as ``int``, the values of secrets, no nulls.

    Raises ``PluginError`` for files and archives, which no supported resource takes.
    """
    return without_none({name: _from_value(item) for name, item in message.fields.items()})


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """``properties`` as a message."""
    return struct_pb2.Struct(fields={name: _to_value(item) for name, item in properties.items()})


def _from_value(message: struct_pb2.Value) -> Value:
    match message.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if message.string_value in _UNKNOWNS else message.string_value
        case "bool_value":
            return message.bool_value
        case "number_value":
            number = message.number_value
            return int(number) if number.is_integer() else number
        case "list_value":
            return [_from_value(item) for item in message.list_value.values]
        case "struct_value":
            return _from_object(message.struct_value)
        case _:
            return None


def _from_object(message: struct_pb2.Struct) -> Value:
    fields = message.fields
    if _SIGNATURE not in fields:
        return from_struct(message)
    if fields[_SIGNATURE].string_value == _SECRET:
        return _from_value(fields["value"])
    raise PluginError("files and archives are not supported by the stand-in plugin")


def _to_value(value: Value) -> struct_pb2.Value:
    message = struct_pb2.Value()
    if value is None:
        message.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        message.string_value = _UNKNOWN_TEXT
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, list):
        message.list_value.values.extend(_to_value(item) for item in value)
        message.list_value.SetInParent()
    else:
        message.struct_value.CopyFrom(to_struct(value))
    return message
