"""Calls to the local AWS."""

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
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence, text

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

_READ_SECONDS: Final = 300
"""How long one answer may take: a smoke invocation of a cold function, an image that has to be unpacked."""

_making_clients = threading.Lock()
"""Held while a client is made: clients are safe with threads, their making is not."""

_MESSAGE_CHARACTERS: Final = 1000

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class Cloud:
    """The local AWS of one configuration.

    A class because it keeps a client per service, made when first needed; the engine calls from many threads.
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
        """The region in which everything is made."""
        return self.configuration.region

    @property
    def account(self) -> str:
        """The account's number, asked for once where the configuration wants it asked."""
        if self._account is None:
            asks = self.configuration.asks_for_account
            self._account = (
                text(self.call("sts", "get_caller_identity")["Account"])
                if asks
                else self.configuration.assumed_account
            )
        return self._account

    def call(self, service: str, operation: str, parameters: Properties | None = None) -> Properties:
        """The answer of one operation, by its name in the SDK (``create_table``), as plain values.

        Raises ``AwsError`` when AWS refuses, ``PluginError`` when it does not answer or the parameters do not
        fit the API.
        """
        client = self._client(service)
        with _translated(client, operation):
            answer = getattr(client, operation)(**(parameters or {}))
            return mapping(_plain({key: item for key, item in answer.items() if key != "ResponseMetadata"}))

    def every(self, service: str, operation: str, items: str, parameters: Properties) -> list[Value]:
        """What a listing operation names ``items``, over all of its pages; errors as of :meth:`call`."""
        client = self._client(service)
        with _translated(client, operation):
            answer = client.get_paginator(operation).paginate(**parameters).build_full_result()
            return sequence(_plain(answer.get(items)))

    def wait(self, settled: Callable[[], bool], what: str, seconds: float = 600) -> None:
        """Asks again and again, ever more slowly, until ``settled``; raises ``PluginError`` after ``seconds``."""
        until = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while not settled():
            if time.monotonic() > until:
                raise PluginError(f"gave up waiting after {seconds:.0f} s until {what}")
            if self._cancelled.wait(pause):
                raise PluginError(f"stopped while waiting until {what}")
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _client(self, service: str) -> "BaseClient":
        with _making_clients:
            if service not in self._clients:
                self._clients[service] = self._made_client(service)
            return self._clients[service]

    def _made_client(self, service: str) -> "BaseClient":
        from botocore.config import Config

        given = self.configuration
        if service not in given.endpoints:
            raise PluginError(f"the provider has no endpoint for {service}")
        return _sdk().create_client(
            service,
            region_name=given.region,
            endpoint_url=given.endpoints[service],
            aws_access_key_id=given.access_key,
            aws_secret_access_key=given.secret_key,
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
    """The SDK, which has read its own data once and nothing of the user's AWS set-up, whatever it says."""
    import botocore.session

    session = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    return session


@contextmanager
def _translated(client: "BaseClient", operation: str) -> Iterator[None]:
    """Turns the SDK's errors into the plugin's, each naming the API's operation."""
    from botocore import exceptions as sdk

    name = str(client.meta.method_to_api_mapping[operation])
    try:
        yield
    except sdk.ClientError as refused:
        error = refused.response.get("Error", {})
        message = " ".join(error.get("Message", str(refused)).split())
        raise AwsError(name, error.get("Code", "?"), message[:_MESSAGE_CHARACTERS]) from refused
    except sdk.ParamValidationError as misfit:
        reasons = " ".join(str(misfit).removeprefix("Parameter validation failed:").split())
        raise PluginError(f"{name}: {reasons}") from misfit
    except (sdk.ConnectionError, sdk.HTTPClientError) as silent:
        where = client.meta.endpoint_url
        raise PluginError(f"{name}: the local AWS at {where} does not answer: is it running?") from silent
    except sdk.BotoCoreError as failed:
        raise PluginError(f"{name}: {failed}") from failed


def _plain(value: object) -> Value:
    """An answer without the SDK's own types: times as ISO 8601 texts, bodies and bytes as text or base64."""
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
