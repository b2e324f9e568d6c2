"""What is in the table, saved in a file and brought back."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest

from infrastructure import cli
from infrastructure.automation import workspace
from infrastructure.cloud import table_migration
from infrastructure.commands import readiness, table_data
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed
from infrastructure.release.state import STACK, StackState
from infrastructure.stack.loading import load_settings

NOTE = {"S": table_migration.NOTE[0]}
ITEMS: list[dict[str, Any]] = [
    {
        "pk": {"S": "a"},
        "sk": {"S": f"{number:03}"},
        "bytes": {"B": b"\x00\xff"},
        "sets": {"BS": [b"1", b"2"]},
        "base64": {"M": {"base64": {"S": "AA=="}, "number": {"N": "1.50"}}},
        "items": {"L": [{"NULL": True}, {"BOOL": False}, {"S": "Zoë \u2028"}]},
    }
    for number in range(60)
]


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the AWS of the stack ``dev``, whose table is empty."""
    state = StackState({"urn": {"type": STACK, "outputs": {"table_name": "psn"}}})
    monkeypatch.setattr(workspace, "read_state", lambda _: state)
    monkeypatch.setattr(readiness, "require_aws", lambda *_: None)
    with moto.mock_aws():
        client: Any = boto3.client("dynamodb", load_settings("dev").region)
        create(client)
        yield client


def create(client: Any, sort_key: str = "sk") -> None:
    client.create_table(
        TableName="psn",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": sort_key, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", sort_key)],
        BillingMode="PAY_PER_REQUEST",
    )


def fill(client: Any) -> None:
    for item in ITEMS:
        client.put_item(TableName="psn", Item=item)


def content(client: Any) -> list[dict[str, Any]]:
    items = [item for item in client.scan(TableName="psn")["Items"] if item["pk"] != NOTE]
    return sorted(items, key=lambda item: item["sk"]["S"])


def test_what_was_exported_comes_back_into_a_new_table(client: Any, tmp_path: Path) -> None:
    fill(client)
    before, file = content(client), tmp_path / "data.jsonl"
    assert table_data.export(load_settings("dev"), file) == len(ITEMS)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    client.delete_table(TableName="psn")
    create(client)
    assert table_data.bring_back(load_settings("dev"), file, dry_run=True) == len(ITEMS)
    assert content(client) == []
    assert table_data.bring_back(load_settings("dev"), file) == len(ITEMS)
    assert content(client) == before


def test_items_of_an_earlier_form_are_brought_into_that_of_the_release(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "data.jsonl"
    stats = {"pk": {"S": "default#stats"}, "sk": {"S": "1"}, "version": {"N": "3"}, "wins": {"N": "2"}}
    client.put_item(TableName="psn", Item=stats)
    table_data.export(load_settings("dev"), file)
    client.delete_item(TableName="psn", Key={name: stats[name] for name in ("pk", "sk")})
    monkeypatch.setattr(Deployed, "form", 2)
    table_data.bring_back(load_settings("dev"), file)
    moved = stats | {"pk": {"S": "default#stats#1"}, "sk": {"S": "-"}}
    assert content(client) == [moved]
    with pytest.raises(DeployError, match="have other keys than those in the table"):
        table_data.bring_back(load_settings("dev"), file, force=True)
    again = tmp_path / "again.jsonl"
    table_data.export(load_settings("dev"), again)
    table_data.bring_back(load_settings("dev"), again, force=True)
    client.delete_table(TableName="psn")
    create(client)
    table_data.bring_back(load_settings("dev"), again)
    assert content(client) == [moved]


def test_items_of_a_later_form_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(HEAD.replace('"form": 1', '"form": 1, "forms": [3, 3]') + END.replace("1", "0"))
    with pytest.raises(DeployError, match="have form 3; this tree knows forms up to 2"):
        table_data.bring_back(load_settings("dev"), file)


def test_an_empty_table_is_an_export_too(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    assert table_data.export(load_settings("dev"), file) == 0
    assert table_data.bring_back(load_settings("dev"), file) == 0
    assert content(client) == []


def test_a_file_is_not_overwritten_and_neither_are_items(client: Any, tmp_path: Path) -> None:
    fill(client)
    file = tmp_path / "data.jsonl"
    table_data.export(load_settings("dev"), file)
    with pytest.raises(DeployError, match="is there already"):
        table_data.export(load_settings("dev"), file)
    with pytest.raises(DeployError, match="is not empty") as caught:
        table_data.bring_back(load_settings("dev"), file)
    assert "FORCE=1" in caught.value.remedy
    assert table_data.bring_back(load_settings("dev"), file, force=True) == len(ITEMS)


@pytest.mark.parametrize("lost", [1, 20, 700])
def test_a_file_that_is_cut_off_is_refused_before_anything_is_written(
    client: Any, tmp_path: Path, lost: int
) -> None:
    fill(client)
    file = tmp_path / "data.jsonl"
    table_data.export(load_settings("dev"), file)
    file.write_bytes(file.read_bytes()[: -lost - 1])
    client.delete_table(TableName="psn")
    create(client)
    with pytest.raises(DeployError, match="is no whole export"):
        table_data.bring_back(load_settings("dev"), file)
    assert content(client) == []


HEAD = '{"form": 1, "keys": ["pk", "sk"]}\n'
ITEM = '{"pk": {"S": "a"}, "sk": {"S": "b"}}\n'
END = '{"items": 1}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no export: it is empty"),
        ("{}", "is no export"),
        ("[]\n", "line 1 is no line of one"),
        ("not JSON", "line 1 is no line of one"),
        (HEAD + ITEM, "it ends before its last line"),
        (HEAD + END, "it says 1 items and has 0"),
        (HEAD + "{}\n" + END, "line 2 is no line of one"),
        (HEAD + "42\n" + END, "line 2 is no line of one"),
        (HEAD.replace("1", "2") + ITEM + END, "is of form 2; this release reads 1"),
        ('{"form": 1}\n' + ITEM + END, "is no export"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(text)
    with pytest.raises(DeployError, match=said):
        table_data.bring_back(load_settings("dev"), file)
    with pytest.raises(DeployError, match="cannot be read"):
        table_data.bring_back(load_settings("dev"), tmp_path / "missing")


def test_an_export_into_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="There is no folder"):
        table_data.export(load_settings("dev"), tmp_path / "none" / "data.jsonl")


def test_items_of_other_keys_are_refused(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    table_data.export(load_settings("dev"), file)
    client.delete_table(TableName="psn")
    create(client, "sort")
    with pytest.raises(DeployError, match="with the keys pk, sk; this one has pk, sort"):
        table_data.bring_back(load_settings("dev"), file)


def test_items_that_the_table_has_no_capacity_for_are_written_again() -> None:
    class Busy:
        """Takes one item of each request."""

        def __init__(self) -> None:
            self.taken: list[Any] = []

        def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:  # noqa: N803 - boto3's name
            self.taken.append(RequestItems["psn"][0]["PutRequest"]["Item"])
            return {"UnprocessedItems": {"psn": RequestItems["psn"][1:]} if RequestItems["psn"][1:] else {}}

    busy, pauses = Busy(), list[float]()
    table_data._write(busy, "psn", tuple(ITEMS[:4]), pauses.append)
    assert busy.taken == ITEMS[:4]
    assert pauses == sorted(pauses)
    assert len(pauses) == 3


def test_the_commands_say_how_many_items_and_need_a_file(
    client: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(client)
    file = str(tmp_path / "data.jsonl")
    assert cli.main(["export-data", "--stack=dev", f"--file={file}"]) == 0
    assert cli.main(["import-data", "--stack=dev", f"--file={file}", "--force", "--dry-run"]) == 0
    assert cli.main(["import-data", "--stack=dev", f"--file={file}", "--force"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Wrote {len(ITEMS)} items to {file}",
        f"Would write {len(ITEMS)} items of {file} into the table of stack 'dev'",
        f"Wrote {len(ITEMS)} items of {file} into the table of stack 'dev'",
    ]
    assert cli.main(["export-data", "--stack=dev", "--file="]) == 1
    assert "name a file" in capsys.readouterr().err
