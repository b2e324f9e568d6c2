"""What the environment tells a function: one line a variable.

A field of ``Settings`` names its variable, where the Pulumi program takes the value from, and one to run with where
nothing is deployed. The program, the functions and the tests read it here. Only the standard library is imported.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple, NewType

Environment = Literal["local", "dev", "staging", "prod"]

Sandboxes = Literal["open", "declared", "off"]
"""Which sandboxes there are besides the default one: whatever is named, those that an administrator has made, none."""

BaseURL = NewType("BaseURL", str)
"""A URL without a slash at its end, to which a path is appended."""

BaseURLs = NewType("BaseURLs", frozenset[str])
"""Several of them; in the environment with spaces between."""


class Variable(NamedTuple):
    """A variable of a function's environment.

    ``source`` says where the value comes from: ``setting:NAME`` is a setting of the stack, ``output:NAME`` what the
    program knows under that name, ``secret:NAME`` the name of a secret of the route table, ``image`` the image
    itself. ``example`` is a value to run with where nothing is deployed.
    """

    name: str
    source: str
    example: str


class Settings(NamedTuple):
    """What the deployment tells a function.

    ``issuer`` is the API's base URL, ``issuers`` are those that it goes by where it is asked under their hosts
    (``utils.base_url``), that one among them. ``public_jwks`` is the JWK Set (RFC 7517) of the deploy as JSON text,
    left unparsed because only few functions look into it; ``jwks_uri`` is where a function reaches the set of today.
    ``trusted_issuer`` is whose tokens open routes, by default ``issuer``. The secrets are names or ARNs, never values.
    The image itself says its ``image_tag`` and ``release``, a label by Semantic Versioning.
    """

    environment: Annotated[Environment, Variable("ENVIRONMENT", "setting:environment", "local")]
    log_level: Annotated[str, Variable("LOG_LEVEL", "setting:log_level", "DEBUG")]
    service_name: Annotated[str, Variable("POWERTOOLS_SERVICE_NAME", "output:service_name", "psn-emulator")]
    metrics_namespace: Annotated[
        str, Variable("METRICS_NAMESPACE", "output:metrics_namespace", "psn-emulator-local")
    ]
    image_tag: Annotated[str, Variable("IMAGE_TAG", "image", "20260101-120000-0123abcd")]
    release: Annotated[str, Variable("RELEASE", "image", "0.1.0+0f3c9e1d2b4a")]
    table_name: Annotated[str, Variable("TABLE_NAME", "output:table_name", "psn-emulator-local")]
    issuer: Annotated[BaseURL, Variable("ISSUER", "output:issuer", "http://localhost")]
    issuers: Annotated[BaseURLs, Variable("ISSUERS", "output:issuers", "http://localhost")]
    audience: Annotated[str, Variable("AUDIENCE", "setting:audience", "psn-emulator-api")]
    public_jwks: Annotated[str, Variable("PUBLIC_JWKS", "output:public_jwks", '{"keys": []}')]
    jwks_uri: Annotated[str, Variable("JWKS_URI", "output:jwks_uri", "http://localhost/_keys")]
    trusted_issuer: Annotated[
        BaseURL, Variable("TRUSTED_ISSUER", "output:trusted_issuer", "http://localhost")
    ]
    trusted_jwks_uri: Annotated[
        str, Variable("TRUSTED_JWKS_URI", "output:trusted_jwks_uri", "http://localhost/_keys")
    ]
    public_keys_secret: Annotated[
        str, Variable("PUBLIC_KEYS_SECRET", "secret:public-keys", "psn-emulator/local/public-keys")
    ]
    signing_keys_secret: Annotated[
        str, Variable("SIGNING_KEYS_SECRET", "secret:signing-keys", "psn-emulator/local/signing-keys")
    ]
    seed_secret: Annotated[str, Variable("SEED_SECRET", "secret:seed", "psn-emulator/local/seed")]
    sandboxes: Annotated[Sandboxes, Variable("SANDBOXES", "setting:sandboxes", "open")]
    faults: Annotated[bool, Variable("FAULTS", "setting:faults", "false")]
    journal: Annotated[bool, Variable("JOURNAL", "setting:journal", "false")]
    api_timeout: Annotated[timedelta, Variable("API_TIMEOUT_SECONDS", "setting:api_timeout_seconds", "30")]
    acr_values: Annotated[str, Variable("ACR_VALUES", "setting:acr_values", "1")]
    profile_claims_in_id_token: Annotated[
        bool, Variable("PROFILE_CLAIMS_IN_ID_TOKEN", "setting:profile_claims_in_id_token", "false")
    ]
    session_cookie_same_site: Annotated[
        str, Variable("SESSION_COOKIE_SAME_SITE", "setting:session_cookie_same_site", "Lax")
    ]
    access_token_lifetime: Annotated[
        timedelta, Variable("ACCESS_TOKEN_SECONDS", "setting:access_token_seconds", "3600")
    ]
    refresh_token_lifetime: Annotated[
        timedelta, Variable("REFRESH_TOKEN_SECONDS", "setting:refresh_token_seconds", "2592000")
    ]
    browser_session_lifetime: Annotated[
        timedelta, Variable("BROWSER_SESSION_SECONDS", "setting:browser_session_seconds", "28800")
    ]

    automatic_login: Annotated[bool, Variable("AUTOMATIC_LOGIN", "setting:automatic_login", "true")]
    open_registration: Annotated[bool, Variable("OPEN_REGISTRATION", "setting:open_registration", "true")]

    player_shards: Annotated[int, Variable("PLAYER_SHARDS", "setting:player_shards", "1")]

    lockout_failures: Annotated[int, Variable("LOCKOUT_FAILURES", "setting:lockout_failures", "10")]
    lockout_period: Annotated[timedelta, Variable("LOCKOUT_SECONDS", "setting:lockout_seconds", "900")]

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets by the names that the route table has for them."""
        return {secret: getattr(self, name) for secret, name in SECRETS.items()}

    @property
    def emulates(self) -> bool:
        """Whether the partner's routes have faults or a journal."""
        return self.faults or self.journal

    @property
    def is_described(self) -> bool:
        """Whether the API's description is served, which prod keeps to itself."""
        return self.environment != "prod"

    def is_own_issuer(self, issuer: str, sandbox: str) -> bool:
        """Whether ``issuer`` is the API by one of its base URLs, or the ``sandbox`` of that name by its own there."""
        return self.is_base_url(issuer.removesuffix(f"/s/{sandbox}"))

    def is_base_url(self, url: str) -> bool:
        """Whether ``url`` is one that the API goes by."""
        return url == self.issuer or url in self.issuers


VARIABLES: Mapping[str, Variable] = {
    name: declared.__metadata__[0] for name, declared in Settings.__annotations__.items()
}
"""The variables by the name of their field."""

EXAMPLE: Mapping[str, str] = {variable.name: variable.example for variable in VARIABLES.values()}
"""An environment to run a function in where nothing is deployed."""

SECRETS: Mapping[str, str] = {
    variable.source.removeprefix("secret:"): name
    for name, variable in VARIABLES.items()
    if variable.source.startswith("secret:")
}
"""The fields that name a secret, by the secret."""
