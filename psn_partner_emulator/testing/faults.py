"""The faults and the rate limit of a sandbox."""

from typing import Any

from .api import Api, segment


class Faults:
    """The rules by which the partner's routes fail in the sandbox at ``path``.

    Each method raises ``EmulatorError``.
    """

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = f"{path}/faults"

    def add(
        self,
        *faults: dict[str, Any] | str,
        then: str | None = None,
        times: int | None = None,
        probability: float | None = None,
        expires_in: int | None = None,
        **match: Any,
    ) -> dict[str, Any]:
        """A new rule; what the API tells of it, its ``id`` among others.

        Each request that it means takes the next of ``faults``, such as ``{"status": 503, "retry_after": 2}``,
        ``{"delay_ms": 800}``, ``{"lost_response": True}``, or ``"pass"``. ``match`` says which requests: ``method``,
        ``path``, ``sub``, ``client_id``, ``player_id``, ``header``; all where it is left out.
        """
        said = {"then": then, "times": times, "probability": probability, "expires_in": expires_in}
        rule: dict[str, Any] = {"faults": list(faults)}
        rule |= {name: value for name, value in said.items() if value is not None}
        if match:
            rule["match"] = match
        told: dict[str, Any] = self._api.operate("POST", self._path, rule)["data"]
        return told

    def get(self, rule: str) -> dict[str, Any]:
        """The rule of this id, and how often it has acted (``hits``)."""
        told: dict[str, Any] = self._api.operate("GET", f"{self._path}/{segment(rule)}")["data"]
        return told

    def remove(self, rule: str) -> None:
        """Ends the rule of this id."""
        self._api.operate("DELETE", f"{self._path}/{segment(rule)}")

    def clear(self) -> None:
        """Ends all rules."""
        self._api.operate("DELETE", self._path)
