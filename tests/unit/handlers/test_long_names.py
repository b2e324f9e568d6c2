"""Names that are longer than any that there may be: nobody has one."""

from urllib.parse import quote

import pytest

from tests.support import identity
from tests.support.gateway import Gateway
from tests.support.tenants import basic
from tests.support.user_agent import FORM
from tests.unit.identity.test_client_registration import APP
from tests.unit.identity.test_user_accounts import admin

LONG = "a" * 1100
WIDE = quote("\U0001f600" * 300)


@pytest.fixture(autouse=True)
def registered(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox with a client of its own, so that clients and users are looked for in the table."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry())
    assert Gateway().post("/auth/register", APP).status == 201


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/auth/authorize?response_type=code&client_id={LONG}", 400),
        ("GET", f"/auth/logout?client_id={LONG}&post_logout_redirect_uri=https://a.test/", 400),
        ("GET", f"/auth/register/{LONG}", 401),
        ("GET", f"/_emulator/users/{LONG}", 404),
        ("DELETE", f"/_emulator/users/{LONG}", 404),
        ("GET", f"/_emulator/clients/{LONG}", 404),
        ("DELETE", f"/_emulator/clients/{LONG}", 404),
        ("GET", f"/_emulator/users?cursor={WIDE}", 200),
        ("GET", f"/_emulator/clients?cursor={WIDE}", 200),
        ("DELETE", f"/_emulator/lockouts/{LONG}", 204),
    ],
)
def test_in_an_address(method: str, path: str, status: int) -> None:
    headers = {"authorization": "Bearer x"} if "register" in path else {}
    assert admin().send(method, path, headers=headers).status == status


@pytest.mark.parametrize("path", ["/auth/token", "/auth/revoke", "/auth/introspect"])
def test_of_a_client_that_authenticates(path: str) -> None:
    form = "grant_type=client_credentials&token=x"
    assert Gateway().post(path, raw=form, headers={**FORM, **basic(LONG, "x")}).status == 401


@pytest.mark.parametrize("member", ["username", "client_id"])
def test_in_an_order(member: str) -> None:
    assert admin().post("/_emulator/tokens", {member: "\U0001f600" * 255}).status == 422
