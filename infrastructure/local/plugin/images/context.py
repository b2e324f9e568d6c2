"""The digest of a build context, which the official plugin adds to an image's inputs."""

import hashlib
import os
import stat
from pathlib import Path


def digest(context: Path, dockerfile: Path) -> str:
    """The SHA-256 of the Dockerfile and of every file that ``.dockerignore`` lets in: path, mode and content.

    Like the official one, and unlike a release's tag, it differs where only permission bits do. Its digits are not
    those of the official one.
    """
    from docker.utils.build import exclude_paths

    ignored = context / ".dockerignore"
    lines = ignored.read_text(encoding="utf-8").splitlines() if ignored.is_file() else []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    found = hashlib.sha256(dockerfile.read_bytes())
    for name in sorted(exclude_paths(str(context), patterns)):
        file = context / name
        mode = file.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        content = os.fsencode(file.readlink()) if stat.S_ISLNK(mode) else file.read_bytes()
        held = hashlib.sha256(content).hexdigest()
        found.update(os.fsencode(f"{name}\0{stat.filemode(mode)}\0{held}\0"))
    return found.hexdigest()
