"""Pages that need scripts: the API's description and the console. What a browser lets them do."""

from urllib.parse import urlsplit

from utils.base_url import base_url


def headers() -> dict[str, str]:
    """No other host: requests go to the API alone, which a page under another name of its host calls by its URL."""
    issuer = urlsplit(base_url())
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        f" connect-src 'self' {issuer.scheme}://{issuer.netloc};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
