"""The image's tag: when a content keeps it, when it gets a new one, and the command that prints it."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure import get_image_tag
from infrastructure.get_image_tag import SourceError, content_hash, has_content, image_tag
from infrastructure.local import base_image
from infrastructure.tools import paths
from tests.support.trees import BASE, LEAST, PLATFORM, run_alone

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
CONTENT = "a" * 32


# The tag


def test_a_tag_is_a_utc_timestamp_and_eight_digits_of_the_hash() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert image_tag(CONTENT, now=east) == "20260131-120000-aaaaaaaa"


def test_a_tag_names_its_content_and_no_other() -> None:
    tag = image_tag(CONTENT, now=NOON)
    assert has_content(tag, CONTENT)
    assert not has_content(tag, "b" * 32)
    assert not has_content(f"{tag}-dirty", CONTENT)


def test_the_same_content_gets_another_tag_even_within_the_same_second() -> None:
    first = image_tag(CONTENT, now=NOON)
    assert image_tag(CONTENT, first, NOON) == "20260131-120001-aaaaaaaa"


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_tags_sort_in_the_order_of_releases_whatever_the_clocks_say(now: datetime) -> None:
    first = image_tag(CONTENT, now=NOON)
    assert image_tag("b" * 32, first, now) > first


@pytest.mark.parametrize("previous", [None, "", "latest", "20260131-120000-0000000"])
def test_a_tag_that_is_none_of_ours_does_not_matter(previous: str | None) -> None:
    assert image_tag(CONTENT, previous, NOON) == "20260131-120000-aaaaaaaa"


# Its surroundings


def test_run_alone_it_prints_the_tag_of_its_own_checkout(root: Path) -> None:
    script = root / "infrastructure" / "get_image_tag.py"
    script.parent.mkdir(exist_ok=True)
    shutil.copy(get_image_tag.__file__, script)
    timestamp, content = run_alone(script=script, PSN_EMULATOR_CACHE=str(root / "no-cache")).rsplit("-", 1)
    assert datetime.strptime(timestamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert content == content_hash(BASE, get_image_tag.host_platform(), root)[:8]


Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], root: Path) -> Command:
    """Runs the command for the tree at ``root`` in this process; what it prints."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        get_image_tag._main(["--root", str(root), "--base-image", BASE, "--platform", PLATFORM, *arguments])
        return capsys.readouterr().out.strip()

    return run


def test_the_command_prints_the_tags_parts(command: Command, root: Path) -> None:
    parts = json.loads(command("--json"))
    assert parts["tag"] == f"{parts['timestamp']}-{parts['hash']}"
    assert parts["hash"] == content_hash(BASE, PLATFORM, root)[:8] == command("--hash")
    assert (parts["base_image"], parts["platform"]) == (BASE, PLATFORM)
    assert parts["files"] == sorted(LEAST) == command("--files").splitlines()


def test_the_command_prints_the_tag_alone(command: Command, root: Path) -> None:
    assert command()[-8:] == content_hash(BASE, PLATFORM, root)[:8]


def test_without_arguments_the_command_is_about_its_own_checkout(capsys: pytest.CaptureFixture[str]) -> None:
    get_image_tag._main([])
    base_image, platform = get_image_tag.recorded_base_image(), get_image_tag.host_platform()
    assert capsys.readouterr().out.strip()[-8:] == content_hash(base_image, platform)[:8]


def test_the_command_fails_in_one_line(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    (root / "uv.lock").unlink()
    with pytest.raises(SystemExit) as ended:
        get_image_tag._main(["--root", str(root)])
    assert ended.value.code == f"get_image_tag: uv.lock is missing from {root}, or is not a plain file"
    assert capsys.readouterr().out == ""


def test_the_base_image_is_what_set_up_recorded_else_the_docker_files(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSN_EMULATOR_CACHE", str(tmp_path / "cache"))
    assert get_image_tag.recorded_base_image(root) == BASE
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "base-image").write_text("stand-in:1\n")
    assert get_image_tag.recorded_base_image(root) == "stand-in:1"
    (tmp_path / "cache" / "base-image").write_text("\n")
    assert get_image_tag.recorded_base_image(root) == BASE


@pytest.mark.parametrize("dockerfile", [None, "FROM x\n"])
def test_without_a_docker_file_that_names_one_there_is_no_base_image(
    tmp_path: Path, dockerfile: str | None
) -> None:
    if dockerfile:
        (tmp_path / "Dockerfile").write_text(dockerfile)
    with pytest.raises(SourceError, match="Dockerfile"):
        get_image_tag.default_base_image(tmp_path)


def test_the_projects_docker_file_starts_from_lambdas_own_image() -> None:
    assert get_image_tag.default_base_image() == base_image.OFFICIAL


@pytest.mark.parametrize("environment", [{}, {"XDG_CACHE_HOME": "/x"}, {"PSN_EMULATOR_CACHE": "/y"}])
def test_it_looks_for_the_record_where_set_up_writes_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name in ("XDG_CACHE_HOME", "PSN_EMULATOR_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert get_image_tag._cache() == paths.cache()


@pytest.mark.parametrize(
    ("machine", "expected"), [("x86_64", "linux/amd64"), ("AMD64", "linux/amd64"), ("aarch64", "linux/arm64")]
)
def test_the_platform_is_this_machines(monkeypatch: pytest.MonkeyPatch, machine: str, expected: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert get_image_tag.host_platform() == expected


def test_a_machine_that_lambda_does_not_run_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SourceError, match="riscv64"):
        get_image_tag.host_platform()


def test_the_inputs_name_each_file_and_build_argument_that_the_hash_is_over(root: Path) -> None:
    names = {"BASE_IMAGE", "platform", *get_image_tag.context_files(root)}
    assert get_image_tag.inputs("base:1", "linux/arm64", root).keys() == names


def test_the_inputs_tell_which_file_changed(root: Path) -> None:
    before = get_image_tag.inputs("base:1", "linux/arm64", root)
    (root / "main.py").write_text("changed = True\n")
    after = get_image_tag.inputs("base:2", "linux/arm64", root)
    assert {name for name in before if before[name] != after[name]} == {"main.py", "BASE_IMAGE"}
