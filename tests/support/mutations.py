"""Requests made wrong: every parameter, header, cookie and body of a good one, in every way that comes to mind.

The same seed gives the same requests, but for what is good only once, such as a code.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from random import Random

from tests.support.odd_values import BODIES, HEADERS, JWT_HEADERS, TEXTS, VALUES
from tests.support.sample_requests import SampleRequest


class Mutations:
    """Makes requests wrong by one source of random choices.

    A class because the choices go on from request to request.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def of(self, request: SampleRequest) -> SampleRequest:
        """``request``, made wrong in one place, or sometimes in two or three."""
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            request = self._random.choice(list(self._ways(request)))(request)
        return request

    def _ways(self, request: SampleRequest) -> Iterator[Callable[[SampleRequest], SampleRequest]]:
        if request.variables:
            yield self._variable
        yield self._query
        yield self._header
        yield self._cookie
        if request.token:
            yield self._token
        if request.form is not None:
            yield from (self._field, self._field)
        if request.body is not None:
            yield from (self._member, self._member)
        if request.form is not None or request.body is not None:
            yield self._raw

    def _text(self, good: str) -> str:
        """Something in the place of ``good``: a text of the list, or ``good`` bent, as a token too."""
        at = self._random.randrange(len(good) + 1)
        return self._random.choice(
            (
                *[self._random.choice(TEXTS)] * 4,
                good[:at],
                good[:at] + self._random.choice(TEXTS) + good[at:],
                good + good,
                good.swapcase(),
                self._jwt(good),
            )
        )

    def _jwt(self, good: str) -> str:
        """``good`` with another header, or a made-up token."""
        parts = good.split(".") if good.count(".") == 2 else ["e30", "e30", "AA"]
        header = self._random.choice(JWT_HEADERS)
        if isinstance(header, dict):
            header = {"alg": "ES256", "typ": self._random.choice(("JWT", "at+jwt")), "kid": "key-1", **header}
        parts[self._random.choice((0, 0, 0, 1))] = (
            urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        )
        return ".".join(parts)

    def _variable(self, request: SampleRequest) -> SampleRequest:
        name = self._random.choice(sorted(request.variables))
        text = self._text(request.variables[name]).replace("/", "%2F")
        return replace(request, variables={**request.variables, name: text})

    def _query(self, request: SampleRequest) -> SampleRequest:
        return replace(request, query=self._pairs(request.query, request))

    def _field(self, request: SampleRequest) -> SampleRequest:
        return replace(request, form=self._pairs(request.form or (), request))

    def _pairs(
        self, pairs: tuple[tuple[str, str], ...], request: SampleRequest
    ) -> tuple[tuple[str, str], ...]:
        """``pairs`` with one of them changed, left out or repeated, or with one more, which the route may know."""
        known = [*request.parameter_names, *(name for name, _ in pairs), self._random.choice(TEXTS)]
        more = (self._random.choice(known), self._text(self._random.choice(TEXTS)))
        if not pairs:
            return (more,)
        at = self._random.randrange(len(pairs))
        name, value = pairs[at]
        changed = self._random.choice(
            ([(name, self._text(value))], [(name, self._text(value))], [], [pairs[at]] * 2, [pairs[at], more])
        )
        return (*pairs[:at], *changed, *pairs[at + 1 :])

    def _header(self, request: SampleRequest) -> SampleRequest:
        name = self._random.choice(sorted(HEADERS))
        value = self._random.choice((*HEADERS[name], *[self._text(request.headers.get(name, "x"))] * 2))
        return replace(request, headers={**request.headers, name: _one_line(value)})

    def _cookie(self, request: SampleRequest) -> SampleRequest:
        names = [*request.cookies, "__Host-psn-session", "__Host-psn-browser", "psn-session", "psn-browser"]
        name = self._random.choice(names)
        return replace(
            request, cookies={**request.cookies, name: _one_line(self._text(request.cookies.get(name, "x")))}
        )

    def _token(self, request: SampleRequest) -> SampleRequest:
        if request.route.scope:  # whether it is authentic is the authorizer's to find out
            return self._header(request)
        return replace(request, token=_one_line(self._text(str(request.token)))[:7_000])

    def _member(self, request: SampleRequest) -> SampleRequest:
        body = deepcopy(request.body)
        if not isinstance(body, dict) or self._random.random() < 0.1:
            return replace(request, body=self._random.choice((VALUES[-1], [], [body], "x", 7)))
        names = [*body, self._random.choice(TEXTS)]
        name = self._random.choice(names)
        wrong = [self._text(str(body.get(name))), self._random.choice(VALUES), {name: body.get(name)}]
        body[name] = self._random.choice(wrong)
        if self._random.random() < 0.15:
            del body[name]
        return replace(request, body=body)

    def _raw(self, request: SampleRequest) -> SampleRequest:
        from tests.support.sample_sending import content

        good = content(request)[1] or b""
        at = self._random.randrange(len(good) + 1)
        raw = self._random.choice(
            (*[self._random.choice(BODIES)] * 3, good[:at], good[:at] + b"\xff" + good[at:], good + good)
        )
        return replace(request, raw=raw)


def _one_line(text: str) -> str:
    """``text`` without what no header can have."""
    return text.replace("\n", " ").replace("\0", " ").replace("\r", " ").strip()
