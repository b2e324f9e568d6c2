"""A lock-out on a deployed stack, and the two ways to lift it."""

from typing import Any

import httpx
import pytest

from tests.support.checkout import Checkout

NAME = "locked-out"


def attempt(api: httpx.Client) -> httpx.Response:
    return api.post("/auth/token", json={"username": NAME, "password": "wrong"})


@pytest.fixture
def admin(api: httpx.Client) -> dict[str, str]:
    """The headers of the emulator's admin."""
    login = {"username": "admin", "password": "admin123", "scope": "emulator:admin"}
    answer: Any = api.post("/auth/token", json=login).json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_it_lasts_until_it_is_lifted_by_make_or_by_the_admin(
    deployed: Checkout, api: httpx.Client, admin: dict[str, str]
) -> None:
    for lift in ("make", "admin"):
        for _ in range(10):
            assert "retry-after" not in attempt(api).headers
        assert 0 < int(attempt(api).headers["retry-after"]) <= 60
        if lift == "make":
            assert f"Forgot the failed logins of {NAME} from " in deployed.done("unlock", f"USER={NAME}")
        else:
            assert api.delete(f"/_emulator/lockouts/{NAME}", headers=admin).status_code == 204
    assert "retry-after" not in attempt(api).headers
