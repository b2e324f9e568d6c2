"""The engine's part: speaks the provider protocol to a served package."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from infrastructure.local.plugin.wire import from_struct, to_struct

_SERVICES = (
    "apigatewayv2",
    "cloudwatch",
    "dynamodb",
    "ecr",
    "iam",
    "lambda",
    "logs",
    "secretsmanager",
    "sns",
    "sts",
)


@dataclass(frozen=True)
class Resource:
    """A resource as the engine's state has it."""

    kind: str
    id: str
    inputs: dict[str, Any]
    properties: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]


@dataclass(frozen=True)
class Difference:
    """The answer to a comparison: kinds of change by property path."""

    paths: dict[str, str] = field(default_factory=dict)
    replaces: bool = False
    delete_first: bool = False


class RefusedError(Exception):
    """A failure that the plugin told the engine."""


class Engine:
    """One engine run: a connection of its own, configured once."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Handshake(provider_pb2.ProviderHandshakeRequest())

    def close(self) -> None:
        self._channel.close()

    def check_configuration(self, **config: Any) -> dict[str, str]:
        """What is refused, by path."""
        answer = self.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(_texts(config))))
        return {failure.property: failure.reason for failure in answer.failures}

    def configure(self, **config: Any) -> None:
        self._call(self.stub.Configure, provider_pb2.ConfigureRequest(args=to_struct(_texts(config))))

    def configure_aws(self, url: str, **config: Any) -> None:
        """As the program does for a local stack."""
        endpoints = [dict.fromkeys(_SERVICES, url)]
        self.configure(**{"region": "us-east-1", "endpoints": endpoints} | config)

    def check(
        self, kind: str, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None, name: str = "it"
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The checked inputs, and what is refused by path."""
        request = provider_pb2.CheckRequest(
            type=kind,
            name=name,
            news=to_struct(dict(inputs)),
            olds=to_struct(dict(olds or {})),
            randomSeed=b"\x01\x02\x03\x04",
        )
        answer = self._call(self.stub.Check, request)
        return from_struct(answer.inputs), {each.property: each.reason for each in answer.failures}

    def create(self, kind: str, inputs: Mapping[str, Any], *, preview: bool = False) -> Resource:
        """Checks and creates."""
        checked, refused = self.check(kind, inputs)
        assert not refused
        request = provider_pb2.CreateRequest(type=kind, properties=to_struct(checked), preview=preview)
        answer = self._call(self.stub.Create, request)
        return Resource(kind, answer.id, checked, from_struct(answer.properties))

    def compare(self, resource: Resource, inputs: Mapping[str, Any]) -> Difference:
        """What ``inputs`` would change."""
        checked, refused = self.check(resource.kind, inputs, resource.inputs)
        assert not refused
        request = provider_pb2.DiffRequest(
            type=resource.kind,
            id=resource.id,
            olds=to_struct(resource.properties),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(checked),
        )
        answer = self._call(self.stub.Diff, request)
        kinds = provider_pb2.PropertyDiff.Kind
        paths = {path: kinds.Name(each.kind).lower() for path, each in answer.detailedDiff.items()}
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(paths)
        return Difference(paths, bool(answer.replaces), answer.deleteBeforeReplace)

    def update(self, resource: Resource, inputs: Mapping[str, Any], *, preview: bool = False) -> Resource:
        """Checks and updates, whatever a comparison would say."""
        checked, refused = self.check(resource.kind, inputs, resource.inputs)
        assert not refused
        request = provider_pb2.UpdateRequest(
            type=resource.kind,
            id=resource.id,
            olds=to_struct(resource.properties),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(checked),
            preview=preview,
        )
        answer = self._call(self.stub.Update, request)
        return Resource(resource.kind, resource.id, checked, from_struct(answer.properties))

    def refresh(self, resource: Resource) -> Resource | None:
        """What is there now; ``None`` when nothing is."""
        request = provider_pb2.ReadRequest(
            type=resource.kind,
            id=resource.id,
            properties=to_struct(resource.properties),
            inputs=to_struct(resource.inputs),
        )
        answer = self._call(self.stub.Read, request)
        if not answer.id:
            return None
        return Resource(resource.kind, answer.id, from_struct(answer.inputs), from_struct(answer.properties))

    def delete(self, resource: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            type=resource.kind,
            id=resource.id,
            properties=to_struct(resource.properties),
            old_inputs=to_struct(resource.inputs),
        )
        self._call(self.stub.Delete, request)

    @staticmethod
    def _call(method: Any, request: Any) -> Any:
        try:
            return method(request)
        except grpc.RpcError as failed:
            raise RefusedError(failed.details()) from None


def _texts(config: Mapping[str, Any]) -> dict[str, Any]:
    """Provider inputs as the SDK sends them: everything but strings as JSON text."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
