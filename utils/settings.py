"""The environment of a function, read once and typed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal, cast, get_args

Environment = Literal["local", "dev", "staging", "prod"]

DEFAULT_SANDBOX = "default"
"""The sandbox of a request whose token names none."""


class SettingsError(RuntimeError):
    """The environment is incomplete or wrong; the message names every variable at fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that a deploy gives a function.

    ``issuer`` is the API's base URL without a trailing slash. ``public_jwks`` is the JWK Set (RFC 7517) at the time
    of the deploy as JSON text, not parsed because few functions need it; ``jwks_uri`` is where the present set is
    served. ``trusted_issuer`` is the issuer whose access tokens are accepted, by default ``issuer``. The secrets are
    names or ARNs, never values. ``image_tag`` and ``release``, a label by Semantic Versioning, are set in the image.
    """

    environment: Environment
    log_level: str
    service_name: str
    image_tag: str
    release: str
    table_name: str
    issuer: str
    audience: str
    public_jwks: str
    jwks_uri: str
    trusted_issuer: str
    trusted_jwks_uri: str
    public_keys_secret: str
    signing_keys_secret: str
    seed_secret: str
    access_token_lifetime: timedelta
    refresh_token_lifetime: timedelta
    browser_session_lifetime: timedelta

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets by the names that the route table has for them."""
        return {
            "public-keys": self.public_keys_secret,
            "signing-keys": self.signing_keys_secret,
            "seed": self.seed_secret,
        }

    @property
    def is_described(self) -> bool:
        """Whether the API's description (``/openapi.json``, ``/docs``) is served: everywhere but in prod."""
        return self.environment != "prod"

    def url(self, path: str) -> str:
        """The absolute URL of a path of the API, whose base URL may have a path of its own."""
        return self.issuer + path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings in ``environment``; :class:`SettingsError` names every variable that is missing or wrong."""
        read = _Reader(environment)
        settings = cls(
            environment=cast("Environment", read.one_of("ENVIRONMENT", get_args(Environment))),
            log_level=read.text("LOG_LEVEL"),
            service_name=read.text("POWERTOOLS_SERVICE_NAME"),
            image_tag=read.text("IMAGE_TAG"),
            release=read.text("RELEASE"),
            table_name=read.text("TABLE_NAME"),
            issuer=read.text("ISSUER").rstrip("/"),
            audience=read.text("AUDIENCE"),
            public_jwks=read.text("PUBLIC_JWKS"),
            jwks_uri=read.text("JWKS_URI"),
            trusted_issuer=read.text("TRUSTED_ISSUER").rstrip("/"),
            trusted_jwks_uri=read.text("TRUSTED_JWKS_URI"),
            public_keys_secret=read.text("PUBLIC_KEYS_SECRET"),
            signing_keys_secret=read.text("SIGNING_KEYS_SECRET"),
            seed_secret=read.text("SEED_SECRET"),
            access_token_lifetime=read.seconds("ACCESS_TOKEN_SECONDS"),
            refresh_token_lifetime=read.seconds("REFRESH_TOKEN_SECONDS"),
            browser_session_lifetime=read.seconds("BROWSER_SESSION_SECONDS"),
        )
        read.raise_faults()
        return settings


class _Reader:
    """Reads variables and collects their faults, so that one error names them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._faults: list[str] = []

    def text(self, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            self._faults.append(f"{name} is missing")
        return value

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value and value not in allowed:
            self._faults.append(f"{name} is none of {', '.join(allowed)}")
        return value

    def seconds(self, name: str) -> timedelta:
        value = self.text(name)
        if value and not (value.isdecimal() and int(value) > 0):
            self._faults.append(f"{name} is not a positive number of seconds")
            value = ""
        return timedelta(seconds=int(value or 0))

    def raise_faults(self) -> None:
        if self._faults:
            raise SettingsError(f"the function's environment is wrong: {'; '.join(self._faults)}")


@cache
def settings() -> Settings:
    """This process's settings, read on first use. Raises :class:`SettingsError`."""
    return Settings.from_environment(os.environ)
