"""Registries in memory that speak the OCI distribution API to whoever uses ``requests``."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
type Answer = tuple[int, dict[str, str], bytes | str]


def digest_of(content: bytes) -> str:
    """The digest of ``content`` as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class FakeRegistry:
    """A registry at ``origin`` with one repository; who comes with another ``token`` is turned away.

    ``received`` are the digests of the blobs that were sent to it, in their order; ``dies_at`` is the one whose
    sending cuts the connection.
    """

    origin: str
    repository: str
    token: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)
    dies_at: str = ""
    refusal: Answer | None = None

    def push(self, tag: str, *contents: bytes) -> str:
        """Puts an image of these layers into the repository; its digest."""
        config, *layers = [self._described(content) for content in (b"{}", *contents)]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        # Spaces that no serializer would choose: a copy that is not byte by byte has another digest.
        raw = json.dumps(manifest, indent=3).encode()
        self.manifests |= {tag: raw, digest_of(raw): raw}
        return digest_of(raw)

    def answer(self, request: requests.PreparedRequest) -> Answer:
        """What the registry answers."""
        url = urlsplit(str(request.url))
        if self.token and request.headers.get("Authorization") != f"Basic {self.token}":
            return 401, {"WWW-Authenticate": f'Basic realm="{self.origin}/",service="ecr.amazonaws.com"'}, ""
        kind, _, name = url.path.removeprefix(f"/v2/{self.repository}/").partition("/")
        do: Callable[..., Answer] = getattr(self, f"_{str(request.method).lower()}_{kind}")
        return do(name, request, parse_qs(url.query))

    def _described(self, content: bytes) -> dict[str, Any]:
        self.blobs[digest_of(content)] = content
        return {"mediaType": "application/octet-stream", "size": len(content), "digest": digest_of(content)}

    def _head_manifests(self, name: str, *_: object) -> Answer:
        if name not in self.manifests:
            return 404, {}, ""
        return 200, {"Docker-Content-Digest": digest_of(self.manifests[name]), "Content-Type": MANIFEST}, ""

    def _get_manifests(self, name: str, *_: object) -> Answer:
        return 200, {"Content-Type": MANIFEST}, self.manifests[name]

    def _put_manifests(self, name: str, request: requests.PreparedRequest, _: object) -> Answer:
        if self.refusal:
            return self.refusal
        assert request.headers["Content-Type"] == MANIFEST
        raw = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        parsed = json.loads(raw)
        assert {item["digest"] for item in (parsed["config"], *parsed["layers"])} <= self.blobs.keys()
        self.manifests |= {name: raw, digest_of(raw): raw}
        return 201, {}, ""

    def _head_blobs(self, name: str, *_: object) -> Answer:
        return (200, {}, "") if name in self.blobs else (404, {}, "")

    def _get_blobs(self, name: str, *_: object) -> Answer:
        return 200, {}, self.blobs[name]

    def _post_blobs(self, *_: object) -> Answer:
        return 202, {"Location": f"{self.origin}/v2/{self.repository}/blobs/uploads/7?state=x"}, ""

    def _put_blobs(self, _: str, request: requests.PreparedRequest, query: dict[str, list[str]]) -> Answer:
        [digest] = query["digest"]
        if digest == self.dies_at:
            raise requests.ConnectionError("reset by peer", request=request)
        body: Any = request.body
        content = b"".join(body)
        assert digest_of(content) == digest
        assert request.headers["Content-Length"] == str(len(content))
        self.received.append(digest)
        self.blobs[digest] = content
        return 201, {}, ""


@contextmanager
def served(*registries: FakeRegistry) -> Iterator[None]:
    """Has the registries, and no other host, answer ``requests`` while the block runs."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for registry in registries:
            place = re.compile(re.escape(f"{registry.origin}/v2/{registry.repository}/"))
            for method in ("HEAD", "GET", "POST", "PUT"):
                mock.add_callback(method, place, registry.answer)
        yield
