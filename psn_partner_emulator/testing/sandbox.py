"""A sandbox, operated by its administrator."""

from typing import Any

from .api import Api, EmulatorError, segment
from .clock import Clock
from .faults import Faults
from .requests import Requests


class Sandbox:
    """The sandbox ``name``: users, clients, players, tokens, faults, a journal and a clock that nothing else shares.

    Each method raises ``EmulatorError``.
    """

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._about = f"/_emulator/sandboxes/{segment(name)}"
        prefix = "" if name == "default" else f"/s/{segment(name)}"
        self._routes = f"{prefix}/_emulator"
        self.name = name
        self.base_url = api.url + prefix
        """The base URL of its API, and the issuer of its tokens."""
        self.clock = Clock(api, self._routes)
        self.faults = Faults(api, self._routes)
        self.requests = Requests(api, self._routes)

    def __repr__(self) -> str:
        return f"<Sandbox {self.base_url}>"

    def token(self, username: str | None = "testuser", **order: Any) -> str:
        """An access token of the user, without a login; of the client ``client_id`` itself where ``username`` is
        ``None``.

        ``order`` has the members of ``POST /_emulator/tokens``: ``scope``, ``client_id``, ``claims``, ``aud``,
        ``expires_in``, ``not_before``, ``defect`` (``expired``, ``bad_signature`` and others).
        """
        ordered = self.order(username, **order)
        token = ordered["access_token"] or ordered["id_token"]
        return str(token)

    def order(self, username: str | None = "testuser", **order: Any) -> dict[str, Any]:
        """As :meth:`token`, with all that the API tells of it, its ``claims`` among others."""
        whom = {} if username is None or "sub" in order else {"username": username}
        told: dict[str, Any] = self._api.operate("POST", f"{self._routes}/tokens", {**whom, **order})["data"]
        return told

    def declare(self, **declared: Any) -> dict[str, Any]:
        """Makes it, or changes how it will be after its next reset: ``seed`` (a name or a document),
        ``seed_number``, ``ttl``, ``strict``. What the API tells of it."""
        told: dict[str, Any] = self._api.operate("PUT", self._about, declared)["data"]
        return told

    def about(self) -> dict[str, Any]:
        """What the API tells of it; ``EmulatorError`` where it is not there."""
        told: dict[str, Any] = self._api.operate("GET", self._about)["data"]
        return told

    def seed(self, seed: str | dict[str, Any], **declared: Any) -> dict[str, Any]:
        """Has it hold the seed, a name or a document, and nothing else. What the API tells of it."""
        self.declare(seed=seed, **declared)
        return self.reset()

    def reset(self) -> dict[str, Any]:
        """Has it hold its seed and nothing else; its tokens are dead. What the API tells of it."""
        told: dict[str, Any] = self._api.operate("POST", f"{self._about}/reset")["data"]
        return told

    def export(self, *, limit: int | None = None) -> list[dict[str, Any]]:
        """Its state as documents, one for every ``limit`` players, 1,000 when left out."""
        pages: list[dict[str, Any]] = []
        cursor = None
        while True:
            answer = self._api.operate("GET", f"{self._about}/export", cursor=cursor, limit=limit)
            pages.append(answer["data"])
            cursor = (answer.get("meta") or {}).get("next_cursor")
            if cursor is None:
                return pages

    def import_(self, *pages: dict[str, Any]) -> None:
        """Has it hold the state of the ``pages`` of an export in the place of all that it holds."""
        following = None
        for page in pages:
            query: dict[str, str] = {} if following is None else {"continue": following}
            told = self._api.operate("POST", f"{self._about}/import", page, **query)["data"]
            following = told["next_page"]
        if following is not None:
            raise EmulatorError(
                "The export is not whole: its last pages are missing, and nothing was changed"
            )

    def put_user(self, username: str, **user: Any) -> dict[str, Any]:
        """Makes or replaces a user: ``password``, ``email``, ``scopes`` and others."""
        told: dict[str, Any] = self._api.operate("PUT", f"{self._routes}/users/{segment(username)}", user)
        return told

    def put_client(self, client_id: str, **client: Any) -> dict[str, Any]:
        """Makes or replaces a client: ``name``, ``grant_types``, ``scopes``, ``secret`` and others."""
        told: dict[str, Any] = self._api.operate(
            "PUT", f"{self._routes}/clients/{segment(client_id)}", client
        )
        return told

    def limit(self, requests: int, window: str, **limit: Any) -> None:
        """Each client may send so many ``requests`` in each ``window``, an ISO 8601 duration of real time."""
        self._api.operate("PUT", f"{self._routes}/limits", {"requests": requests, "window": window, **limit})

    def delete(self) -> None:
        """Ends it at once; one that is not there is ended."""
        try:
            self._api.operate("DELETE", self._about)
        except EmulatorError as error:
            if error.code != "sandbox_not_found":
                raise
