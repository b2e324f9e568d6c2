"""The rules that the program does not follow, and why: one list for the tests' own rules and for checkov's."""

_AWS_KEY = "encrypted under AWS's own key; a key of ours would cost by the call and protect from nobody new"
_UNTRACED = "tracing is a setting, on where it is worth its price"

EXCEPTIONS: dict[str, str] = {
    "CKV_AWS_119": _AWS_KEY,
    "CKV_AWS_136": _AWS_KEY,
    "CKV_AWS_149": _AWS_KEY,
    "CKV_AWS_158": _AWS_KEY,
    "CKV_AWS_173": "the environment holds names and public keys, no secret",
    "CKV_AWS_115": "the stage throttles; reserving would take from the account what idle functions do not use",
    "CKV_AWS_116": "functions are invoked synchronously: their errors are answers, not lost events",
    "CKV_AWS_117": "nothing they reach is in a VPC; one would add cold start and a gateway to pay for",
    "CKV_AWS_272": "AWS signs packages, not images; tags are immutable and the hash is in the tag",
    "CKV_AWS_338": "how long logs are kept is a setting",
    "CKV2_AWS_57": "a signing key stays published until its tokens have expired; the seed holds hashes",
    "CKV2_AWS_51": "an HTTP API presents no certificate to a function",
}
"""The rules that the program does not follow on any stack, and why."""

ON_SOME_STACKS: dict[str, tuple[frozenset[str], str]] = {
    "CKV_AWS_28": (frozenset({"local", "local-7", "dev"}), "their data is made up"),
    "CKV_AWS_50": (frozenset({"local", "local-7", "dev"}), _UNTRACED),
    "CKV_AWS_288": (frozenset({"staging", "prod"}), "traces: X-Ray knows no finer resource"),
    "CKV_AWS_290": (frozenset({"staging", "prod"}), "traces: X-Ray knows no finer resource"),
    "CKV_AWS_355": (frozenset({"staging", "prod"}), "traces: X-Ray knows no finer resource"),
}
"""The rules that it does not follow on these stacks, and why."""

OPEN_ROUTES = {
    "POST /auth/userinfo",
    "GET /",
    "GET /healthz",
    "POST /auth/token",
    "POST /auth/refresh",
    "POST /auth/revoke",
    "POST /auth/introspect",
    "POST /auth/register",
    "GET /auth/register/{client_id}",
    "PUT /auth/register/{client_id}",
    "DELETE /auth/register/{client_id}",
    "GET /auth/userinfo",
    "GET /auth/authorize",
    "POST /auth/authorize",
    "GET /auth/logout",
    "POST /auth/logout",
    "GET /.well-known/jwks.json",
    "GET /.well-known/openid-configuration",
    "GET /.well-known/oauth-authorization-server",
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/{file}",
    "GET /_emulator",
    "GET /_emulator/console/{file}",
    "$default",
}
"""The routes without an authorizer (CKV_AWS_309): public by their standards, judging the token themselves
(userinfo, whose 401 must be OpenID Connect's) or the client (revoke, introspect, registration), answering 404 and
405, or pages that read nothing and log in by themselves (/docs, the console)."""


def is_excepted(rule: str, stack: str, route: str | None = None) -> bool:
    """Whether a resource of ``stack`` may break ``rule``; ``route`` is the key of what is a route."""
    if rule == "CKV_AWS_309":
        method, _, path = str(route).replace("/s/{sandbox}", "").partition(" ")
        return f"{method.replace('HEAD', 'GET')} {path or '/'}" in {*OPEN_ROUTES, "$default /"}
    stacks, _ = ON_SOME_STACKS.get(rule, (frozenset(), ""))
    return rule in EXCEPTIONS or stack in stacks
