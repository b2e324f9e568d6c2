"""The tag of the image: when its content was first released, and which content it is.

``SOURCES`` decides both what the tag is a hash of and what the Docker build context holds: ``.dockerignore`` lets
in these files and no other, which a test proves file by file. So nothing is in the image that is not in the
hash, and nothing else changes the tag.

The hash is over bytes: it knows no file times, no order of directories, no locale and no line endings of the
operating system (``.gitattributes`` makes a checkout the same bytes everywhere). Nor does it know permission bits:
systems and umasks disagree on them, and nothing in the image is started by its executable bit.

Run alone, it needs the standard library and nothing else::

    python infrastructure/get_image_tag.py [--hash | --files | --json]
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SOURCES = (
    "Dockerfile",
    "authorizer.py",
    "handlers/",
    "main.py",
    "models/",
    "pyproject.toml",
    "routes.py",
    "services/",
    "utils/",
    "uv.lock",
)
"""What the image is made of: files, and folders (ending in ``/``) with all that is in them."""

BUILD_ARGUMENTS = ("BASE_IMAGE", "platform")
"""What else it is made of."""

IGNORED = (
    "**/__pycache__",
    "**/*.py[cod]",
    "**/.DS_Store",
    "**/*~",
    "**/*.sw?",
    "**/.*.sw?",
    "**/.#*",
    "**/#*#",
)
"""What is left out of the folders, in the notation of ``.dockerignore``: compiled and editors' files."""

OFFICIAL_BASE_IMAGE = "public.ecr.aws/lambda/python:3.13"

_IGNORED_NAME = re.compile(
    rb"__pycache__|.*\.py[cod]|\.DS_Store|.*~|.*\.sw(?:[\0-\x7f]|[\xc2-\xf4][\x80-\xbf]+)|\.#.*|#.*#",
    re.DOTALL,
)
_TAG = re.compile(r"(\d{8}-\d{6})-([0-9a-f]{8})")
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 16
_TIMESTAMP = "%Y%m%d-%H%M%S"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


_File = tuple[bytes, bytes, bool]
"""A file's POSIX path below the root, its location, and whether it is a symbolic link."""


class SourceError(Exception):
    """The image cannot be made of what is there. Its text is one line that says why."""


def context_files(root: Path = ROOT) -> list[str]:
    """The files that the image is made of, as sorted POSIX paths relative to ``root``.

    Raises ``SourceError`` when one of ``SOURCES`` is missing or is not a plain file or folder.
    """
    return [os.fsdecode(path) for path, _, _ in _walk(root)]


def content_hash(base_image: str, platform: str, root: Path = ROOT) -> str:
    """The md5 of all that reaches the image, as 32 hexadecimal digits; it protects nothing.

    The stream is a row of netstrings (length, colon, bytes), two for each build argument and two for each file,
    so that no two different trees give the same stream. A symbolic link counts as the path it holds, which is
    what Docker copies. Raises ``SourceError``.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for kind, name, content in _frames(base_image, platform, root):
        digest.update(b"%d:%s%s%d:" % (len(kind) + len(name), kind, name, len(content)))
        digest.update(content)
    return digest.hexdigest()


def inputs(base_image: str, platform: str, root: Path = ROOT) -> dict[str, str]:
    """What ``content_hash`` is over, each file and build argument with the first 8 digits of its own hash: two
    of these tell which files made two tags differ. Raises ``SourceError``."""
    return {
        os.fsdecode(name): hashlib.md5(kind + content, usedforsecurity=False).hexdigest()[:8]
        for kind, name, content in _frames(base_image, platform, root)
    }


def image_tag(
    previous: str | None,
    force: bool = False,
    now: datetime | None = None,
    *,
    base_image: str | None = None,
    platform: str | None = None,
    root: Path = ROOT,
) -> str:
    """The tag of the tree's content, ``YYYYMMDD-HHMMSS-<hash8>`` in UTC.

    ``previous`` is the tag of the stack's last release: it is kept whole when the content is still the same,
    unless ``force`` asks for a new one. A new tag is always later than ``previous``, whatever the clocks say, so
    tags sort by release. ``now`` is an aware time, by default the present; ``base_image`` and ``platform`` are by
    default this machine's. Raises ``SourceError``.
    """
    content = content_hash(base_image or recorded_base_image(root), platform or host_platform(), root)
    return tag_of(content, previous, force, now)


def tag_of(content: str, previous: str | None, force: bool = False, now: datetime | None = None) -> str:
    """The tag of the content whose hash is ``content``; the other arguments are those of ``image_tag``."""
    if previous and has_content(previous, content) and not force:
        return previous
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    if previous and (known := _TAG.fullmatch(previous)):
        last = datetime.strptime(known[1], _TIMESTAMP).replace(tzinfo=UTC)
        moment = max(moment, last + timedelta(seconds=1))
    return f"{moment.strftime(_TIMESTAMP)}-{content[:8]}"


def has_content(tag: str, content: str) -> bool:
    """Whether ``tag`` names the content whose hash is ``content``."""
    known = _TAG.fullmatch(tag)
    return known is not None and known[2] == content[:8]


def recorded_base_image(root: Path = ROOT) -> str:
    """The base image that set-up decided on for this machine; the Dockerfile's own before it decided."""
    try:
        recorded = (_cache() / "base-image").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        recorded = ""
    return recorded or default_base_image(root)


def default_base_image(root: Path = ROOT) -> str:
    """The base image that the Dockerfile names. Raises ``SourceError`` when there is no Dockerfile."""
    try:
        text = (root / "Dockerfile").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourceError(f"Dockerfile is missing from {root}") from None
    found = re.search(r"^ARG\s+BASE_IMAGE=(\S+)", text, re.MULTILINE)
    return found[1] if found else OFFICIAL_BASE_IMAGE


def host_platform() -> str:
    """Docker's name of this machine's platform, such as ``linux/arm64``. Raises ``SourceError`` for another."""
    import platform

    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise SourceError(f"AWS Lambda runs on amd64 and arm64; this machine is {machine}")
    return f"linux/{_ARCHITECTURES[machine]}"


def _frames(base_image: str, platform: str, root: Path) -> Iterator[tuple[bytes, bytes, bytes]]:
    """All that reaches the image, in the hash's order: what kind it is, its name and its content."""
    for name, value in zip(BUILD_ARGUMENTS, (base_image, platform), strict=True):
        yield b"", name.encode(), value.encode()
    for path, location, is_link in _walk(root):
        if is_link:
            yield b"link ", path, os.fsencode(Path(os.fsdecode(location)).readlink())
        else:
            yield b"file ", path, _content(location)


def _cache() -> Path:
    """The same folder as ``infrastructure.tools.paths.cache``, which is out of reach when this runs alone."""
    if override := os.environ.get("PSN_EMULATOR_CACHE"):
        return Path(override).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psn-emulator"


def _walk(root: Path) -> list[_File]:
    """Every file below ``root``, sorted by path."""
    files: list[_File] = []
    for source in SOURCES:
        name = source.rstrip("/")
        location = root / name
        if location.is_symlink() or not (location.is_dir() if source.endswith("/") else location.is_file()):
            kind = "folder" if source.endswith("/") else "file"
            raise SourceError(f"{name} is missing from {root}, or is not a plain {kind}")
        if source.endswith("/"):
            _walk_folder(os.fsencode(location), os.fsencode(source), files)
        else:
            files.append((os.fsencode(name), os.fsencode(location), False))
    files.sort()
    return files


def _walk_folder(folder: bytes, prefix: bytes, files: list[_File]) -> None:
    ignored = _IGNORED_NAME.fullmatch
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if ignored(name):
                continue
            if entry.is_file(follow_symlinks=False):
                files.append((prefix + name, entry.path, False))
            elif entry.is_dir(follow_symlinks=False):
                _walk_folder(entry.path, prefix + name + b"/", files)
            elif entry.is_symlink():
                files.append((prefix + name, entry.path, True))
            else:
                raise SourceError(f"{os.fsdecode(prefix + name)} is neither a file nor a folder")


def _content(location: bytes) -> bytes:
    descriptor = os.open(location, _READ)  # half the time of open(), for a small file
    try:
        content = chunk = os.read(descriptor, _CHUNK)
        while len(chunk) == _CHUNK:
            chunk = os.read(descriptor, _CHUNK)
            content += chunk
    finally:
        os.close(descriptor)
    return content


def _print_parts(arguments: list[str]) -> None:
    import argparse
    import json

    parser = argparse.ArgumentParser(
        description="Print the image's tag, YYYYMMDD-HHMMSS-<hash of the content>."
    )
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--hash", action="store_true", help="print the tag's hash only")
    part.add_argument("--files", action="store_true", help="print the files that the hash is of")
    part.add_argument("--json", action="store_true", help="print the tag and all its parts as JSON")
    parser.add_argument(
        "--base-image", metavar="REFERENCE", help="the base image (default: the one decided on here)"
    )
    parser.add_argument(
        "--platform", metavar="OS/ARCH", help="the image's platform (default: this machine's)"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder (default: this file's)")
    options = parser.parse_args(arguments)
    if options.files:
        print("\n".join(context_files(options.root)))
        return
    base_image = options.base_image or recorded_base_image(options.root)
    platform = options.platform or host_platform()
    tag = image_tag(None, base_image=base_image, platform=platform, root=options.root)
    timestamp, content = tag.rsplit("-", 1)
    if options.json:
        parts = {
            "tag": tag,
            "timestamp": timestamp,
            "hash": content,
            "base_image": base_image,
            "platform": platform,
        }
        print(json.dumps(parts | {"files": context_files(options.root)}, indent=2))
    else:
        print(content if options.hash else tag)


def _main(arguments: list[str]) -> int:
    try:
        if arguments:
            _print_parts(arguments)
        else:
            print(image_tag(None))  # without argparse, which costs more than all the other imports
    except (SourceError, OSError) as error:
        print(f"get_image_tag: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
