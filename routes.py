"""The API's table: one row a route, one Lambda function a row.

Reading ``ROUTES`` is reading the API. The Pulumi program makes a function, a role and a gateway route of each row.
Only the standard library is imported here, so that the program and every function can read the table.
"""

from dataclasses import dataclass
from typing import Literal

Secret = Literal["public-keys", "signing-keys", "seed"]
Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the HTTP API and what its function may do.

    ``handler`` is ``module:function``. ``scope`` is what a caller's access token must hold; ``None`` means the
    gateway asks no token. ``table`` names the DynamoDB actions the function's role allows, ``secrets`` the
    secrets it may read; both are all that it gets. ``memory`` is in MiB, ``timeout`` in seconds.
    """

    name: str
    method: Method
    path: str
    handler: str
    scope: str | None = None
    table: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    memory: int = 256
    timeout: int = 10

    @property
    def entry(self) -> str:
        """The function's entry point in ``main``: ``players-create`` is ``players_create``."""
        return self.name.replace("-", "_")

    @property
    def key(self) -> str:
        """The gateway's route key, such as ``GET /players/{player_id}``."""
        return f"{self.method} {self.path}"


_READ = "players:read"
_WRITE = "players:write"

ROUTES: tuple[Route, ...] = (
    Route("root", "GET", "/", "handlers.health:root"),
    Route("healthz", "GET", "/healthz", "handlers.health:healthz", table=("GetItem",)),
    Route("openapi", "GET", "/openapi.json", "handlers.docs:openapi", memory=512),
    Route("docs", "GET", "/docs", "handlers.docs:page"),
    Route("docs-file", "GET", "/docs/{file}", "handlers.docs:file"),
    Route(
        "auth-token",
        "POST",
        "/auth/token",
        "handlers.token:token",
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
        secrets=("signing-keys", "seed"),
        memory=512,
    ),
    Route(
        "auth-refresh",
        "POST",
        "/auth/refresh",
        "handlers.token:refresh",
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
        secrets=("signing-keys",),
        memory=512,
    ),
    Route(
        "auth-revoke",
        "POST",
        "/auth/revoke",
        "handlers.auth:revoke",
        table=("BatchGetItem", "UpdateItem"),
        secrets=("seed",),
        memory=512,
    ),
    Route(
        "auth-introspect",
        "POST",
        "/auth/introspect",
        "handlers.auth:introspect",
        table=("GetItem", "BatchGetItem"),
        secrets=("seed",),
        memory=512,
    ),
    Route("auth-userinfo", "GET", "/auth/userinfo", "handlers.auth:userinfo", table=("BatchGetItem",)),
    Route(
        "auth-authorize",
        "GET",
        "/auth/authorize",
        "handlers.authorize:show",
        table=("GetItem", "PutItem"),
        secrets=("seed", "public-keys"),
    ),
    Route(
        "auth-authorize-form",
        "POST",
        "/auth/authorize",
        "handlers.authorize:submit",
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
        secrets=("seed", "public-keys"),
        memory=512,
    ),
    Route(
        "auth-logout",
        "GET",
        "/auth/logout",
        "handlers.logout:show",
        table=("GetItem", "Query", "UpdateItem", "DeleteItem"),
        secrets=("seed", "public-keys"),
    ),
    Route(
        "auth-logout-form",
        "POST",
        "/auth/logout",
        "handlers.logout:submit",
        table=("GetItem", "Query", "UpdateItem", "DeleteItem"),
        secrets=("seed", "public-keys"),
    ),
    Route("jwks", "GET", "/.well-known/jwks.json", "handlers.discovery:jwks", secrets=("public-keys",)),
    Route(
        "openid-configuration",
        "GET",
        "/.well-known/openid-configuration",
        "handlers.discovery:openid_configuration",
        secrets=("public-keys",),
    ),
    Route(
        "oauth-authorization-server",
        "GET",
        "/.well-known/oauth-authorization-server",
        "handlers.discovery:oauth_authorization_server",
    ),
    Route(
        "players-create",
        "POST",
        "/players",
        "handlers.players:create",
        scope=_WRITE,
        table=("BatchGetItem", "PutItem"),
    ),
    Route(
        "players-list",
        "GET",
        "/players",
        "handlers.players:index",
        scope=_READ,
        table=("BatchGetItem", "Query", "UpdateItem"),
    ),
    Route(
        "players-get",
        "GET",
        "/players/{player_id}",
        "handlers.players:show",
        scope=_READ,
        table=("BatchGetItem",),
    ),
    Route(
        "players-update",
        "PUT",
        "/players/{player_id}",
        "handlers.players:update",
        scope=_WRITE,
        table=("BatchGetItem", "PutItem", "DeleteItem"),
    ),
    Route(
        "players-delete",
        "DELETE",
        "/players/{player_id}",
        "handlers.players:delete",
        scope=_WRITE,
        table=("BatchGetItem", "DeleteItem"),
    ),
    Route(
        "stats-get",
        "GET",
        "/players/{player_id}/stats",
        "handlers.stats:show",
        scope=_READ,
        table=("BatchGetItem",),
    ),
    Route(
        "stats-post",
        "POST",
        "/players/{player_id}/stats",
        "handlers.stats:record",
        scope=_WRITE,
        table=("BatchGetItem", "PutItem", "UpdateItem", "ConditionCheckItem"),
    ),
)

FALLBACK = Route("fallback", "GET", "$default", "handlers.fallback:fallback")
"""What answers every path and method that no row names; the gateway's ``$default`` route."""
