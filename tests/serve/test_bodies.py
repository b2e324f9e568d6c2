"""What the bodies of requests may have of memory and of time."""

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from serve.bodies import Bodies, GoneError, RefusedError
from serve.gateway import Gateway

SCOPE: dict[str, Any] = {"type": "http", "headers": []}


class Sent:
    """A caller that sends parts of a body, one after the other, and then nothing more for ever."""

    def __init__(self, *parts: bytes, is_whole: bool = True) -> None:
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": not is_whole or number < len(parts) - 1}
            for number, part in enumerate(parts)
        ]

    async def __call__(self) -> dict[str, Any]:
        """The next message of ASGI."""
        if self.messages:
            return self.messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError


async def read(bodies: Bodies, sent: Sent) -> bytes:
    async with bodies.read(SCOPE, sent) as body:
        return body


def refusal(bodies: Bodies, sent: Sent) -> tuple[int, str]:
    with pytest.raises(RefusedError) as refused:
        asyncio.run(read(bodies, sent))
    outgoing = refused.value.outgoing
    return outgoing.status, json.loads(outgoing.body)["message"]


def test_a_body_is_what_its_parts_are() -> None:
    assert asyncio.run(read(Bodies(), Sent(b"one, ", b"two"))) == b"one, two"


@pytest.mark.parametrize("is_told", [True, False])
def test_one_that_is_too_large_is_413_with_and_without_its_length(is_told: bool) -> None:
    scope = {**SCOPE, "headers": [(b"content-length", b"10485761")] if is_told else []}

    async def ask() -> None:
        async with Bodies().read(scope, Sent(*[b"x" * (1 << 20)] * 11)):
            raise AssertionError

    with pytest.raises(RefusedError) as refused:
        asyncio.run(ask())
    assert refused.value.outgoing.status == 413


def test_one_that_comes_by_dribbles_is_408() -> None:
    bodies = Bodies(seconds=0.05)
    assert refusal(bodies, Sent(b"x", b"y", is_whole=False)) == (408, "Request Timeout")
    assert asyncio.run(read(bodies, Sent(b"x"))) == b"x"


def test_all_together_have_a_bound_and_give_back_what_they_held() -> None:
    bodies = Bodies(most=10)

    async def both() -> None:
        async with bodies.read(SCOPE, Sent(b"x" * 6)) as first:
            assert first == b"x" * 6
            with pytest.raises(RefusedError) as refused:
                await read(bodies, Sent(b"y" * 6))
            assert refused.value.outgoing.status == 503
            assert await read(bodies, Sent(b"z" * 4)) == b"zzzz"
        assert await read(bodies, Sent(b"x" * 10)) == b"x" * 10

    asyncio.run(both())


def test_a_caller_who_has_gone_gives_back_what_it_had_sent() -> None:
    bodies = Bodies(most=10)
    gone = Sent(b"x" * 8, is_whole=False)
    gone.messages.append({"type": "http.disconnect"})
    with pytest.raises(GoneError):
        asyncio.run(read(bodies, gone))
    assert asyncio.run(read(bodies, Sent(b"x" * 10))) == b"x" * 10


def test_an_answer_that_breaks_off_is_not_taken_for_a_caller_who_has_gone() -> None:
    async def call(_: Any) -> None:
        raise ConnectionResetError

    async def send(_: Any) -> None:
        raise AssertionError

    scope = {
        **SCOPE,
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "http_version": "1.1",
    }
    workers: Any = SimpleNamespace(call=call)
    gateway = Gateway(workers, timedelta(seconds=5))
    with pytest.raises(ConnectionResetError):
        asyncio.run(gateway(scope, Sent(b""), send))
