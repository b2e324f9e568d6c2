"""The README's tour can be pasted as it is, and so can the commands of the guide to the HTTP API; the
resource servers of the guide for integrators learn of new keys."""

import json
import os
import re
import runpy
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from joserfc.jwk import ECKey

from tests.browser.site import local_stack
from tests.e2e.guide import snippet
from tests.support import identity

_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def url(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API over HTTP, with the users and clients of a local stack."""
    with local_stack(monkeypatch) as url:
        yield url


@pytest.fixture
def tour(project: Path) -> list[str]:
    """The commands of the tour: of its first part, and of the OAuth client's."""
    return commands(project / "README.md", "A tour")


def commands(page: Path, heading: str = "") -> list[str]:
    """The commands on ``page``, below ``heading`` if one is given."""
    text = page.read_text(encoding="utf-8")
    below = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] if heading else text
    found: list[str] = _COMMANDS.findall(below)
    return found


def pasted(typed: str, url: str, folder: Path) -> list[str]:
    """What ``typed`` prints when ``make`` knows of a stack at ``url``."""
    make = folder / "make"
    make.write_text(f'#!/bin/sh\n[ "$*" = "-s outputs JSON=1" ] && echo \'{json.dumps({"api_url": url})}\'\n')
    make.chmod(0o755)
    run = subprocess.run(
        ["sh", "-eu"],
        input=typed,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "no_proxy": "localhost"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def test_the_tour_shows_what_it_says(url: str, tour: list[str], tmp_path: Path) -> None:
    shown = pasted(tour[0], url, tmp_path)
    answers = [json.loads(line) for line in shown if line.startswith("{")]
    made, named, listed, added, stats, missed = answers
    assert named["data"] == listed["data"] == [made["data"]]
    assert added["data"] == stats["data"]
    assert (stats["data"]["wins"], missed["code"]) == (1, "not_found")
    assert [line for line in shown if line.isdecimal()] == ["304", "200", "412", "204", "401", "403"]
    assert "/players/{player_id}" in shown[-2].split()
    assert shown[-1] == f"{url}/docs"


def test_an_oauth_clients_tour_ends_its_token(url: str, tour: list[str], tmp_path: Path) -> None:
    first = "".join(f"{line}\n" for line in tour[0].splitlines() if line.startswith("API="))
    itself, before, revoked, after = pasted(first + tour[1], url, tmp_path)
    assert json.loads(itself)["token_type"] == "Bearer"
    assert (json.loads(before)["active"], revoked, json.loads(after)) == (True, "200", {"active": False})


def test_a_sandboxs_tour_has_a_world_of_its_own(url: str, tour: list[str], tmp_path: Path) -> None:
    first = tour[0].partition("\n# Log in")[0]
    own, foreign, clock, late, reset, order = pasted(f"{first}\n{tour[2]}", url, tmp_path)
    assert (own, foreign, late, reset) == ("200", "400", "401", "200")
    assert json.loads(clock)["data"]["offset"] == "PT1H"
    assert json.loads(order)["data"]["access_token"]


def test_the_commands_of_the_guide_succeed(url: str, tour: list[str], project: Path, tmp_path: Path) -> None:
    quiet = 'curl() { command curl -s "$@"; }\n'
    login = quiet + tour[0].partition("\n# Create")[0]
    first, *others = commands(project / "docs" / "guides" / "http-api.md")
    made = pasted(f"{login}\n{first}", url, tmp_path)
    player = f"PLAYER={json.loads(made[-1])['data']['player_id']}\n"
    shown = "\n".join([*made, *pasted("\necho\n".join([login, player, *others]), url, tmp_path)])
    assert re.findall(r"^HTTP/\S+ (\d+)", shown, re.MULTILINE) == ["201", "200", "200", "201"]


@pytest.mark.parametrize("name", ["with_pyjwt.py", "with_joserfc.py"])
def test_the_resource_servers_of_the_guide_ask_again_for_a_key_that_they_lack_but_not_at_once(
    url: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: present)
    monkeypatch.setattr("jwt.jwks_client.time", clock)
    monkeypatch.setenv("API", url)
    file = tmp_path / name
    file.write_text(snippet(name), encoding="utf-8")
    claims_of = runpy.run_path(str(file))["claims_of"]
    if "monotonic" in claims_of.__globals__:
        monkeypatch.setitem(claims_of.__globals__, "monotonic", clock.monotonic)
    assert claims_of(access_token(url, identity.KEY))["sub"] == identity.SUBJECT
    new = identity.new_key("key-2")
    identity.store_keys(identity.KEY, new)
    with pytest.raises(Exception, match="key-2"):
        claims_of(access_token(url, new))
    present += 31
    assert claims_of(access_token(url, new))["sub"] == identity.SUBJECT


def access_token(issuer: str, key: ECKey) -> str:
    """A token of the issuer, signed with ``key``."""
    claims = {"iss": issuer, "aud": identity.AUDIENCE, "sub": identity.SUBJECT, "exp": int(time.time()) + 60}
    return identity.compact({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, claims, key)
