"""The provider's configuration: a local AWS on loopback, and its credentials."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from infrastructure.local.plugin.checks import CheckFailure, check_inputs
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.shapes import Property, block, boolean, list_of, string, string_map
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, mapping, sequence
from infrastructure.tools import credentials

SERVICES: Final = {
    "apigatewayv2": "apigatewayv2",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "ecr": "ecr",
    "iam": "iam",
    "lambda": "lambda",
    "logs": "logs",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sts": "sts",
}
"""The supported services: the SDK's names by those in the provider's ``endpoints``."""

DECLARED: Final[Mapping[str, Property]] = {
    "region": string(required=True),
    "profile": string(),
    "accessKey": string(),
    "secretKey": string(),
    "endpoints": list_of(string_map(), required=True),
    "skipCredentialsValidation": boolean(),
    "skipRequestingAccountId": boolean(),
    "skipMetadataApiCheck": boolean(),
    "skipRegionValidation": boolean(),
    "s3UsePathStyle": boolean(),
    "defaultTags": block({"tags": string_map()}),
}
"""The supported settings.

The checks that ``skip…`` turns off are never made here, and ``profile`` is not read. Without ``accessKey`` the
credential is that of the checkout's local AWS.
"""

_LOCAL_ACCOUNT: Final = "000000000000"


@dataclass(frozen=True)
class Configuration:
    """A local AWS.

    ``endpoints`` are URLs by the SDK's name of the service; ``asks_for_account`` has STS asked for the account.
    """

    region: str
    endpoints: Mapping[str, str]
    access_key: str
    secret_key: str = field(repr=False)
    default_tags: Properties = field(default_factory=dict)
    asks_for_account: bool = False

    @property
    def assumed_account(self) -> str:
        """The account where STS is not asked: the access key, as a local AWS takes it, where it is 12 digits."""
        key = self.access_key
        return key if len(key) == len(_LOCAL_ACCOUNT) and key.isdigit() else _LOCAL_ACCOUNT


def check_configuration(inputs: Properties) -> list[CheckFailure]:
    """The failures of the provider's inputs, in which all values but strings are JSON text."""
    settings = _decoded(inputs)
    failures = list(check_inputs(DECLARED, settings))
    endpoints = settings.get("endpoints")
    for index, endpoint in enumerate(endpoints if isinstance(endpoints, list) else []):
        failures += _check_endpoint(index, endpoint)
    return failures


def parse_configuration(inputs: Properties) -> Configuration:
    """The configuration in the provider's inputs.

    Raises ``PluginError`` for inputs that :func:`check_configuration` refuses.
    """
    if failures := check_configuration(inputs):
        raise PluginError(f"provider configuration: {failures[0].path}: {failures[0].reason}")
    settings = _decoded(inputs)
    own = credentials.made_before() if "accessKey" not in settings else None
    urls: Properties = {}
    for endpoint in sequence(settings["endpoints"]):
        urls |= mapping(endpoint)
    return Configuration(
        region=str(settings["region"]),
        endpoints={SERVICES[name]: str(url) for name, url in urls.items() if name in SERVICES},
        default_tags=mapping(mapping(settings.get("defaultTags")).get("tags")),
        asks_for_account="sts" in urls and not settings.get("skipRequestingAccountId"),
        access_key=own.access_key if own else str(settings["accessKey"]),
        secret_key=own.secret_key if own else str(settings.get("secretKey", "")),
    )


def is_loopback(url: str) -> bool:
    """Whether the host of the HTTP URL is a loopback address or ``localhost``."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"}:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_endpoint(index: int, endpoint: Value) -> list[CheckFailure]:
    if not isinstance(endpoint, dict):
        return []
    return [
        CheckFailure(
            f"endpoints[{index}].{service}",
            f"the stand-in plugin serves a local AWS only: {url} is not a loopback address",
        )
        for service, url in endpoint.items()
        if url is not UNKNOWN and not is_loopback(str(url))
    ]


def _decoded(inputs: Properties) -> Properties:
    """The settings with their JSON texts parsed, without the engine's own such as ``version``."""
    own = {"version", "pluginDownloadURL"}
    named = {key: value for key, value in inputs.items() if not key.startswith("__") and key not in own}
    return {key: _value(DECLARED.get(key), value) for key, value in named.items()}


def _value(declared: Property | None, value: Value) -> Value:
    if declared is None or declared.kind == "string" or not isinstance(value, str):
        return value
    try:
        parsed: Value = json.loads(value)
    except ValueError:
        return value
    return parsed
