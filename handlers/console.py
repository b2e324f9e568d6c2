"""The console: a page to watch and to operate the emulator on; it logs in by OAuth as a client of its own."""

from functools import cache
from pathlib import Path
from typing import Final

from handlers import script_pages
from routes import ADMIN
from utils.errors import NotFoundException
from utils.http import HTML_TYPE, Request, Response
from utils.markup import markup
from utils.settings import settings

_HERE: Final = Path(__file__).parent
_FILES: Final = _HERE / "console_files"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


def page(request: Request) -> Response:
    """A page to operate the emulator on.

    Requests as they arrive, faults, the clock, what a sandbox holds, and sandboxes. It calls the routes below
    `/_emulator`, for which its user needs the scope `emulator:admin`.

    Answers:
        200: The page.
    """
    from handlers.pages import ICON
    from services.identity.seed import console_client

    client = console_client(request.sandbox)
    body = markup(
        (_FILES / "console.html").read_text(encoding="utf-8"),
        icon=ICON,
        environment=settings().environment,
        base=request.sandbox.issuer,
        sandbox=request.sandbox.name,
        client=client.client_id,
        redirect=client.redirect_uris[0],
        scope=ADMIN,
    )
    return Response(200, body, script_pages.headers(), HTML_TYPE)


def file(request: Request) -> Response:
    """What the page is made of.

    Answers:
        200: The file.
    """
    name = request.path_parameters["file"]
    if name not in _texts():
        raise NotFoundException("Nothing is served at this path.")
    cached = {"Cache-Control": "public, max-age=300"}
    return Response(200, _texts()[name], {**script_pages.headers(), **cached}, _TYPES[Path(name).suffix])


@cache
def _texts() -> dict[str, str]:
    """The files that the page is made of, by name."""
    files = (_HERE / "theme.css", *_FILES.iterdir())
    return {path.name: path.read_text(encoding="utf-8") for path in files if path.suffix in _TYPES}
