"""Players for tests."""

from typing import Any

from tests.conftest import all_items
from tests.support.gateway import Gateway

NOBODY = "01890000-0000-7000-8000-000000000000"
FULL = {
    "username": "Kratos-01",
    "email": "kratos@sparta.example",
    "display_name": "Ghost of Sparta",
    "country": "GR",
    "language": "el-GR",
    "status": "suspended",
}


def body(username: str = "kratos", **fields: Any) -> dict[str, Any]:
    """A body that makes a player of this name."""
    return {"username": username, "email": f"{username.lower()}@mail.example", **fields}


def made(api: Gateway, username: str = "kratos", **fields: Any) -> dict[str, Any]:
    """A new player, as it was answered."""
    answer = api.post("/players", body(username, **fields))
    assert answer.status == 201
    player: dict[str, Any] = answer.data
    return player


def items() -> list[str]:
    """The partition keys of all items there are but those of sessions."""
    keys = sorted(item["pk"] for item in all_items())
    return [key for key in keys if "#family#" not in key and "#user#" not in key]
