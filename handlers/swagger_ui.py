"""The files that the page of the API's description is made of: this project's own, and Swagger UI's as they come."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from utils.http import HTML_TYPE

_HERE: Final = Path(__file__).parent
_LIBRARY: Final = "flask_swagger_ui"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"
FILES: Final = {
    "docs.css": _STYLE,
    "docs.js": _SCRIPT,
    "swagger-ui.css": _STYLE,
    "swagger-ui-bundle.js": _SCRIPT,
    "oauth2-redirect.html": HTML_TYPE,
    "oauth2-redirect.js": _SCRIPT,
}


@cache
def text(name: str) -> str:
    """The text of a file: this project's own where it has one of that name, else Swagger UI's."""
    own = _HERE / name
    return (own if own.exists() else _library() / name).read_text(encoding="utf-8")


def _library() -> Path:
    """Where Swagger UI's files are; the package around them is not imported, for it would want Flask."""
    package = find_spec(_LIBRARY)
    if package is None or package.origin is None:
        raise FileNotFoundError(f"{_LIBRARY} is not in the image")
    return Path(package.origin).parent / "dist"
