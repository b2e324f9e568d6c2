"""The provider's configuration: which local AWS, with which credentials, and nothing that is not loopback."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from infrastructure.local.plugin.checks import Failure, failures
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.shapes import Property, block, flag, many, table, text
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, mapping, sequence

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
"""The services used here: their names in ``endpoints`` of the provider, and in the SDK."""

DECLARED: Final[Mapping[str, Property]] = {
    "region": text(required=True),
    "profile": text(),
    "accessKey": text(),
    "secretKey": text(),
    "endpoints": many(table(), required=True),
    "skipCredentialsValidation": flag(),
    "skipRequestingAccountId": flag(),
    "skipMetadataApiCheck": flag(),
    "skipRegionValidation": flag(),
    "s3UsePathStyle": flag(),
    "defaultTags": block({"tags": table()}),
}
"""The configuration keys that are understood.

The checks that ``skip…`` leaves out are never made here, and ``profile`` is not read: a local AWS takes any
credentials.
"""

_LOCAL_ACCOUNT: Final = "000000000000"


@dataclass(frozen=True)
class Configuration:
    """A local AWS to work with.

    ``endpoints`` are URLs by the SDK's service name; ``access_key`` and ``secret_key`` are made up unless given.
    """

    region: str
    endpoints: Mapping[str, str]
    access_key: str
    secret_key: str = field(repr=False)
    default_tags: Properties = field(default_factory=dict)
    asks_for_account: bool = False

    @property
    def assumed_account(self) -> str:
        """The account of the resources when AWS is not to be asked: a local AWS takes it from the access key."""
        key = self.access_key
        return key if len(key) == len(_LOCAL_ACCOUNT) and key.isdigit() else _LOCAL_ACCOUNT


def check(inputs: Properties) -> list[Failure]:
    """What is wrong with the provider's inputs, in which everything but strings comes as JSON text."""
    given = _decoded(inputs)
    found = list(failures(DECLARED, given))
    endpoints = given.get("endpoints")
    for index, endpoint in enumerate(endpoints if isinstance(endpoints, list) else []):
        found += _refused_endpoints(index, endpoint)
    return found


def configured(inputs: Properties) -> Configuration:
    """The configuration in the provider's inputs; raises ``PluginError`` on what :func:`check` refuses."""
    if refused := check(inputs):
        first = refused[0]
        raise PluginError(f"provider configuration: {first.path}: {first.reason}")
    given = _decoded(inputs)
    urls: Properties = {}
    for endpoint in sequence(given["endpoints"]):
        urls |= mapping(endpoint)
    return Configuration(
        region=str(given["region"]),
        endpoints={SERVICES[name]: str(url) for name, url in urls.items() if name in SERVICES},
        default_tags=mapping(mapping(given.get("defaultTags")).get("tags")),
        asks_for_account="sts" in urls and not given.get("skipRequestingAccountId"),
        access_key=str(given.get("accessKey", "test")),
        secret_key=str(given.get("secretKey", "test")),
    )


def is_loopback(url: str) -> bool:
    """Whether ``url`` can only lead to this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"}:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused_endpoints(index: int, endpoint: Value) -> list[Failure]:
    if not isinstance(endpoint, dict):
        return []
    return [
        Failure(
            f"endpoints[{index}].{service}",
            f"the stand-in plugin serves a local AWS only: {url} is not a loopback address",
        )
        for service, url in endpoint.items()
        if url is not UNKNOWN and not is_loopback(str(url))
    ]


def _decoded(inputs: Properties) -> Properties:
    """The inputs with their JSON texts read; ``version`` and the like are the engine's own."""
    own = {"version", "pluginDownloadURL"}
    named = {key: value for key, value in inputs.items() if not key.startswith("__") and key not in own}
    return {key: _value(DECLARED.get(key), value) for key, value in named.items()}


def _value(declared: Property | None, value: Value) -> Value:
    if declared is None or declared.kind == "text" or not isinstance(value, str):
        return value
    try:
        parsed: Value = json.loads(value)
    except ValueError:
        return value
    return parsed
