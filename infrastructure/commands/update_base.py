"""Notes the digest of a stack's base image in the stack's file, so that a build starts from that image and no other."""

import re
from pathlib import Path

from infrastructure import get_image_tag
from infrastructure.errors import DeployError
from infrastructure.stack import loading
from infrastructure.stack.settings import Settings
from infrastructure.stack.stack_file import key

_KEY = key("base_image_digest")
_LINE = re.compile(rf"^(\s+){re.escape(_KEY)}:.*$", re.MULTILINE)
_CONFIG = re.compile(r"^config:[^\S\n]*\n(\s+)", re.MULTILINE)


def update_base(settings: Settings, *, dry_run: bool) -> tuple[str, str | None, str]:
    """The base image, the digest that the stack's file had, and the one that its tag has now, which the file then has,
    but not by a ``dry_run``. The rest of the file stays as it is, comments too.

    Raises ``DeployError`` for a local stack, whose base is what its machine has, and as ``published_digest`` does.
    """
    from infrastructure.cloud.base_digest import published_digest

    if settings.local:
        raise DeployError(
            "A local stack starts from what this machine has.", "Name another: make update-base STACK=dev"
        )
    image = settings.base_image or get_image_tag.default_base_image()
    digest = published_digest(image)
    if digest != settings.base_image_digest and not dry_run:
        _write(loading.stack_path(settings.stack), digest)
    return image, settings.base_image_digest, digest


def _write(file: Path, digest: str) -> None:
    text = file.read_text(encoding="utf-8")
    if _LINE.search(text):
        text = _LINE.sub(rf"\g<1>{_KEY}: {digest}", text)
    elif block := _CONFIG.search(text):
        indent = block[1].rpartition("\n")[2]
        text = f"{text[: block.end()]}{_KEY}: {digest}\n{indent}{text[block.end() :]}"
    else:
        raise DeployError(
            f"{file.name} has no block `config:`.", f"Add to it, by hand: config: {{{_KEY}: {digest}}}"
        )
    file.write_text(text, encoding="utf-8")
