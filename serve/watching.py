"""Which files of the application have changed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_FOLDERS: Final = ("handlers", "models", "seeding", "serve", "services", "utils")
_KINDS: Final = (".css", ".html", ".js", ".json", ".py")
_PAUSE_SECONDS: Final = 0.1


async def changes(root: Path = ROOT) -> AsyncIterator[set[str]]:
    """The paths of the files that were saved, made or deleted, each time there are some.

    They are looked at ten times a second, in about a millisecond, on any file system.
    """
    before = dict(_files(root))
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        now = dict(_files(root))
        if now != before:
            yield {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
            before = now


def forget(paths: set[str]) -> None:
    """Deletes what is compiled of the files: of one that is saved twice in a second Python would take the first."""
    for path in paths:
        if path.endswith(".py"):
            Path(cache_from_source(path)).unlink(missing_ok=True)


def unreadable(paths: set[str]) -> str | None:
    """Why one of the files is no Python, as ``path:line: reason``; ``None`` when all may be run."""
    for path in sorted(paths):
        try:
            if path.endswith(".py"):
                compile(Path(path).read_bytes(), path, "exec")
        except FileNotFoundError:
            continue
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            return f"{path}:{line}: {getattr(error, 'msg', error)}"
    return None


def are_of_this_process(paths: set[str]) -> bool:
    """Whether this process itself runs one of these files."""
    return not paths.isdisjoint(str(getattr(module, "__file__", "")) for module in [*sys.modules.values()])


def _files(root: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """The paths of the files, each with its time and its size."""
    yield from _entries(str(root), is_top=True)
    for folder in _FOLDERS:
        yield from _entries(str(root / folder))


def _entries(folder: str, *, is_top: bool = False) -> Iterator[tuple[str, tuple[int, int]]]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.name.endswith(_KINDS):
                try:
                    stat = entry.stat()
                except FileNotFoundError:
                    continue
                yield entry.path, (stat.st_mtime_ns, stat.st_size)
            elif not is_top and not entry.name.startswith(("_", ".")) and entry.is_dir():
                yield from _entries(entry.path)
