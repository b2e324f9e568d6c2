"""What Docker sends of a folder, by the rules that its documentation gives for ``.dockerignore``.

The last pattern that matches a path decides, ``!`` lets in again, and a pattern that matches a folder is about
all that is in it. ``*`` and ``?`` match no ``/``, ``**`` matches any number of folders.
"""

import re
from collections.abc import Iterator
from pathlib import Path


class DockerIgnore:
    """The patterns of one ``.dockerignore`` file."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._rules = [_rule(line) for line in lines if line and not line.startswith("#")]

    def sends(self, path: str) -> bool:
        """Whether the file at that POSIX path is in the build context."""
        parts = path.split("/")
        prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        sent = True
        for pattern, lets_in in self._rules:
            if any(pattern.fullmatch(prefix) for prefix in prefixes):
                sent = lets_in
        return sent

    def context(self, root: Path) -> list[str]:
        """The files below ``root`` that are in the build context, as sorted POSIX paths."""
        return sorted(path for path in _files(root) if self.sends(path))


def _rule(line: str) -> tuple[re.Pattern[str], bool]:
    lets_in = line.startswith("!")
    pattern = line.removeprefix("!").strip().strip("/")
    expression = ""
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]*\]|.", pattern, re.DOTALL):
        expression += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(
            token, token if token.startswith("[") and len(token) > 1 else re.escape(token)
        )
    return re.compile(expression, re.DOTALL), lets_in


def _files(root: Path) -> Iterator[str]:
    for folder, _, names in root.walk():
        for name in names:
            yield (folder / name).relative_to(root).as_posix()
