"""The requests that a sandbox has had: its journal."""

from datetime import timedelta
from typing import Any

from .api import Api, EmulatorError, duration


class VerificationError(AssertionError):
    """The sandbox has not had the requests that it was to have.

    ``failure`` is the API's answer: ``expected``, ``actual``, ``near_misses``, ``complete``. The text tells of them.
    """

    def __init__(self, failure: dict[str, Any]) -> None:
        super().__init__(told(failure))
        self.failure = failure


def told(failure: dict[str, Any]) -> str:
    """What was expected, what there was, and what the requests that come closest have otherwise; a line each."""
    expected, actual = (_some(failure.get(part) or {}) for part in ("expected", "actual"))
    lines = [f"expected {expected}; there is {actual}"]
    if not failure.get("complete", True):
        lines.append("not every request is known to be in the journal, so it confirms no upper bound")
    for miss in failure.get("near_misses") or ():
        lines.append(f"near miss {miss['request_id']}:")
        lines += [
            f"  {'=' if part['ok'] else '≠'} {part['field']}: {part['actual']!r}"
            + ("" if part["ok"] else f", expected {part['expected']!r}")
            for part in miss["criteria"]
        ]
    return "\n".join(lines)


def _some(counts: dict[str, Any]) -> str:
    """The counts that are there: ``exactly 2``, ``count 0``."""
    return ", ".join(f"{name} {value}" for name, value in counts.items() if value is not None) or "nothing"


class Requests:
    """The requests to the partner's routes that the sandbox at ``path`` has had.

    Each method raises ``EmulatorError``.
    """

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = f"{path}/requests"

    def all(self, **filters: Any) -> list[dict[str, Any]]:
        """Up to 1,000 of them, in order; by ``method``, ``path``, ``status``, ``client_id`` and ``fault``.

        ``limit`` is how many at the most, with ``order="desc"`` of the last.
        """
        wanted = filters.pop("limit", 1000)
        rows: list[dict[str, Any]] = []
        cursor = None
        while len(rows) < wanted:
            part = min(wanted - len(rows), 100)
            answer = self._api.operate("GET", self._path, limit=part, after=cursor, **filters)
            rows += answer["data"]
            cursor = answer["meta"]["next_cursor"]
            if not answer["meta"]["has_more"] or cursor is None:
                break
        return rows

    def verify(
        self,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        within: timedelta | float | str | None = None,
        **match: Any,
    ) -> dict[str, Any]:
        """Asserts how many requests there were that ``match``: at least one where no count is given.

        ``match`` has ``method``, ``path``, ``sub``, ``client_id``, ``player_id``, ``header``, ``status`` and ``body``.
        ``within`` is how long it may take until it is so: a ``timedelta``, seconds, or an ISO 8601 duration, up to 20
        seconds. What the API answers; raises ``VerificationError``.
        """
        given = {"exactly": exactly, "at_least": at_least, "at_most": at_most}
        question: dict[str, Any] = {"match": match}
        if count := {name: number for name, number in given.items() if number is not None}:
            question["count"] = count
        if within is not None:
            question["within"] = duration(within)
        return self.ask(question)

    def verify_order(
        self, *steps: dict[str, Any], within: timedelta | float | str | None = None
    ) -> dict[str, Any]:
        """Asserts that requests which match the ``steps`` were received in this order, whatever came between."""
        limit = {} if within is None else {"within": duration(within)}
        return self.ask({"in_order": list(steps), **limit})

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Asks the body of ``POST /_emulator/requests/verify``; what it answers. Raises ``VerificationError``."""
        try:
            answer: dict[str, Any] = self._api.operate("POST", f"{self._path}/verify", question)["data"]
        except EmulatorError as error:
            if error.code != "verification_failed":
                raise
            raise VerificationError(error.problem) from None
        return answer

    def clear(self) -> None:
        """Begins anew, with none."""
        self._api.operate("DELETE", self._path)
