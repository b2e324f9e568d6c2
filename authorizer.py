"""The gateway's Lambda authorizer: a token in, a decision out.

Request and answer are AWS's "Lambda authorizers for HTTP APIs", payload format 2.0, simple responses. It says
whether a token is authentic and good for the route, and denies whatever it cannot affirm. Whether the token is
still alive is for the functions behind it, so it asks no clock and reads no data. It writes its log lines itself,
because importing Powertools would add a fifth to a start that every first caller waits for.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any, Final

from routes import ROUTES
from services.identity.access_token_verifier import (
    AccessToken,
    TokenRefusedError,
    bearer_token,
    trusted_verifier,
)
from utils.settings import settings

_SCOPES: Final = {key: route.scope for route in ROUTES if route.scope is not None for key in route.keys}
"""The scope that a route key needs."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The decision on ``event``: ``{"isAuthorized": bool, "context": {...}}``, the context's values all strings.

    Nothing raises but a release's smoke event, ``{"smoke": True}``, which the gateway cannot send: that answers
    the function's state, or fails when the function could not decide.
    """
    if event == {"smoke": True}:
        return _smoke(context)
    try:
        token = _verified(event)
    except TokenRefusedError as refusal:
        return _denial(event, context, refusal.reason)
    except Exception:
        return _denial(event, context, "error", exception=traceback.format_exc())
    return {
        "isAuthorized": True,
        "context": {
            "iss": token.issuer,
            "sub": token.subject,
            "client_id": token.client_id,
            "scope": token.scope,
            "sandbox": token.sandbox,
            **({"generation": token.generation} if token.generation else {}),
            "jti": token.token_id,
            "exp": str(token.expires_at),
            "nbf": str(token.not_before),
        },
    }


def _verified(event: Mapping[str, Any]) -> AccessToken:
    """The request's token, good for its route; :class:`TokenRefusedError` if there is none such.

    What is judged are the two identity sources, because the gateway caches the decision under these.
    """
    authorization, route_key = event["identitySource"]
    scope = _SCOPES.get(route_key)
    if scope is None or event["routeKey"] != route_key:
        raise TokenRefusedError("route")
    token = trusted_verifier().verify(bearer_token(authorization))
    if scope not in token.scope.split(" "):
        raise TokenRefusedError("scope")
    return token


def _smoke(context: Any) -> dict[str, Any]:
    """The answer to the smoke event. The role opens no data, which is tried with an AWS client: loaded here only."""
    from utils.permissions import require_permissions

    trusted_verifier().require_keys()
    require_permissions((), (), context.get_remaining_time_in_millis())
    return {"status": "ok", "function": "authorizer", "image_tag": settings().image_tag}


def _denial(event: Any, context: Any, reason: str, **details: str) -> dict[str, Any]:
    """Say no, and why in the log: one JSON line with the names that the other functions' lines have."""
    # only where something is logged
    from utils import correlation, metrics
    from utils.masking import shown

    request = _mapping(event)
    headers = _mapping(request.get("headers"))
    request_id = _mapping(request.get("requestContext")).get("requestId")
    line = {
        "level": "ERROR" if details else "WARNING",
        "message": "denied",
        "reason": reason,
        "route_key": request.get("routeKey"),
        "request_id": request_id,
        "correlation_id": correlation.correlation_id(headers) or request_id,
        "traceparent": correlation.traceparent(headers),
        "function_request_id": getattr(context, "aws_request_id", None),
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME"),
        "image_tag": os.environ.get("IMAGE_TAG"),
        "release": os.environ.get("RELEASE"),
        **metrics.embedded(
            os.environ.get("METRICS_NAMESPACE", ""),
            [metrics.Datum("Denials", 1, {"Reason": reason})],
            round(time.time() * 1000),
        ),
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **details,
    }
    present = {name: value for name, value in line.items() if value is not None}
    sys.stdout.write(f"{json.dumps(shown(present))}\n")
    sys.stdout.flush()
    return {"isAuthorized": False, "context": {}}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
