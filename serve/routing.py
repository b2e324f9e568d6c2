"""Which route a request goes to: that of a full match with the most segments that are no parameter, else ``$default``
(API Gateway Developer Guide: "Routing API requests")."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from routes import FALLBACK, Route

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class Match(NamedTuple):
    """A route, the key by which it was found, and the path's parameters by name."""

    route: Route
    key: str
    parameters: Mapping[str, str]


class _Template(NamedTuple):
    route: Route
    key: str
    segments: tuple[str, ...]

    def match(self, segments: list[str]) -> Match | None:
        """The match with a path of as many ``segments``."""
        parameters: dict[str, str] = {}
        for template, segment in zip(self.segments, segments, strict=True):
            if template.startswith("{"):
                if not segment:
                    return None
                parameters[template[1:-1]] = segment
            elif template != segment:
                return None
        return Match(self.route, self.key, parameters)


class Router:
    """The routes, by what tells them apart first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._plain: dict[str, Match] = {}
        self._templates: dict[tuple[str, int], list[_Template]] = defaultdict(list)
        for route in routes:
            for key in route.keys:
                method, _, path = key.partition(" ")
                segments = tuple(path.split("/"))
                if "{" in path:
                    self._templates[method, len(segments)].append(_Template(route, key, segments))
                else:
                    self._plain[key] = Match(route, key, {})
        for templates in self._templates.values():
            templates.sort(key=lambda one: sum(part.startswith("{") for part in one.segments))

    def find(self, method: str, path: str) -> Match:
        """The route of a request to ``path`` as :func:`decoded` returns it; extra slashes before it do not count."""
        path = "/" + path.lstrip("/")
        if plain := self._plain.get(f"{method} {path}"):
            return plain
        segments = path.split("/")
        for template in self._templates.get((method, len(segments)), ()):
            if found := template.match(segments):
                return found
        return Match(FALLBACK, FALLBACK.path, {})


def decoded(raw_path: str) -> str:
    """A path as the gateway tells it: every escape decoded but ``%25``."""
    return _ESCAPES.sub(_decoded, raw_path) if "%" in raw_path else raw_path


def _decoded(found: re.Match[str]) -> str:
    parts = re.split("%25", found[0])
    return "%25".join(bytes.fromhex(part.replace("%", "")).decode("utf-8", "replace") for part in parts)
