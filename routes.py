"""The API's table: one row a route.

Reading ``ROUTES`` is reading the API. The Pulumi program makes functions, roles and gateway routes of the rows, the
functions find in them what to load and to read, and the API's description is made of them. Only the standard library
is imported here, so that all of these can read the table. Classes and functions are named as ``module:name``.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Method = Literal["GET", "POST", "PUT", "DELETE"]

ADMIN = "emulator:admin"
INTROSPECT = "tokens:introspect"
OFFLINE_ACCESS = "offline_access"
SANDBOX_PREFIX = "/s/{sandbox}"
"""What the base URL of a sandbox has after the API's."""
SANDBOX_SCOPE = "sandbox:"
"""What a scope begins with that names a sandbox and asks for nothing."""
_READ = "players:read"
_WRITE = "players:write"

SCOPES: Mapping[str, str] = {
    "openid": "Know who you are",
    "profile": "See your name and username",
    "email": "See your e-mail address",
    "address": "See your postal address",
    "phone": "See your phone number",
    OFFLINE_ACCESS: "Stay signed in while you are away",
    _READ: "See players and their statistics",
    _WRITE: "Create, change and delete players",
    INTROSPECT: "Ask whether a token is valid",
    ADMIN: "Operate the emulator",
}
"""Every scope there is, and what it allows as a user who is asked for it reads it."""

RESERVED_SCOPES = (INTROSPECT, ADMIN)
"""The scopes that ``scopes: all`` in a seed file leaves out: who is to have one is to be named with it."""


RESERVED_CLAIMS = frozenset(
    {
        *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "sandbox", "generation"),
        *("auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "sid"),
    }
)
"""The claims of tokens that no entry of a seed file gives: the identity provider says them."""


class PathParameter(NamedTuple):
    """A parameter in a path: what it means, and a value that a page may fill in before its user does."""

    description: str
    example: str


TABLE_ACTIONS = (
    "GetItem",
    "BatchGetItem",
    "Query",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "ConditionCheckItem",
    "BatchWriteItem",
)
"""What a function may do with the table, as DynamoDB's actions; each part of a transaction is one."""

EMULATION_ACTIONS = ("GetItem", "Query", "PutItem", "UpdateItem")
"""What each of the partner's routes may do with the table besides, on stacks with faults or a journal."""

_SERVICE_PATHS = frozenset({"", "/", "/_keys", "/healthz", "/openapi.json"})
_SERVICE_FOLDERS = ("/_emulator", "/docs")


def is_service(path: str) -> bool:
    """Whether ``path``, as it is under the base URL, is one that the emulator has for itself and a partner has not."""
    return path in _SERVICE_PATHS or any(f"{path}/".startswith(f"{folder}/") for folder in _SERVICE_FOLDERS)


FAULT_HEADER = "x-emulator-fault"
"""The header by which a request asks for a fault, in lower case."""
FAULT_APPLIED = "X-Emulator-Fault-Applied"
"""The header that says what the fault of an answer comes from."""

LIMIT_HEADERS = (
    *("ratelimit", "ratelimit-policy"),
    *("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
)
"""The headers that tell of a rate limit, in lower case: of the newer form and of the older."""

PATH_PARAMETERS: Mapping[str, PathParameter] = {
    "player_id": PathParameter("The player's id, a UUIDv7.", "0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11"),
    "account": PathParameter("A username, whatever its case, or a client's id.", "testuser"),
    "username": PathParameter("A username, whatever its case.", "kratos"),
    "client_id": PathParameter("A client's id.", "companion"),
    "file": PathParameter("The file's name.", "docs.css"),
    "name": PathParameter("The sandbox's name.", "default"),
    "fault_id": PathParameter("A rule's id.", "fault-1"),
    "request_id": PathParameter("The request's id, its `X-Request-Id`.", "Yk3rDj9hIAMEPVA="),
}
"""The parameters that paths have, by name."""


class Tag(NamedTuple):
    """A group of routes in the API's description: those whose path has one of ``segments``, the last one counting."""

    name: str
    description: str
    segments: tuple[str, ...]


TAGS = (
    Tag("Players", "The accounts of a game's players.", ("players",)),
    Tag("Statistics", "What a player's results add up to.", ("stats",)),
    Tag("Identity", "OAuth 2.0 and OpenID Connect, for programs.", ("auth", ".well-known")),
    Tag("Pages", "OAuth 2.0 and OpenID Connect, for browsers.", ("authorize", "logout")),
    Tag("Emulator", "What operates the emulator.", ("_emulator",)),
    Tag("Service", "What the service says about itself.", ("",)),
)

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"


class Route(NamedTuple):
    """A route of the HTTP API: who may call it, what it takes and answers, and what its function may do."""

    name: str
    """Its own, in lower case with hyphens; also that of its function, unless ``function`` names another."""
    method: Method
    path: str
    handler: str
    """The function that answers. Its docstring is the route's description, as ``openapi`` reads it."""
    scope: str | None = None
    """What a caller's access token must hold; ``None`` means the gateway asks no token."""

    table: tuple[str, ...] = ()
    """The DynamoDB actions that the function's role allows; :meth:`actions` adds what faults and the journal take."""
    secrets: tuple[str, ...] = ()
    """The secrets that the function may read, by their names in ``variables``; all that it gets."""
    memory: int = 256
    """MiB."""
    timeout: int = 10
    """Seconds; where the stack has faults, those of the partner's routes outlast the gateway's patience."""
    function: str | None = None
    """The Lambda function, for rows that share one; ``None`` for one of its own, named like the row."""

    query: str | None = None
    """The pydantic model of the query's parameters, given to the handler as ``query``."""
    body: str | None = None
    """The pydantic model of the body in JSON, given to the handler as ``body``."""
    max_body: int = 64 * 1024
    """How many bytes a body may have."""
    form: str | None = None
    """The pydantic model, or the union of several, of the body as a form."""
    data: str | None = None
    """The model in the answer's ``data`` (``models.responses.APIResponse``)."""
    page_of: str | None = None
    """The model of each item of a page (``models.responses.PageResponse``)."""
    answer: str | None = None
    """The model of an answer without an envelope, such as one that an RFC gives."""
    media_types: tuple[str, ...] = (JSON_TYPE,)
    """Of the answer, when it is a success."""
    errors: tuple[str, ...] = ()
    """The exceptions of its own that it may answer with; what scopes, bodies and the flags below imply is added."""
    located: bool = True
    """Whether what it has made, where it answers 201, has a URL, which ``Location`` tells."""
    errors_as: Literal["problem", "oauth", "page"] = "problem"
    """How it tells of errors: RFC 9457, RFC 6749 section 5.2, or HTML for people. Who tells of them in another way
    than the first is not given ``query`` and ``body``, but reads and refuses them by its RFC."""
    client: bool = False
    """Whether a client authenticates here, or may (RFC 6749 section 2.3)."""
    bearer: str | None = None
    """The scope of the bearer token that the handler itself asks for, where the gateway asks none."""
    registers: bool = False
    """Whether clients register themselves here (RFC 7591), or manage what they registered (RFC 7592), with a token for
    that in either case."""
    issuer_metadata: bool = False
    """Whether it answers the metadata of an issuer (RFC 8414, OpenID Connect Discovery)."""

    versioned: bool = False
    """Whether what it is about has an ``ETag``: ``If-None-Match`` on ``GET``, ``If-Match`` on changes."""
    idempotent: bool = False
    """Whether it takes an ``Idempotency-Key``."""
    prefetch: str | None = None
    """The function that names the items to read together with the token's session: of the sandbox and the path's
    parameters by name, their keys."""
    foresee: str | None = None
    """The function that names the items to read together with the sandbox that the request opens: of the request, in
    the sandbox as it was last, their keys."""
    stores: tuple[str, ...] = ()
    """The functions that name the items of a player that it writes, of the sandbox and the player's id; the items are
    deleted with the player."""
    preload: tuple[str, ...] = ()
    """Modules that the handler imports when it runs, loaded while the function starts."""

    @property
    def entry(self) -> str:
        """The function's entry point in ``main``: ``players-create`` is ``players_create``."""
        return self.function_name.replace("-", "_")

    @property
    def operation_id(self) -> str:
        """The name in the API's description: ``players-create`` is ``players_create``."""
        return self.name.replace("-", "_")

    @property
    def opens_sandbox(self) -> bool:
        """Whether a request to it begins the sandbox that it names. The identity provider's do, where no token says
        that there is one."""
        return bool(self.table) and self.errors_as != "problem" and self.bearer is None

    @property
    def operates(self) -> bool:
        """Whether it operates the emulator, which a stack may have none of."""
        return self.path.startswith("/_emulator")

    @property
    def is_partners(self) -> bool:
        """Whether the partner has it too: faults act on these routes, and the journal records them. Not those that
        operate the emulator or describe the service; what no row serves is the partner's as well."""
        return not is_service(self.path)

    def actions(self, *, emulates: bool) -> tuple[str, ...]:
        """The DynamoDB actions that its function's role allows where the stack has faults or a journal (``emulates``),
        or neither."""
        more = EMULATION_ACTIONS if emulates and self.is_partners else ()
        return tuple(dict.fromkeys((*self.table, *more)))

    @property
    def function_name(self) -> str:
        """The function that answers, without the stack's part."""
        return self.function or self.name

    @property
    def key(self) -> str:
        """The gateway's route key, such as ``GET /players/{player_id}``."""
        return f"{self.method} {self.path}"

    @property
    def paths(self) -> tuple[str, ...]:
        """Its paths at the gateway: its own, and the one under a sandbox's base URL. Metadata of an issuer is where its
        base URL has a path under the well-known path with that appended too (RFC 8414 section 3.1)."""
        under = f"{SANDBOX_PREFIX}{self.path}".rstrip("/")
        return (
            (self.path, under, f"{self.path}{SANDBOX_PREFIX}") if self.issuer_metadata else (self.path, under)
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """The gateway's route keys that lead to it: its paths, by ``HEAD`` too where it answers ``GET`` (RFC 9110
        section 9.1)."""
        methods = ("GET", "HEAD") if self.method == "GET" else (self.method,)
        return tuple(f"{method} {path}" for path in self.paths for method in methods)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path's parameters, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def tag(self) -> str:
        """The name of its group in the API's description."""
        segments = self.path.split("/")
        return next(tag.name for part in reversed(segments) for tag in TAGS if part in tag.segments)

    @property
    def request_headers(self) -> frozenset[str]:
        """The headers, in lower case, that a caller may send for the route to read."""
        read = {"traceparent", "x-correlation-id", "x-sandbox"}
        read |= {"authorization"} if self.scope or self.bearer or self.client or self.registers else set()
        read |= {"content-type"} if self.body or self.form else set()
        read |= {"if-match", "if-none-match"} if self.versioned else set()
        read |= {FAULT_HEADER} if self.is_partners else set()
        return frozenset(read | ({"idempotency-key"} if self.idempotent else set()))

    @property
    def answer_headers(self) -> frozenset[str]:
        """The headers, in lower case, that an answer may have for the caller to read."""
        given = {
            "location",
            "retry-after",
            "traceparent",
            "www-authenticate",
            "x-correlation-id",
            "x-request-id",
            "x-sandbox",
        }
        given |= {"etag"} if self.versioned else set()
        given |= {"link"} if self.page_of else set()
        given |= {FAULT_APPLIED.lower(), *LIMIT_HEADERS} if self.is_partners else set()
        return frozenset(given | ({"idempotent-replayed"} if self.idempotent else set()))

    @property
    def arguments(self) -> dict[str, str]:
        """The models of what the handler is given besides the request, by the argument's name."""
        given = {"query": self.query, "body": self.body} if self.errors_as == "problem" else {}
        return {name: model for name, model in given.items() if model}


_PLAYER = "models.player:Player"
_PLAYER_BODY = "models.player_body:PlayerBody"
_PLAYER_KEYS = "services.players.player_items:player_keys"
_STATS = "models.stats:Stats"
_STATS_KEYS = "services.players.stats:keys"
_NO_PLAYER = "services.players.players:PlayerNotFoundException"
_TAKEN = (
    "services.players.players:UsernameTakenException",
    "services.players.players:EmailTakenException",
)
_NOT_FOUND = ("utils.errors:NotFoundException",)

_NO_ACCOUNT = "services.identity.account_changes:AccountNotFoundException"
_CONFLICT = "services.identity.account_changes:AccountConflictException"

_TOKENS = "models.auth:Tokens"
_TOKEN_FORM = "models.token_forms:TokenForm"  # noqa: S105 - a model's name
_INVALID_REQUEST = "utils.oauth_errors:InvalidRequestException"
_INVALID_TOKEN = "utils.oauth_errors:BearerTokenException"  # noqa: S105 - an exception's name
_INVALID_CLIENT = "utils.oauth_errors:InvalidClientException"
_INVALID_GRANT = "utils.oauth_errors:InvalidGrantException"
_INVALID_SCOPE = "utils.oauth_errors:InvalidScopeException"
_UNAUTHORIZED_CLIENT = "utils.oauth_errors:UnauthorizedClientException"
_FORM_ERRORS = (
    _INVALID_REQUEST,
    "handlers.browser:StaleFormException",
    "utils.errors:PayloadTooLargeException",
    "utils.errors:UnsupportedMediaTypeException",
)

_SANDBOX = "models.sandbox:Sandbox"
_SANDBOX_ACTIONS = ("GetItem", "BatchGetItem", "UpdateItem", "BatchWriteItem")
_SANDBOX_ERRORS = (
    "services.sandboxes.opening:InvalidSandboxException",
    "services.sandboxes.opening:SandboxNotFoundException",
    "handlers.sandboxes:ForeignSandboxException",
)
_NO_OPERATOR = "services.identity.operators:NoOperatorException"
_DOCUMENT_BYTES = 4 * 1024 * 1024
_FAULT_RULE = "models.fault:FaultRule"
_LIMIT = "models.limit:RateLimit"
_NO_FAULT = ("services.emulation.fault_control:FaultNotFoundException",)

ROUTES: tuple[Route, ...] = (
    Route("root", "GET", "/", "handlers.health:root", data="models.service:Root"),
    Route(
        "healthz",
        "GET",
        "/healthz",
        "handlers.health:healthz",
        table=("GetItem",),
        answer="models.service:Health",
    ),
    Route(
        "openapi",
        "GET",
        "/openapi.json",
        "handlers.docs:openapi",
        answer="models.service:Description",
        errors=_NOT_FOUND,
    ),
    Route(
        "docs",
        "GET",
        "/docs",
        "handlers.docs:page",
        answer="models.pages:Page",
        media_types=(HTML_TYPE,),
        errors=_NOT_FOUND,
        preload=("handlers.pages", "services.identity.seed"),
    ),
    Route(
        "docs-file",
        "GET",
        "/docs/{file}",
        "handlers.docs:file",
        answer="models.pages:File",
        media_types=("text/css; charset=utf-8", HTML_TYPE, "text/javascript; charset=utf-8"),
        errors=_NOT_FOUND,
    ),
    Route(
        "auth-token",
        "POST",
        "/auth/token",
        "handlers.token:token",
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem"),
        secrets=("signing-keys", "seed"),
        memory=512,
        body="models.auth_body:LoginBody",
        form="models.token_forms:TokenRequest",
        answer=_TOKENS,
        errors=(
            _INVALID_REQUEST,
            _INVALID_CLIENT,
            _INVALID_GRANT,
            _INVALID_SCOPE,
            _UNAUTHORIZED_CLIENT,
            "utils.oauth_errors:UnsupportedGrantTypeException",
            "utils.oauth_errors:InvalidTargetException",
        ),
        errors_as="oauth",
        client=True,
        foresee="handlers.token:login_keys",
        preload=(
            "models.auth_body",
            "services.identity.clients",
            "services.identity.authorization_codes",
            "services.identity.refresh_tokens",
            "services.identity.users",
        ),
    ),
    Route(
        "auth-refresh",
        "POST",
        "/auth/refresh",
        "handlers.token:refresh",
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
        secrets=("signing-keys", "seed"),
        memory=512,
        body="models.auth_body:RefreshBody",
        answer=_TOKENS,
        errors=(_INVALID_REQUEST, _INVALID_GRANT, _INVALID_SCOPE),
        errors_as="oauth",
        preload=("models.auth_body", "services.identity.refresh_tokens"),
    ),
    Route(
        "auth-revoke",
        "POST",
        "/auth/revoke",
        "handlers.auth:revoke",
        table=("GetItem", "BatchGetItem", "UpdateItem", "DeleteItem"),
        secrets=("seed",),
        memory=512,
        form=_TOKEN_FORM,
        errors=(_INVALID_REQUEST, _INVALID_CLIENT, _INVALID_GRANT),
        errors_as="oauth",
        client=True,
        preload=("services.identity.clients", "services.identity.issued_tokens"),
    ),
    Route(
        "auth-introspect",
        "POST",
        "/auth/introspect",
        "handlers.auth:introspect",
        table=("GetItem", "BatchGetItem", "UpdateItem", "DeleteItem"),
        secrets=("seed",),
        memory=512,
        form=_TOKEN_FORM,
        answer="models.auth:Introspection",
        errors=(_INVALID_REQUEST, _INVALID_CLIENT, _UNAUTHORIZED_CLIENT),
        errors_as="oauth",
        client=True,
        preload=("services.identity.clients", "services.identity.issued_tokens"),
    ),
    Route(
        "auth-userinfo",
        "GET",
        "/auth/userinfo",
        "handlers.auth:userinfo",
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        secrets=("seed",),
        answer="models.auth:UserInfo",
        errors=(
            _INVALID_REQUEST,
            "utils.oauth_errors:BearerTokenException",
            "utils.oauth_errors:InsufficientScopeException",
        ),
        errors_as="oauth",
        bearer="openid",
        preload=("services.identity.userinfo",),
    ),
    Route(
        "auth-userinfo-form",
        "POST",
        "/auth/userinfo",
        "handlers.auth:userinfo_form",
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        secrets=("seed",),
        function="auth-userinfo",
        form="models.token_forms:UserInfoForm",
        answer="models.auth:UserInfo",
        errors=(
            _INVALID_REQUEST,
            "utils.oauth_errors:BearerTokenException",
            "utils.oauth_errors:InsufficientScopeException",
        ),
        errors_as="oauth",
        bearer="openid",
        preload=("services.identity.userinfo",),
    ),
    Route(
        "auth-register",
        "POST",
        "/auth/register",
        "handlers.registration:register",
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
        secrets=("seed", "public-keys"),
        memory=512,
        function="auth-register",
        body="models.registration:ClientMetadata",
        answer="models.registration:RegisteredClient",
        errors=(
            _INVALID_REQUEST,
            _INVALID_TOKEN,
            "utils.oauth_errors:InvalidRedirectURIException",
            "utils.oauth_errors:InvalidClientMetadataException",
            "utils.oauth_errors:InsufficientScopeException",
        ),
        errors_as="oauth",
        registers=True,
    ),
    Route(
        "auth-register-read",
        "GET",
        "/auth/register/{client_id}",
        "handlers.registration:read",
        table=("GetItem", "UpdateItem"),
        memory=512,
        function="auth-register",
        answer="models.registration:RegisteredClient",
        errors=(_INVALID_REQUEST, _INVALID_TOKEN),
        errors_as="oauth",
        registers=True,
    ),
    Route(
        "auth-register-update",
        "PUT",
        "/auth/register/{client_id}",
        "handlers.registration:update",
        table=("GetItem", "PutItem", "UpdateItem"),
        secrets=("seed", "public-keys"),
        memory=512,
        function="auth-register",
        body="models.registration:ClientUpdate",
        answer="models.registration:RegisteredClient",
        errors=(
            _INVALID_REQUEST,
            _INVALID_TOKEN,
            "utils.oauth_errors:InvalidRedirectURIException",
            "utils.oauth_errors:InvalidClientMetadataException",
        ),
        errors_as="oauth",
        registers=True,
    ),
    Route(
        "auth-register-delete",
        "DELETE",
        "/auth/register/{client_id}",
        "handlers.registration:delete",
        table=("GetItem", "PutItem", "UpdateItem"),
        memory=512,
        function="auth-register",
        errors=(_INVALID_REQUEST, _INVALID_TOKEN),
        errors_as="oauth",
        registers=True,
    ),
    Route(
        "auth-authorize",
        "GET",
        "/auth/authorize",
        "handlers.authorize:show",
        table=("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
        secrets=("seed", "public-keys"),
        query="models.pages:AuthorizationQuery",
        answer="models.pages:Page",
        media_types=(HTML_TYPE,),
        errors=(_INVALID_REQUEST,),
        errors_as="page",
    ),
    Route(
        "auth-authorize-form",
        "POST",
        "/auth/authorize",
        "handlers.authorize:submit",
        table=("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
        secrets=("seed", "public-keys"),
        memory=512,
        query="models.pages:AuthorizationFormQuery",
        form="models.pages:PageForm",
        answer="models.pages:Page",
        media_types=(HTML_TYPE,),
        errors=(*_FORM_ERRORS, _INVALID_GRANT),
        errors_as="page",
        preload=("services.identity.users",),
    ),
    Route(
        "auth-logout",
        "GET",
        "/auth/logout",
        "handlers.logout:show",
        table=("GetItem", "Query", "UpdateItem", "DeleteItem"),
        secrets=("seed", "public-keys"),
        query="models.pages:LogoutQuery",
        answer="models.pages:Page",
        media_types=(HTML_TYPE,),
        errors=(_INVALID_REQUEST,),
        errors_as="page",
    ),
    Route(
        "auth-logout-form",
        "POST",
        "/auth/logout",
        "handlers.logout:submit",
        table=("GetItem", "Query", "UpdateItem", "DeleteItem"),
        secrets=("seed", "public-keys"),
        query="models.pages:LogoutQuery",
        form="models.pages:PageForm",
        answer="models.pages:Page",
        media_types=(HTML_TYPE,),
        errors=_FORM_ERRORS,
        errors_as="page",
    ),
    Route(
        "jwks",
        "GET",
        "/.well-known/jwks.json",
        "handlers.discovery:jwks",
        secrets=("public-keys",),
        answer="models.auth:JWKSet",
    ),
    Route(
        "stack-keys",
        "GET",
        "/_keys",
        "handlers.discovery:stack_keys",
        secrets=("public-keys",),
        function="jwks",
        answer="models.auth:JWKSet",
    ),
    Route(
        "openid-configuration",
        "GET",
        "/.well-known/openid-configuration",
        "handlers.discovery:openid_configuration",
        secrets=("public-keys",),
        issuer_metadata=True,
        answer="models.auth:ProviderMetadata",
    ),
    Route(
        "oauth-authorization-server",
        "GET",
        "/.well-known/oauth-authorization-server",
        "handlers.discovery:oauth_authorization_server",
        issuer_metadata=True,
        answer="models.auth:ServerMetadata",
    ),
    Route(
        "players-create",
        "POST",
        "/players",
        "handlers.players:create",
        scope=_WRITE,
        table=("BatchGetItem", "PutItem"),
        body=_PLAYER_BODY,
        data=_PLAYER,
        errors=_TAKEN,
        versioned=True,
        idempotent=True,
        preload=("handlers.idempotency", "uuid_utils"),
    ),
    Route(
        "players-list",
        "GET",
        "/players",
        "handlers.players:index",
        scope=_READ,
        table=("BatchGetItem", "Query", "UpdateItem"),
        query="models.players_query:PlayersQuery",
        page_of=_PLAYER,
        errors=("utils.errors:InvalidCursorException",),
        prefetch="services.players.listing:secret_keys",
    ),
    Route(
        "players-get",
        "GET",
        "/players/{player_id}",
        "handlers.players:show",
        scope=_READ,
        table=("BatchGetItem",),
        data=_PLAYER,
        errors=(_NO_PLAYER,),
        versioned=True,
        prefetch=_PLAYER_KEYS,
    ),
    Route(
        "players-update",
        "PUT",
        "/players/{player_id}",
        "handlers.players:update",
        scope=_WRITE,
        table=("BatchGetItem", "PutItem", "DeleteItem"),
        body=_PLAYER_BODY,
        data=_PLAYER,
        errors=(_NO_PLAYER, *_TAKEN),
        versioned=True,
        prefetch=_PLAYER_KEYS,
        stores=("services.players.player_items:player_key",),
    ),
    Route(
        "players-delete",
        "DELETE",
        "/players/{player_id}",
        "handlers.players:delete",
        scope=_WRITE,
        table=("BatchGetItem", "DeleteItem"),
        errors=(_NO_PLAYER,),
        versioned=True,
        prefetch=_PLAYER_KEYS,
    ),
    Route(
        "stats-get",
        "GET",
        "/players/{player_id}/stats",
        "handlers.stats:show",
        scope=_READ,
        table=("BatchGetItem",),
        data=_STATS,
        errors=(_NO_PLAYER,),
        versioned=True,
        prefetch=_STATS_KEYS,
    ),
    Route(
        "stats-post",
        "POST",
        "/players/{player_id}/stats",
        "handlers.stats:record",
        scope=_WRITE,
        table=("BatchGetItem", "PutItem", "UpdateItem", "ConditionCheckItem"),
        body="models.result_body:ResultBody",
        data=_STATS,
        errors=(_NO_PLAYER,),
        versioned=True,
        idempotent=True,
        prefetch=_STATS_KEYS,
        stores=(
            "services.players.player_items:stats_key",
            "services.players.player_items:shared_stats_key",
        ),
        preload=("handlers.idempotency",),
    ),
    Route(
        "console",
        "GET",
        "/_emulator",
        "handlers.console:page",
        function="console",
        answer="models.pages:Page",
        media_types=(HTML_TYPE,),
        errors=_NOT_FOUND,
        preload=("handlers.pages", "services.identity.seed"),
    ),
    Route(
        "console-file",
        "GET",
        "/_emulator/console/{file}",
        "handlers.console:file",
        function="console",
        answer="models.pages:File",
        media_types=("text/css; charset=utf-8", "text/javascript; charset=utf-8"),
        errors=_NOT_FOUND,
    ),
    Route(
        "emulator-unlock",
        "DELETE",
        "/_emulator/lockouts/{account}",
        "handlers.emulator:unlock",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem", "DeleteItem"),
        function="emulator",
    ),
    Route(
        "emulator-clock",
        "GET",
        "/_emulator/clock",
        "handlers.clock:show",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        data="models.clock:Clock",
    ),
    Route(
        "emulator-clock-change",
        "PUT",
        "/_emulator/clock",
        "handlers.clock:change",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem", "DeleteItem"),
        function="emulator",
        body="models.clock_body:ClockBody",
        data="models.clock:ClockChange",
        errors=(
            "services.sandboxes.timekeeping:ClockBackwardsException",
            "services.sandboxes.opening:SandboxNotFoundException",
        ),
    ),
    Route(
        "emulator-tokens",
        "POST",
        "/_emulator/tokens",
        "handlers.token_orders:order",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
        secrets=("signing-keys", "seed"),
        memory=512,
        function="emulator",
        body="models.token_order:TokenOrder",
        data="models.token_order:OrderedToken",
        errors=(
            "services.sandboxes.opening:InvalidSandboxException",
            "services.sandboxes.opening:SandboxMismatchException",
            "services.sandboxes.opening:SandboxNotFoundException",
        ),
        located=False,
    ),
    Route(
        "emulator-users-put",
        "PUT",
        "/_emulator/users/{username}",
        "handlers.accounts:put_user",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"),
        secrets=("seed",),
        memory=512,
        body="models.account_bodies:UserBody",
        data="models.accounts:UserAccount",
        errors=(_CONFLICT, _NO_OPERATOR),
        function="emulator",
    ),
    Route(
        "emulator-users-list",
        "GET",
        "/_emulator/users",
        "handlers.accounts:list_users",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        secrets=("seed",),
        query="models.account_bodies:AccountsQuery",
        page_of="models.accounts:UserAccount",
        function="emulator",
    ),
    Route(
        "emulator-users-get",
        "GET",
        "/_emulator/users/{username}",
        "handlers.accounts:show_user",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        secrets=("seed",),
        data="models.accounts:UserAccount",
        errors=(_NO_ACCOUNT,),
        function="emulator",
    ),
    Route(
        "emulator-users-delete",
        "DELETE",
        "/_emulator/users/{username}",
        "handlers.accounts:delete_user",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"),
        secrets=("seed",),
        errors=(_NO_ACCOUNT, _NO_OPERATOR),
        function="emulator",
    ),
    Route(
        "emulator-clients-put",
        "PUT",
        "/_emulator/clients/{client_id}",
        "handlers.accounts:put_client",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"),
        secrets=("seed", "public-keys"),
        memory=512,
        body="models.account_bodies:ClientBody",
        data="models.accounts:ClientAccount",
        errors=(_CONFLICT, _NO_OPERATOR),
        function="emulator",
    ),
    Route(
        "emulator-clients-list",
        "GET",
        "/_emulator/clients",
        "handlers.accounts:list_clients",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        secrets=("seed",),
        query="models.account_bodies:AccountsQuery",
        page_of="models.accounts:ClientAccount",
        function="emulator",
    ),
    Route(
        "emulator-clients-get",
        "GET",
        "/_emulator/clients/{client_id}",
        "handlers.accounts:show_client",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        secrets=("seed",),
        data="models.accounts:ClientAccount",
        errors=(_NO_ACCOUNT,),
        function="emulator",
    ),
    Route(
        "emulator-clients-delete",
        "DELETE",
        "/_emulator/clients/{client_id}",
        "handlers.accounts:delete_client",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"),
        secrets=("seed",),
        errors=(_NO_ACCOUNT, _CONFLICT, _NO_OPERATOR),
        function="emulator",
    ),
    Route(
        "sandboxes-put",
        "PUT",
        "/_emulator/sandboxes/{name}",
        "handlers.sandboxes:declare",
        scope=ADMIN,
        table=_SANDBOX_ACTIONS,
        secrets=("seed", "public-keys"),
        memory=1024,
        timeout=29,
        function="emulator",
        body="models.sandbox_body:SandboxBody",
        max_body=_DOCUMENT_BYTES,
        data=_SANDBOX,
        errors=(*_SANDBOX_ERRORS, _NO_OPERATOR),
        preload=("services.identity.passwords",),
    ),
    Route(
        "sandboxes-list",
        "GET",
        "/_emulator/sandboxes",
        "handlers.sandboxes:index",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        function="emulator",
        query="models.sandbox_body:SandboxesQuery",
        page_of=_SANDBOX,
        errors=("utils.errors:InvalidCursorException",),
        prefetch="services.players.listing:secret_keys",
    ),
    Route(
        "sandboxes-get",
        "GET",
        "/_emulator/sandboxes/{name}",
        "handlers.sandboxes:show",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        data=_SANDBOX,
        errors=_SANDBOX_ERRORS,
    ),
    Route(
        "sandboxes-delete",
        "DELETE",
        "/_emulator/sandboxes/{name}",
        "handlers.sandboxes:delete",
        scope=ADMIN,
        table=(*_SANDBOX_ACTIONS, "DeleteItem"),
        function="emulator",
        errors=(*_SANDBOX_ERRORS, "services.sandboxes.declared:DefaultSandboxException"),
    ),
    Route(
        "sandboxes-reset",
        "POST",
        "/_emulator/sandboxes/{name}/reset",
        "handlers.sandboxes:reset",
        scope=ADMIN,
        table=_SANDBOX_ACTIONS,
        secrets=("seed",),
        memory=1024,
        timeout=29,
        function="emulator",
        data=_SANDBOX,
        errors=(*_SANDBOX_ERRORS, _NO_OPERATOR),
    ),
    Route(
        "sandboxes-export",
        "GET",
        "/_emulator/sandboxes/{name}/export",
        "handlers.sandboxes:export",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        secrets=("seed",),
        memory=1024,
        timeout=29,
        function="emulator",
        query="models.sandbox_body:ExportQuery",
        answer="models.sandbox_document:Export",
        errors=(*_SANDBOX_ERRORS, "utils.errors:InvalidCursorException"),
    ),
    Route(
        "sandboxes-import",
        "POST",
        "/_emulator/sandboxes/{name}/import",
        "handlers.sandboxes:import_",
        scope=ADMIN,
        table=_SANDBOX_ACTIONS,
        secrets=("seed", "public-keys"),
        memory=1024,
        timeout=29,
        function="emulator",
        query="models.sandbox_body:ImportQuery",
        body="models.sandbox_document:SandboxDocument",
        max_body=_DOCUMENT_BYTES,
        data="models.sandbox:Import",
        errors=(*_SANDBOX_ERRORS, "utils.errors:InvalidCursorException", _NO_OPERATOR),
    ),
    Route(
        "faults-create",
        "POST",
        "/_emulator/faults",
        "handlers.fault_rules:create",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
        function="emulator",
        body="models.fault_body:FaultRuleBody",
        data=_FAULT_RULE,
        errors=(
            "services.emulation.fault_control:TooManyFaultsException",
            "services.sandboxes.opening:SandboxNotFoundException",
        ),
    ),
    Route(
        "faults-list",
        "GET",
        "/_emulator/faults",
        "handlers.fault_rules:index",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        function="emulator",
        query="models.fault_body:FaultsQuery",
        page_of=_FAULT_RULE,
        errors=("utils.errors:InvalidCursorException",),
    ),
    Route(
        "faults-delete-all",
        "DELETE",
        "/_emulator/faults",
        "handlers.fault_rules:delete_all",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem", "DeleteItem"),
        function="emulator",
    ),
    Route(
        "faults-get",
        "GET",
        "/_emulator/faults/{fault_id}",
        "handlers.fault_rules:show",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        data=_FAULT_RULE,
        errors=_NO_FAULT,
    ),
    Route(
        "faults-delete",
        "DELETE",
        "/_emulator/faults/{fault_id}",
        "handlers.fault_rules:delete",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem", "DeleteItem"),
        function="emulator",
        errors=_NO_FAULT,
    ),
    Route(
        "requests-list",
        "GET",
        "/_emulator/requests",
        "handlers.requests_log:index",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        timeout=29,
        function="emulator",
        query="models.journal_body:RequestsQuery",
        answer="models.journal:RecordedRequests",
        errors=("handlers.requests_log:JournalOffException", "utils.errors:InvalidCursorException"),
        prefetch="services.players.listing:secret_keys",
    ),
    Route(
        "requests-get",
        "GET",
        "/_emulator/requests/{request_id}",
        "handlers.requests_log:show",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        function="emulator",
        data="models.journal:RecordedRequest",
        errors=(
            "handlers.requests_log:JournalOffException",
            "handlers.requests_log:RequestNotFoundException",
        ),
    ),
    Route(
        "requests-clear",
        "DELETE",
        "/_emulator/requests",
        "handlers.requests_log:clear",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        errors=("handlers.requests_log:JournalOffException",),
    ),
    Route(
        "requests-verify",
        "POST",
        "/_emulator/requests/verify",
        "handlers.requests_log:verify",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "Query", "UpdateItem"),
        timeout=29,
        function="emulator",
        body="models.journal_body:VerifyBody",
        data="models.journal:Verification",
        errors=(
            "handlers.requests_log:JournalOffException",
            "services.emulation.verification:VerificationFailedException",
        ),
        located=False,
    ),
    Route(
        "limits-put",
        "PUT",
        "/_emulator/limits",
        "handlers.limits:put",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        body="models.limit_body:LimitBody",
        data=_LIMIT,
        errors=("services.sandboxes.opening:SandboxNotFoundException",),
    ),
    Route(
        "limits-get",
        "GET",
        "/_emulator/limits",
        "handlers.limits:show",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        data=_LIMIT,
        errors=("services.emulation.limits:LimitNotFoundException",),
    ),
    Route(
        "limits-delete",
        "DELETE",
        "/_emulator/limits",
        "handlers.limits:delete",
        scope=ADMIN,
        table=("GetItem", "BatchGetItem", "UpdateItem"),
        function="emulator",
        errors=("services.sandboxes.opening:SandboxNotFoundException",),
    ),
    # A new row goes here: CONTRIBUTING.md leads from the row to the answer.
)

_PATHS = {route.name: route.path for route in ROUTES}

FALLBACK = Route("fallback", "GET", "$default", "handlers.fallback:fallback")
"""What answers every path and method that no row names; the gateway's ``$default`` route."""


def path_to(name: str, /, **parameters: str) -> str:
    """The path of the route ``name``, with its ``parameters`` filled in."""
    return _PATHS[name].format_map(parameters)
