"""What becomes of a file in an accident, by its name."""

from collections.abc import Callable
from pathlib import Path


def _cut_off(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])


def _put_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut off": _cut_off,
    "emptied": lambda file: file.write_bytes(b""),
    "of nothing": lambda file: file.write_text("{}"),
    "unreadable": _put_folder,
    "deleted": Path.unlink,
}
