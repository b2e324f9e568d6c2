"""The provider protocol of the Pulumi engine (``pulumirpc.ResourceProvider``), spoken for one package."""

import contextvars
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import override

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infrastructure.local.plugin import replies
from infrastructure.local.plugin.engine_log import EngineLog
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.package import Package
from infrastructure.local.plugin.provider import Provider
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.wire import from_struct, to_struct

_urn: contextvars.ContextVar[str] = contextvars.ContextVar("urn", default="")


class _Connection:
    """The state of one engine run's connection: the engine's log and the configured provider."""

    def __init__(self, engine_address: str = "") -> None:
        self.log = EngineLog(engine_address)
        self.cancelled = threading.Event()
        self.provider: Provider | None = None

    def write(self, line: str, *, ephemeral: bool = False) -> None:
        """Logs a line about the resource that this thread handles."""
        self.log.write(line, _urn.get(), ephemeral=ephemeral)

    def end(self) -> None:
        """Cancels the run's waits and closes its log."""
        self.cancelled.set()
        self.log.close()


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the protocol for ``package``.

    Each provider instance of an engine run has a connection of its own, by which it is told from others. The
    docstrings of the calls say what differs from the protocol's description in pulumi/proto/pulumi/provider.proto.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._connections: dict[str, _Connection] = {}
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Cancels the waits of all runs."""
        with self._lock:
            for connection in self._connections.values():
                connection.end()

    @override
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Begins a run. Accepts no secrets: the engine then sends bare values and marks the outputs itself."""
        with self._lock:
            self._connections[context.peer()] = _Connection(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse()

    @override
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Does nothing: the engine's address came with the handshake."""
        return empty_pb2.Empty()

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the SDK whose plugin this stands in for."""
        return plugin_pb2.PluginInfo(version=self._package.version)

    @override
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuses endpoints that are not loopback, and unknown settings."""
        with _reporting_errors(context, request.urn):
            failures = self._package.check_configuration(from_struct(request.news))
            return provider_pb2.CheckResponse(inputs=request.news, failures=replies.check_failures(failures))

    @override
    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compares the configuration key by key."""
        with _reporting_errors(context, request.urn):
            old, new = from_struct(request.old_inputs), from_struct(request.news)
            changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            return replies.config_diff_response(changed, self._package.replaces)

    @override
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Configures the provider of this connection."""
        with _reporting_errors(context, request.urn):
            connection = self._connection(context)
            inputs = from_struct(request.args)
            connection.provider = self._package.configure(inputs, connection.write, connection.cancelled)
            return provider_pb2.ConfigureResponse(supportsPreview=True)

    @override
    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuses unsupported types, properties and values, so that a preview shows them."""
        with _reporting_errors(context, request.urn):
            inputs, failures = self._provider(context).check(
                request.type,
                from_struct(request.news),
                from_struct(request.olds),
                request.name,
                request.randomSeed,
            )
            return provider_pb2.CheckResponse(
                inputs=to_struct(inputs), failures=replies.check_failures(failures)
            )

    @override
    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compares inputs, with a detailed diff."""
        with _reporting_errors(context, request.urn):
            diff = self._provider(context).diff(
                request.type,
                from_struct(request.old_inputs),
                from_struct(request.olds),
                from_struct(request.news),
            )
            return replies.diff_response(diff)

    @override
    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Creates a resource; in a preview, gives its properties as far as they are known."""
        with _reporting_errors(context, request.urn):
            new_id, properties = self._provider(context).create(
                request.type, from_struct(request.properties), preview=request.preview
            )
            return provider_pb2.CreateResponse(id=new_id, properties=to_struct(properties))

    @override
    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """The resource as it is now; an empty answer when it is gone."""
        with _reporting_errors(context, request.urn):
            resource = ResourceState(request.id, from_struct(request.properties))
            refreshed = self._provider(context).read(request.type, resource, from_struct(request.inputs))
            if refreshed is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=request.id, properties=to_struct(refreshed.properties), inputs=to_struct(refreshed.inputs)
            )

    @override
    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Updates a resource in place; in a preview, gives its properties as far as they are known."""
        with _reporting_errors(context, request.urn):
            properties = self._provider(context).update(
                request.type,
                ResourceState(request.id, from_struct(request.olds)),
                from_struct(request.old_inputs),
                from_struct(request.news),
                preview=request.preview,
            )
            return provider_pb2.UpdateResponse(properties=to_struct(properties))

    @override
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Deletes a resource, unless this run created the same one."""
        with _reporting_errors(context, request.urn):
            resource = ResourceState(request.id, from_struct(request.properties))
            if not self._provider(context).delete(request.type, resource):
                self._connection(context).write(f"{request.id} stays: it is another resource's by now")
            return empty_pb2.Empty()

    @override
    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Refuses every function: the program calls none."""
        with _reporting_errors(context, ""):
            raise PluginError(f"the function {request.tok} is not supported by the stand-in plugin")

    @override
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Cancels the waits of the run, which is over or interrupted."""
        self._connection(context).end()
        return empty_pb2.Empty()

    def _connection(self, context: grpc.ServicerContext) -> _Connection:
        with self._lock:
            return self._connections.setdefault(context.peer(), _Connection())

    def _provider(self, context: grpc.ServicerContext) -> Provider:
        provider = self._connection(context).provider
        if provider is None:
            raise PluginError("the provider is not configured")
        return provider


@contextmanager
def _reporting_errors(context: grpc.ServicerContext, urn: str) -> Iterator[None]:
    """Answers the call with its error: a ``PluginError`` as one line, any other with its innermost frames."""
    token = _urn.set(urn)
    try:
        yield
    except PluginError as failed:
        context.abort(grpc.StatusCode.UNKNOWN, str(failed))
    except Exception as broken:
        trace = "".join(traceback.format_tb(broken.__traceback__)[-3:])
        context.abort(
            grpc.StatusCode.INTERNAL, f"the stand-in plugin broke: {type(broken).__name__}: {broken}\n{trace}"
        )
    finally:
        _urn.reset(token)
