"""The guide's list of differences is short, and of each it is true what it says of what is served here."""

import argparse
import re
from pathlib import Path

import httpx

from serve import workers
from serve.options import add_options
from tests.support.served import Served
from utils.version import VERSION

MOST = 7


def table(project: Path, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the guide, without its head."""
    text = (project / "docs/guides/alone.md").read_text(encoding="utf-8")
    below = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*) \|$", below, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows if not row.startswith("---")]


def test_the_differences_are_few_and_each_says_how_it_is_everywhere(project: Path) -> None:
    rows = table(project, "What is different")[1:]
    assert 0 < len(rows) <= MOST
    assert all(len(row) == 4 and all(row) for row in rows)


def test_the_options_are_those_that_there_are(project: Path) -> None:
    told = {name for row in table(project, "Serve") for name in re.findall(r"--([a-z-]+)", row[0])}
    parser = argparse.ArgumentParser(add_help=False)
    add_options(parser)
    assert told == {name.removeprefix("--") for one in parser._actions for name in one.option_strings}


def test_the_rows_are_true_of_what_is_served_here(served: Served, client: httpx.Client) -> None:
    assert workers._WAITING == 1000
    origin = {"Origin": "https://game.example"}
    asked = {**origin, "Access-Control-Request-Method": "GET"}
    preflight = client.options("/players", headers=asked)
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert client.options("/players").status_code == 405
    refused = client.get("/players", headers=origin)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
    answer = client.get("/healthz")
    assert "access-control-allow-origin" not in answer.headers
    assert all(name == name.lower() for name, _ in answer.headers.raw)
    assert answer.json()["image_tag"] == VERSION
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["apigw-requestid"])
    assert answer.headers["apigw-requestid"] == answer.headers["x-request-id"]
    assert served.url.startswith("http://localhost:")
