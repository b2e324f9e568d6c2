"""The digest of a build context, as the official plugin adds one to an image's inputs."""

import hashlib
import os
import stat
from pathlib import Path


def digest(context: Path, dockerfile: Path) -> str:
    """The SHA-256, in hexadecimal, of the Dockerfile and of the path, mode and content of every file of the context.

    Like the official one, and unlike the image's tag, it differs where only permission bits do. It is not the same as
    the official one.
    """
    from docker.utils.build import exclude_paths

    ignored = context / ".dockerignore"
    lines = ignored.read_text(encoding="utf-8").splitlines() if ignored.is_file() else []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    context_hash = hashlib.sha256(dockerfile.read_bytes())
    for name in sorted(exclude_paths(str(context), patterns)):
        file = context / name
        mode = file.lstat().st_mode
        if stat.S_ISDIR(mode):
            continue
        content = os.fsencode(file.readlink()) if stat.S_ISLNK(mode) else file.read_bytes()
        content_digest = hashlib.sha256(content).hexdigest()
        context_hash.update(os.fsencode(f"{name}\0{stat.filemode(mode)}\0{content_digest}\0"))
    return context_hash.hexdigest()
