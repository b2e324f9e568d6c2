"""The tag of the image: when its content was first released, and which content it is.

``SOURCES`` and ``KINDS`` decide both what the tag is a hash of and what the Docker build context holds:
``.dockerignore`` lets in these files and no other, which a test proves file by file. So nothing is in the image that
is not in the hash, and nothing else changes the tag, whatever tools and people leave in a source folder. The hash is
over bytes: it knows no file times, no order of directories, no locale, no line endings of the operating system
(``.gitattributes`` makes a checkout the same bytes everywhere) and no permission bits, on which systems and umasks
disagree.

Run alone, it needs the standard library and nothing else::

    python infrastructure/get_image_tag.py [--hash | --files | --json]
"""

import argparse
import hashlib
import json
import os
import platform as machine
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SOURCES = (
    *("Dockerfile", "pyproject.toml", "uv.lock"),
    *("account_rules.py", "authorizer.py", "entrypoint.sh", "main.py", "routes.py", "variables.py"),
    *("handlers/", "models/", "seeding/", "serve/", "services/", "utils/"),
    *("infrastructure/seeds/local.yaml", "infrastructure/trim_packages.py", "infrastructure/uv.txt"),
)
"""What the image is made of, beside ``BUILD_ARGUMENTS``: files, and folders (ending in ``/``) with their files of
``KINDS``."""

KINDS = (".css", ".html", ".js", ".json", ".py")
"""How the names of a folder's files end; no name begins with a dot, and no folder's has one."""

BUILD_ARGUMENTS = ("BASE_IMAGE", "platform")

_CACHE = b"__pycache__"
_KINDS = tuple(kind.encode() for kind in KINDS)
_TAG = re.compile(r"(\d{8}-\d{6})-([0-9a-f]{8})")
_TIMESTAMP = "%Y%m%d-%H%M%S"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class SourceError(Exception):
    """The image cannot be made of what is there. Its text is one line that says why."""


def context_files(root: Path = ROOT) -> list[str]:
    """The files that the image is made of, as sorted POSIX paths relative to ``root``.

    Raises ``SourceError`` when one of ``SOURCES`` is missing or is not a plain file or folder.
    """
    return [os.fsdecode(path) for path, _, _ in _walk(root)]


def content_hash(base_image: str, platform: str, root: Path = ROOT) -> str:
    """The md5 of all that reaches the image, as 32 hexadecimal digits; it protects nothing.

    It is over netstrings (length, colon, bytes), two for each build argument and each file, so that no two trees give
    the same stream. A symbolic link counts as the path it holds, which Docker copies. Raises ``SourceError``.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for kind, name, content in _frames(base_image, platform, root):
        digest.update(b"%d:%s%s%d:" % (len(kind) + len(name), kind, name, len(content)))
        digest.update(content)
    return digest.hexdigest()


def inputs(base_image: str, platform: str, root: Path = ROOT) -> dict[str, str]:
    """8 digits of the md5 of each file and build argument that ``content_hash`` is over, by name: two of these
    tell which files made two tags differ. Raises ``SourceError``."""
    return {
        os.fsdecode(name): hashlib.md5(kind + content, usedforsecurity=False).hexdigest()[:8]
        for kind, name, content in _frames(base_image, platform, root)
    }


def image_tag(content: str, previous: str | None = None, now: datetime | None = None) -> str:
    """A new tag for the content whose ``content_hash`` is given: ``YYYYMMDD-HHMMSS-<hash8>`` in UTC.

    ``now`` is an aware time, by default the present. The tag is later than ``previous``, that of the stack's last
    release, whatever the clocks say: tags sort by release.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    if known := _TAG.fullmatch(previous or ""):
        last = datetime.strptime(known[1], _TIMESTAMP).replace(tzinfo=UTC)
        moment = max(moment, last + timedelta(seconds=1))
    return f"{moment.strftime(_TIMESTAMP)}-{content[:8]}"


def has_content(tag: str, content: str) -> bool:
    """Whether ``tag`` names the content whose hash is ``content``."""
    return bool((known := _TAG.fullmatch(tag)) and known[2] == content[:8])


def recorded_base_image(root: Path = ROOT) -> str:
    """The base image that set-up decided on for this machine; the Dockerfile's own before it decided."""
    record = _cache() / "base-image"
    return (record.is_file() and record.read_text(encoding="utf-8").strip()) or default_base_image(root)


def default_base_image(root: Path = ROOT) -> str:
    """The base image that the Dockerfile names. Raises ``SourceError`` when it names none, or is not there."""
    dockerfile = root / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8") if dockerfile.is_file() else ""
    if named := re.search(r"^ARG\s+BASE_IMAGE=(\S+)", text, re.MULTILINE):
        return named[1]
    raise SourceError(f"Dockerfile is missing from {root}, or names no BASE_IMAGE")


def host_platform() -> str:
    """Docker's name of this machine's platform, such as ``linux/arm64``. Raises ``SourceError`` for another."""
    name = machine.machine().lower()
    if name not in _ARCHITECTURES:
        raise SourceError(f"AWS Lambda runs on amd64 and arm64; this machine is {name}")
    return f"linux/{_ARCHITECTURES[name]}"


def _cache() -> Path:
    """The same folder as ``infrastructure.tools.paths.cache``, which is out of reach when this runs alone."""
    if override := os.environ.get("PSN_EMULATOR_CACHE"):
        return Path(override).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psn-emulator"


def _frames(base_image: str, platform: str, root: Path) -> Iterator[tuple[bytes, bytes, bytes]]:
    """All that reaches the image, in the hash's order: what kind it is, its name and its content."""
    for name, value in zip(BUILD_ARGUMENTS, (base_image, platform), strict=True):
        yield b"", name.encode(), value.encode()
    for path, location, is_link in _walk(root):
        if is_link:
            yield b"link ", path, os.fsencode(Path(os.fsdecode(location)).readlink())
            continue
        descriptor = os.open(location, os.O_RDONLY)  # open() takes a third more time
        try:
            yield b"file ", path, b"".join(iter(partial(os.read, descriptor, 1 << 16), b""))
        finally:
            os.close(descriptor)


def _walk(root: Path) -> list[tuple[bytes, bytes, bool]]:
    """The POSIX path, the location and whether it is a symbolic link of every file, sorted by path."""
    files: list[tuple[bytes, bytes, bool]] = []
    for source in SOURCES:
        location, kind = root / source, "folder" if source.endswith("/") else "file"
        if location.is_symlink() or not (location.is_dir() if kind == "folder" else location.is_file()):
            raise SourceError(f"{source.rstrip('/')} is missing from {root}, or is not a plain {kind}")
        path, place = os.fsencode(source), os.fsencode(location)
        files += _walk_folder(place, path) if kind == "folder" else [(path, place, False)]
    return sorted(files)


def _walk_folder(folder: bytes, prefix: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if b"." not in entry.name and entry.name != _CACHE:
                    yield from _walk_folder(entry.path, path + b"/")
            elif entry.name.endswith(_KINDS) and not entry.name.startswith(b"."):
                _require_plain(path, entry)
                yield path, entry.path, entry.is_symlink()


def _require_plain(path: bytes, entry: os.DirEntry[bytes]) -> None:
    """Raises ``SourceError`` for what is no file or link, and for a name that AWS and Docker could not be told."""
    try:
        name = path.decode()
    except UnicodeDecodeError:
        raise SourceError(f"the name {os.fsdecode(path)!r} is not UTF-8: rename the file") from None
    if not (entry.is_symlink() or entry.is_file()):
        raise SourceError(f"{name} is neither a file nor a folder")


def _main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Print a tag for the image: YYYYMMDD-HHMMSS-<hash8>.")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--hash", action="store_true", help="print the tag's hash only")
    part.add_argument("--files", action="store_true", help="print the files that the hash is of")
    part.add_argument("--json", action="store_true", help="print the tag and all its parts as JSON")
    parser.add_argument("--base-image", help="the base image (default: the one decided on here)")
    parser.add_argument("--platform", help="the image's platform, as linux/arm64 (default: this machine's)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder (default: this file's)")
    options = parser.parse_args(arguments)
    try:
        base_image = options.base_image or recorded_base_image(options.root)
        platform = options.platform or host_platform()
        tag = image_tag(content_hash(base_image, platform, options.root))
        files = context_files(options.root) if options.files or options.json else []
    except (SourceError, OSError) as error:
        sys.exit(f"get_image_tag: {error}")
    timestamp, content = tag.rsplit("-", 1)
    if options.json:
        parts = {"tag": tag, "timestamp": timestamp, "hash": content, "base_image": base_image}
        print(json.dumps(parts | {"platform": platform, "files": files}, indent=2))
    else:
        print("\n".join(files) if options.files else content if options.hash else tag)


if __name__ == "__main__":
    _main(sys.argv[1:])
