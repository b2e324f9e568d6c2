"""Whether who has a token is served, asked from outside: what ``cloud.probe`` asks holds none that is valid."""

import secrets
from collections.abc import Collection
from http import HTTPStatus

import routes
from infrastructure.cloud.probe import ProbeResult, ask

SANDBOX = "smoke"
"""Where players are made and deleted, so that nobody else's data is touched."""


def probe(api_url: str, user: str, password: str, *, in_sandbox: bool) -> tuple[ProbeResult, ...]:
    """The results of a login of the ``user`` and of what its token opens: the list of players, and ``in_sandbox`` a
    player who is made, read and deleted in the sandbox ``SANDBOX``. Of the default sandbox nothing is changed.

    What depends on a request that failed is not asked.
    """
    base = f"{api_url}/s/{SANDBOX}" if in_sandbox else api_url
    results: list[ProbeResult] = []

    def send(name: str, expected: Collection[HTTPStatus], body: object = None, **path: str) -> object:
        """The answer's object; ``None`` if it is another than ``expected``."""
        route = next(route for route in routes.ROUTES if route.name == name)
        url = base + route.path.format_map(path)
        status, answer = ask(url, token, method=route.method, body=body)
        ok = status in expected
        wanted = "" if ok else f", not {min(expected)}"
        results.append(ProbeResult(f"{route.key} as {user}", route.function_name, f"{status}{wanted}", ok))
        return answer if ok else None

    token: str | None = None
    tokens = send("auth-token", {HTTPStatus.OK}, {"username": user, "password": password})
    if not isinstance(tokens, dict):
        return tuple(results)
    token = str(tokens.get("access_token"))
    known = {route.name for route in routes.ROUTES}
    if "players-list" in known:
        send("players-list", {HTTPStatus.OK})
    if in_sandbox and known >= {"players-create", "players-get", "players-delete"}:
        name = f"smoke-{secrets.token_hex(4)}"
        player = {"username": name, "email": f"{name}@players.example"}
        made = send("players-create", {HTTPStatus.CREATED}, player)
        if isinstance(made, dict):
            player_id = str(made.get("data", {}).get("player_id"))
            send("players-get", {HTTPStatus.OK}, player_id=player_id)
            send("players-delete", {HTTPStatus.NO_CONTENT}, player_id=player_id)
    return tuple(results)
