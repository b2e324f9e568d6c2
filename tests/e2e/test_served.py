"""What is served without AWS is answered as the deployed API answers, but for what the guide lists."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from routes import ROUTES, Route
from tests.serve.twin import difference
from tests.support.sample_requests import Answered, SampleRequest, good_values, samples
from tests.support.sample_sending import over_http
from tests.support.served import serving

_OF_THE_GATEWAY = frozenset({"server", "vary", "transfer-encoding"})
_RELEASE = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}|0\.1\.0(?:\+\w+)?")
_CLIENT = ", rs256-backend"
"""That which the deployed one has besides."""


class Side:
    """One of the two, with what is good there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.send = over_http(url)
        self.values = good_values(self.send, "admin", "admin123")

    def answer(self, request: SampleRequest) -> Answered:
        """The answer without the names of this side."""
        answer = self.send(request)
        headers = {
            name: self._nameless(value)
            for name, value in answer.headers.items()
            if name not in _OF_THE_GATEWAY
        }
        return Answered(answer.status, headers, self._nameless(answer.text), answer.cookies)

    def _nameless(self, text: str) -> str:
        parts = urlsplit(self.url)
        names = (self.url, quote(self.url, safe=""), f"{parts.scheme}://{parts.netloc}", parts.path)
        for name in (*names, _CLIENT):
            text = text.replace(name, "") if name else text
        return _RELEASE.sub("<release>", text.replace('{"message": "', '{"message":"'))


@pytest.fixture(scope="module")
def sides(outputs: dict[str, Any]) -> Iterator[tuple[Side, Side]]:
    """The one served here, and the deployed one."""
    with serving("--workers", "2", "--log-level", "ERROR") as served:
        yield Side(served.url), Side(outputs["api_url"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_request_is_answered_alike(sides: tuple[Side, Side], route: Route) -> None:
    ours, theirs = sides
    for mine, other in zip(samples(route, ours.values), samples(route, theirs.values), strict=True):
        found = difference(ours.answer(mine), theirs.answer(other))
        assert not found, f"{mine} was answered {found}"
    bare = SampleRequest(route, mine.variables)
    assert not difference(ours.answer(bare), theirs.answer(bare))
