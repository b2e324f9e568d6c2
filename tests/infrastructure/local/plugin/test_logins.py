"""What the user's Docker configuration has no part in."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from infrastructure.local.plugin.images.build import Build, DockerEngine
from tests.support.fake_docker import FakeDocker


def _log(line: str, *, ephemeral: bool = False) -> None:
    """Logs nothing."""
    del line, ephemeral


def test_a_build_needs_no_program_that_the_configuration_names(
    docker_engine: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "not-there", "auths": {"https://x": {}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch")
    docker_engine.answers["POST /build"] = (200, {"aux": {"ID": "sha256:0123"}})
    build = Build(name="x:1", context=context, dockerfile=context / "Dockerfile", arguments={})
    assert DockerEngine(_log).build(build) == "sha256:0123"
    [asked] = docker_engine.asked("POST /build")
    logins = {name.lower(): value for name, value in asked.headers.items()}["x-registry-config"]
    assert json.loads(b64decode(logins)) == {"localhost": {}}
