"""A stack of the release before this form of the table: deployed over, cut off, deployed again, and rolled back."""

import shutil
import subprocess
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.checkout import FEW_ROUTES, ROOT, Checkout, checkout_in, copy_of_the_tree

BEFORE = "ca6bcbb"
"""The commit of a release of form 1."""
ROUTES = (*FEW_ROUTES, "auth-refresh", "stats-get", "stats-post")
MORE = 400
"""Statistics besides, so that there is something left to do when it is cut off."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout of the release before, deployed."""
    if subprocess.run(["git", "cat-file", "-e", BEFORE], cwd=ROOT, check=False).returncode:
        pytest.skip(f"this clone has no commit {BEFORE}")
    folder = tmp_path_factory.mktemp("form")
    checkout = checkout_in(folder, "local-form")
    bring(checkout, folder, BEFORE)
    try:
        checkout.done("deploy")
        yield checkout
        checkout.done("destroy")
    finally:
        checkout.make("down")


def bring(checkout: Checkout, folder: Path, commit: str | None) -> None:
    """Has the checkout hold what ``commit`` holds, or this tree, with few routes."""
    for entry in folder.iterdir():
        if entry.name not in {".venv", ".local"}:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if commit is None:
        copy_of_the_tree(folder)
    else:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "x"], cwd=folder, input=archive.stdout, check=True)
    checkout.keep_routes(*ROUTES)
    checkout.be_patient()


def test_all_of_it_comes_along_both_ways(checkout: Checkout) -> None:
    outputs = checkout.json("outputs")
    url, table = outputs["api_url"], outputs["table_name"]
    tokens = httpx.post(
        f"{url}/auth/token", json={"username": "testuser", "password": "password123"}, timeout=30
    ).json()
    api = httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=30
    )
    paths = [made(api, number) for number in range(3)]
    for path in paths:
        result(api, path, score=40)
        result(api, path, score=70)
    dynamodb = checkout.client("dynamodb")
    fill(dynamodb, table)
    before = [told(api, path) for path in paths]
    listed = api.get("/players").json()["data"]

    bring(checkout, checkout.folder, None)
    checkout.cut_off("deploy", at="into form 2")
    assert [told(api, path) for path in paths] == before
    checkout.done("deploy")
    assert [told(api, path) for path in paths] == before
    assert api.get("/players").json()["data"] == listed
    assert shared(dynamodb, table) == 0
    refreshed = httpx.post(
        f"{url}/auth/refresh", json={"refresh_token": tokens["refresh_token"]}, timeout=30
    ).json()
    assert "access_token" in refreshed
    result(api, paths[0], score=90)
    after = [told(api, path) for path in paths]
    assert (after[0]["matches_played"], after[0]["score_best"]) == (3, 90)

    checkout.done("rollback")
    assert checkout.json("outputs")["image_tag"] == outputs["image_tag"]
    assert [told(api, path) for path in paths] == after
    assert api.get("/players").json()["data"] == listed
    assert shared(dynamodb, table) == MORE + len(paths)
    again = {"refresh_token": refreshed["refresh_token"]}
    assert httpx.post(f"{url}/auth/refresh", json=again, timeout=30).status_code == 200
    result(api, paths[0], score=10)
    assert told(api, paths[0])["matches_played"] == 4


def made(api: httpx.Client, number: int) -> str:
    """The path of the statistics of a new player."""
    answer = api.post("/players", json={"username": f"form-{number}", "email": f"form-{number}@mail.example"})
    assert answer.status_code == 201, answer.text
    return f"/players/{answer.json()['data']['player_id']}/stats"


def result(api: httpx.Client, path: str, score: int) -> None:
    answer = api.post(path, json={"outcome": "win", "score": score, "played_at": "2025-03-01T12:00:00Z"})
    assert answer.status_code == 200, answer.text


def told(api: httpx.Client, path: str) -> Any:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def fill(dynamodb: Any, table: str) -> None:
    """Stores statistics in the form of before."""
    for numbers in batched(range(MORE), 25, strict=False):
        items = [
            {"pk": {"S": "default#stats"}, "sk": {"S": f"{number:04}"}, "version": {"N": "1"}}
            for number in numbers
        ]
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]})


def shared(dynamodb: Any, table: str) -> int:
    """How many statistics share a partition."""
    answer = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "default#stats"}},
        Select="COUNT",
    )
    count: int = answer["Count"]
    return count
