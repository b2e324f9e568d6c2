"""The scenarios for QA: pasted into a shell from their beginning to their end, they print what they show."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.site import API, BASE, serving
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from utils.settings import settings

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "guides" / "scenarios"
PREPARATION = FOLDER / "README.md"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page != PREPARATION)

_BLOCKS = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "--- end of a block"
_SEED_SUBJECT = "9c588f6d-700d-473d-879c-c547c665f9e8"
"""The subject of the local stack's testuser."""


@pytest.fixture
def api(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API over HTTP, with the users and clients that the pages use, a journal and faults."""
    with serving(API) as port:
        url = f"http://localhost:{port}{BASE}"
        for name, value in {
            "ISSUER": url,
            "TRUSTED_ISSUER": url,
            "FAULTS": "true",
            "JOURNAL": "true",
            "API_TIMEOUT_SECONDS": "5",
        }.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        identity.publish(monkeypatch, identity.KEY)
        identity.store_keys(identity.KEY)
        identity.store_seed(
            identity.seed_entry(subject=_SEED_SUBJECT),
            registered=[
                identity.client_entry(
                    "demo-admin", secret_hash=HASHER.hash("demo-admin-secret"), scopes=["emulator:admin"]
                )
            ],
        )
        yield url


def blocks(page: Path) -> list[tuple[str, str | None]]:
    """What is pasted of a page, and what is to be printed where it shows that."""
    found = _BLOCKS.findall(page.read_text(encoding="utf-8"))
    shown = [text if kind == "text" else None for kind, text in [*found[1:], ("sh", "")]]
    return [(text, after) for (kind, text), after in zip(found, shown, strict=True) if kind == "sh"]


def test_every_page_is_in_the_table() -> None:
    linked = re.findall(
        r"^\| \[.*\]\(([\w-]+\.md)\) \|", PREPARATION.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(linked) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_a_page_prints_what_it_shows(page: Path, api: str, tmp_path: Path) -> None:
    pasted = [*blocks(PREPARATION), *blocks(page)]
    script = "".join(f"{text}echo '{_END}'\n" for text, _ in pasted).replace(_api_line(), f"API='{api}'\n")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout.split(f"{_END}\n")
    for (text, shown), output in zip(pasted, printed, strict=False):
        if shown is not None:
            pattern = ".*".join(map(re.escape, shown.split("…")))
            assert re.fullmatch(pattern, output, re.DOTALL), f"{text}\n{output}\n{done.stderr}"


def _api_line() -> str:
    """The line of the preparation that asks the deployed stack for its URL."""
    [line] = re.findall(r"^export API=.*\n", PREPARATION.read_text(encoding="utf-8"), re.MULTILINE)
    return str(line)
