"""What is served goes by more names than one."""

import httpx
import pytest

from tests.serve.conftest import NAME, USER
from tests.support.served import Served


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_request_is_answered_under_the_name_that_it_is_sent_to(served: Served, scheme: str) -> None:
    url = f"{scheme}://{NAME}"
    with httpx.Client(base_url=served.url, timeout=60) as client:
        client.headers = {"Host": NAME, "X-Forwarded-Proto": scheme}
        told = client.get("/.well-known/openid-configuration").json()
        assert (told["issuer"], told["token_endpoint"]) == (url, f"{url}/auth/token")
        token = client.post("/auth/token", json=USER).json()["access_token"]
        assert client.get("/auth/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}) as other:
        assert other.get("/players").status_code == 200


def test_a_name_that_is_not_listed_changes_nothing(served: Served) -> None:
    told = httpx.get(f"{served.url}/.well-known/openid-configuration", headers={"Host": "elsewhere:8080"})
    assert told.json()["issuer"] == served.url
