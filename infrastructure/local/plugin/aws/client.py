"""Calls operations of the local AWS."""

import base64
import datetime
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from infrastructure.local.plugin.aws.configuration import Configuration
from infrastructure.local.plugin.errors import AwsError, PluginError
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence, string

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

_READ_SECONDS: Final = 300
"""The longest time for an answer: a cold function's invocation, whose image may have to be unpacked."""

_creating_clients = threading.Lock()
"""Held while a client is created: clients are thread-safe, their creation is not."""

_MESSAGE_CHARACTERS: Final = 1000

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class AwsClient:
    """The local AWS of one configuration.

    A class because it keeps the SDK's client of each service, created when first needed. It is thread-safe.
    """

    def __init__(
        self,
        configuration: Configuration,
        log: Callable[[str], None] = lambda _line: None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self.configuration = configuration
        self.log = log
        self._cancelled = cancelled or threading.Event()
        self._clients: dict[str, BaseClient] = {}
        self._account: str | None = None

    @property
    def region(self) -> str:
        """The region of all resources."""
        return self.configuration.region

    @property
    def account(self) -> str:
        """The account's 12 digits, from STS where the configuration asks for that, else assumed."""
        if self._account is None:
            self._account = (
                string(self.call("sts", "get_caller_identity")["Account"])
                if self.configuration.asks_for_account
                else self.configuration.assumed_account
            )
        return self._account

    def call(self, service: str, operation: str, parameters: Properties | None = None) -> Properties:
        """Calls an operation by its name in the SDK (``create_table``); its answer as plain values.

        Raises ``AwsError`` when AWS refuses, ``PluginError`` when it does not answer or the parameters are invalid.
        """
        client = self._client(service)
        with _sdk_errors(client, operation):
            answer = getattr(client, operation)(**(parameters or {}))
            return mapping(_plain({key: item for key, item in answer.items() if key != "ResponseMetadata"}))

    def list_all(self, service: str, operation: str, items: str, parameters: Properties) -> list[Value]:
        """The field ``items`` of a paginated operation's answers, over all pages. Raises as :meth:`call` does."""
        client = self._client(service)
        with _sdk_errors(client, operation):
            answer = client.get_paginator(operation).paginate(**parameters).build_full_result()
            return sequence(_plain(answer.get(items)))

    def wait_until(self, condition: Callable[[], bool], description: str, seconds: float = 600) -> None:
        """Calls ``condition`` until it is true, ever more slowly; ``description`` is for messages.

        Raises ``PluginError`` after ``seconds``, and when the run is cancelled.
        """
        deadline = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while not condition():
            if time.monotonic() > deadline:
                raise PluginError(f"gave up waiting after {seconds:.0f} s until {description}")
            if self._cancelled.wait(pause):
                raise PluginError(f"stopped while waiting until {description}")
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _client(self, service: str) -> "BaseClient":
        with _creating_clients:
            if service not in self._clients:
                self._clients[service] = self._create_client(service)
            return self._clients[service]

    def _create_client(self, service: str) -> "BaseClient":
        from botocore.config import Config

        configuration = self.configuration
        if service not in configuration.endpoints:
            raise PluginError(f"the provider has no endpoint for {service}")
        return _sdk().create_client(
            service,
            region_name=configuration.region,
            endpoint_url=configuration.endpoints[service],
            aws_access_key_id=configuration.access_key,
            aws_secret_access_key=configuration.secret_key,
            config=Config(
                proxies={},
                max_pool_connections=64,
                connect_timeout=5,
                read_timeout=_READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 3},
            ),
        )


@cache
def _sdk() -> "Session":
    """The SDK's session, which reads neither the user's AWS configuration nor credentials."""
    import botocore.session

    session = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    return session


@contextmanager
def _sdk_errors(client: "BaseClient", operation: str) -> Iterator[None]:
    """Raises the SDK's errors as the plugin's, which name the API's operation."""
    from botocore import exceptions as sdk

    name = str(client.meta.method_to_api_mapping[operation])
    try:
        yield
    except sdk.ClientError as error:
        fields = error.response.get("Error", {})
        message = " ".join(fields.get("Message", str(error)).split())
        raise AwsError(name, fields.get("Code", "?"), message[:_MESSAGE_CHARACTERS]) from error
    except sdk.ParamValidationError as error:
        reasons = " ".join(str(error).removeprefix("Parameter validation failed:").split())
        raise PluginError(f"{name}: {reasons}") from error
    except (sdk.ConnectionError, sdk.HTTPClientError) as error:
        url = client.meta.endpoint_url
        raise PluginError(f"{name}: the local AWS at {url} does not answer: is it running?") from error
    except sdk.BotoCoreError as error:
        raise PluginError(f"{name}: {error}") from error


def _plain(value: object) -> Value:
    """An answer in plain values: times in ISO 8601, streams and bytes as text, or base64 where they are none."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    content = value if isinstance(value, bytes) else bytes(_read(value))
    try:
        return content.decode()
    except UnicodeDecodeError:
        return base64.b64encode(content).decode()


def _read(body: object) -> bytes:
    read = getattr(body, "read", None)
    return cast("bytes", read()) if callable(read) else str(body).encode()
