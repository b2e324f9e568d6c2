"""Calls to AWS as the plugin makes them: plain values in, plain values or one line out."""

import datetime
import io
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infrastructure.local.plugin.aws.client import AwsClient
from infrastructure.local.plugin.aws.configuration import Configuration
from infrastructure.local.plugin.errors import AwsError, PluginError


class Client:
    """The SDK's client of a service with one operation."""

    def __init__(self, answer: Any) -> None:
        self.meta = SimpleNamespace(method_to_api_mapping={"get_thing": "GetThing"})
        self._answer = answer

    def get_thing(self, **_parameters: Any) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def call(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Any:
    client = AwsClient(Configuration("us-east-1", {"things": "http://localhost:1"}, "test", "test"))
    monkeypatch.setattr(client, "_client", lambda _service: Client(answer))
    return client.call("things", "get_thing")


def test_an_answer_is_plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    when = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    answer = {
        "When": when,
        "Body": io.BytesIO(b'{"status": "ok"}'),
        "Text": b"text",
        "Binary": b"\xff\xfe",
        "Odd": {1},
        "List": [when, 1, 1.5, True, None],
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    assert call(monkeypatch, answer) == {
        "When": "2025-01-02T03:04:05+00:00",
        "Body": '{"status": "ok"}',
        "Text": "text",
        "Binary": "//4=",
        "Odd": "{1}",
        "List": ["2025-01-02T03:04:05+00:00", 1, 1.5, True, None],
    }


def test_a_refusal_is_one_line_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = ClientError({"Error": {"Code": "Denied", "Message": "<html>\n  no\n"}}, "GetThing")
    with pytest.raises(AwsError, match=r"^GetThing: Denied: <html> no$") as refused:
        call(monkeypatch, refusal)
    assert (refused.value.operation, refused.value.code) == ("GetThing", "Denied")


def test_a_failure_of_the_sdk_names_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PluginError, match="GetThing: Unable to locate credentials"):
        call(monkeypatch, NoCredentialsError())


def test_a_service_without_an_endpoint_is_never_looked_for_elsewhere() -> None:
    client = AwsClient(Configuration("us-east-1", {}, "test", "test"))
    with pytest.raises(PluginError, match="the provider has no endpoint for sqs"):
        client.call("sqs", "list_queues")
