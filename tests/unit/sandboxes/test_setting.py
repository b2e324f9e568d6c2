"""What the stack's setting ``sandboxes`` allows."""

import pytest

from services.sandboxes.opening import begin, opened
from tests.support import identity
from tests.support.gateway import Gateway, open_session
from utils.sandbox import DEFAULT
from utils.settings import settings

LOGIN = {"username": identity.USERNAME, "password": identity.PASSWORD}


@pytest.fixture
def stack(the_table: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A stack with this setting, and with a sandbox that was declared."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry())
    begin("declared", None, {"is_declared": True, "ends_at": 4_000_000_000})
    monkeypatch.setenv("SANDBOXES", request.param)
    settings.cache_clear()


@pytest.mark.parametrize(
    ("stack", "statuses"),
    [("open", (200, 200, 200)), ("declared", (200, 200, 400)), ("off", (200, 400, 400))],
    indirect=["stack"],
)
def test_it_says_which_sandboxes_there_are(stack: None, statuses: tuple[int, ...]) -> None:
    bases = ("", "/s/declared", "/s/named")
    answers = [Gateway().post(f"{base}/auth/token", LOGIN) for base in bases]
    assert tuple(answer.status for answer in answers) == statuses
    for answer in answers:
        assert answer.status == 200 or answer.json()["error_description"]


@pytest.mark.parametrize("stack", ["open"], indirect=True)
def test_switched_off_it_ends_the_tokens_of_sandboxes_and_what_operates_them(
    stack: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandboxed, administrator = Gateway(open_session(opened("declared"))), Gateway(open_session(DEFAULT))
    assert sandboxed.get("/players").status == 200
    monkeypatch.setenv("SANDBOXES", "off")
    settings.cache_clear()
    assert (sandboxed.get("/players").status, administrator.get("/players").status) == (401, 200)
    assert administrator.delete("/_emulator/lockouts/testuser").code == "not_found"
