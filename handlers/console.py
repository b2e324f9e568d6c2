"""The console: a page to watch and to operate the emulator on; it logs in by OAuth as a client of its own."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

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
    return Response(200, body, _guarded(), HTML_TYPE)


def file(request: Request) -> Response:
    """What the page is made of.

    Answers:
        200: The file.
    """
    name = request.path_parameters["file"]
    found = {path.name: path for path in (_HERE / "theme.css", *_FILES.iterdir()) if path.suffix in _TYPES}
    if name not in found:
        raise NotFoundException("Nothing is served at this path.")
    text = found[name].read_text(encoding="utf-8")
    cached = {"Cache-Control": "public, max-age=300"}
    return Response(200, text, {**_guarded(), **cached}, _TYPES[found[name].suffix])


def _guarded() -> dict[str, str]:
    """Nothing from another host, and no request to one: the API alone, by whichever name of its host."""
    issuer = urlsplit(settings().issuer)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:;"
        f" connect-src 'self' {issuer.scheme}://{issuer.netloc};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
