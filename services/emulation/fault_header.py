"""The header by which a request asks for a fault of its own: ``status=503;retry_after=2, delay_ms=800``.

Commas separate what is combined, semicolons the parameters of one fault, as in a ``Prefer`` header (RFC 7240 section
2).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from models.fault import KINDS, Fault, Malformation
from services.emulation.fault_rules import Injected
from utils.errors import PSNEmulatorException

HEADER: Final = "X-Emulator-Fault"
SOURCE: Final = "header"
"""What a faulted answer says that the fault comes from."""

_NUMBERS: Final[Mapping[str, range]] = {
    "status": range(200, 600),
    "retry_after": range(86401),
    "delay_ms": range(30_001),
}
_FLAGS: Final = ("timeout", "stale", "lost_response")
_LONGEST: Final = 5
"""Digits."""


class InvalidFaultException(PSNEmulatorException):
    """The header ``X-Emulator-Fault`` cannot be read; the request was not carried out."""

    status = 400
    code = "invalid_fault"
    title = "Invalid fault"

    def __init__(self) -> None:
        super().__init__(
            "X-Emulator-Fault should be such as status=503;retry_after=2, malformed=empty, timeout, stale or"
            " lost_response, one of them, and delay_ms=800."
        )


class FaultsOffException(PSNEmulatorException):
    """The header ``X-Emulator-Fault`` asks for a fault, and the stack has none."""

    status = 400
    code = "faults_off"
    title = "Faults off"

    def __init__(self) -> None:
        super().__init__("This stack has no faults: its setting faults is off.")


def asked(value: str) -> Injected:
    """The fault that the header asks for; raises :class:`InvalidFaultException`."""
    members: dict[str, Any] = {}
    for name, member in _members(value):
        if name in members:
            raise InvalidFaultException
        members[name] = member
    kinds = sum(kind in members for kind in KINDS)
    if (
        kinds > 1
        or not (kinds or "delay_ms" in members)
        or ("retry_after" in members and "status" not in members)
        or ("timeout" in members and "delay_ms" in members)
    ):
        raise InvalidFaultException
    return Injected(Fault(**members), SOURCE, members.get("delay_ms", 0))


def _members(value: str) -> Iterator[tuple[str, Any]]:
    """The names and values in the header; a parameter stands with the fault that it is of."""
    for fault in value.split(","):
        first, *parameters = (part.strip() for part in fault.split(";"))
        name, _, _ = first.partition("=")
        if name == "retry_after" or (parameters and name != "status"):
            raise InvalidFaultException
        yield _member(first)
        for parameter in parameters:
            if not parameter.startswith("retry_after="):
                raise InvalidFaultException
            yield _member(parameter)


def _member(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    is_number = value.isascii() and value.isdecimal() and len(value) <= _LONGEST
    if name in _NUMBERS and is_number and int(value) in _NUMBERS[name]:
        return name, int(value)
    if name in _FLAGS and (not equals or value == "true"):
        return name, True
    if name == "malformed" and value in get_args(Malformation.__value__):
        return name, value
    raise InvalidFaultException
