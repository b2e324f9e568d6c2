"""Redemptions and refreshes that run at the same moment, each as a request of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

import main
from services.identity import token_families
from services.identity.token_families import Family, family_id_of
from tests.support import identity
from tests.support.gateway import Answer
from tests.unit.identity.conftest import Client
from utils.sandbox import DEFAULT

pytestmark = pytest.mark.usefixtures("the_table")


def _together(times: int, request: Callable[[], Answer]) -> list[Answer]:
    start = Barrier(times)

    def run() -> Answer:
        start.wait()
        return request()

    _ = main.auth_token
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]


def test_of_redemptions_at_once_at_most_one_gets_tokens_and_these_are_revoked(client: Client) -> None:
    code = client.code()
    answers = _together(8, lambda: client.redeem(code))
    won = [answer.json() for answer in answers if answer.status == 200]
    lost = [answer for answer in answers if answer.status != 200]
    assert len(won) == 1
    assert {(answer.status, answer.json()["error"]) for answer in lost} == {(400, "invalid_grant")}
    assert client.userinfo(won[0]["access_token"]).status == 401
    assert client.grant("refresh_token", refresh_token=won[0]["refresh_token"]).status == 400


def test_one_that_another_overtakes_gets_nothing_and_revokes_what_that_got(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, won = client.code(), []
    live = token_families.live_family

    def overtaken(*arguments: Any) -> Family | None:
        result = live(*arguments)
        monkeypatch.setattr(token_families, "live_family", live)
        won.append(client.redeem(code).json())
        return result

    monkeypatch.setattr(token_families, "live_family", overtaken)
    assert client.redeem(code).json()["error"] == "invalid_grant"
    assert client.userinfo(won[0]["access_token"]).status == 401


def test_one_that_a_revocation_overtakes_gets_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = client.code()
    live = token_families.live_family

    def overtaken(*arguments: Any) -> Family | None:
        token_families.revoke(DEFAULT, str(family_id_of(code)))
        monkeypatch.setattr(token_families, "live_family", live)
        return Family(
            sandbox=DEFAULT,
            id=str(family_id_of(code)),
            subject=identity.SUBJECT,
            client_id=identity.BACKEND,
            scope="openid",
            auth_time=0,
            expires_at=0,
            basis={},
        )

    monkeypatch.setattr(token_families, "live_family", overtaken)
    assert client.redeem(code).json()["error"] == "invalid_grant"


def test_fifty_uses_of_one_refresh_token_at_once_all_get_the_same_tokens(client: Client) -> None:
    token = client.redeem(client.code()).json()["refresh_token"]
    answers = _together(50, lambda: client.grant("refresh_token", refresh_token=token))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    successor = answers[0].json()["refresh_token"]
    assert client.grant("refresh_token", refresh_token=successor).status == 200
