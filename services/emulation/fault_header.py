"""The header by which a request asks for a fault of its own: ``status=503;retry_after=2, delay_ms=800``.

Commas separate what is combined, semicolons the parameters of one fault, as in a ``Prefer`` header (RFC 7240 section
2).
"""

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from models.fault import KINDS, Fault, Malformation
from services.emulation.fault_rules import Injected
from utils.errors import PSNEmulatorException

HEADER: Final = "X-Emulator-Fault"
SOURCE: Final = "header"
"""What a faulted answer says that the fault comes from."""

_SPACE: Final = r"[ \t]*"
_FAULT: Final = (
    rf"(status=[2-5][0-9]{{2}}({_SPACE};{_SPACE}retry_after=[0-9]{{1,5}})?"
    rf"|malformed=({'|'.join(get_args(Malformation.__value__))})|timeout|stale|lost_response|delay_ms=[0-9]{{1,5}})"
)
PATTERN: Final = rf"{_FAULT}({_SPACE},{_SPACE}{_FAULT})*"
"""What the header may be, but for faults that exclude each other, and for numbers that are too great."""

_MOST: Final[Mapping[str, int]] = {"status": 599, "retry_after": 86_400, "delay_ms": 30_000}
"""The greatest number of each, as in ``models.fault_body``."""


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
    if not re.fullmatch(PATTERN, value):
        raise InvalidFaultException
    members: dict[str, Any] = {}
    for part in re.split("[,;]", value):
        name, _, given = part.strip().partition("=")
        member: Any = given or True
        if name in _MOST:
            member = int(given)
        if name in members or (name in _MOST and member > _MOST[name]):
            raise InvalidFaultException
        members[name] = member
    if sum(kind in members for kind in KINDS) > 1 or {"timeout", "delay_ms"} <= members.keys():
        raise InvalidFaultException
    return Injected(Fault(**members), SOURCE, members.get("delay_ms", 0))
