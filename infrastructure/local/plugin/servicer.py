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
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.session import Session
from infrastructure.local.plugin.wire import from_struct, to_struct

_urn: contextvars.ContextVar[str] = contextvars.ContextVar("urn", default="")


class _Connection:
    """What one engine run said on its connection: where its log is, how the provider is configured."""

    def __init__(self, engine_address: str = "") -> None:
        self.log = EngineLog(engine_address)
        self.cancelled = threading.Event()
        self.session: Session | None = None

    def say(self, line: str, *, passing: bool = False) -> None:
        """Logs a line about the resource that this thread is at."""
        self.log.say(line, _urn.get(), passing=passing)

    def end(self) -> None:
        """Ends the waits of the run, and its log."""
        self.cancelled.set()
        self.log.close()


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine for ``package``.

    A class because the protocol is one, and because it keeps the engine runs apart: each instance of a provider
    in a run has a connection of its own and is configured on it.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._connections: dict[str, _Connection] = {}
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Ends all waits: nobody will hear of what they wait for."""
        with self._lock:
            for connection in self._connections.values():
                connection.end()

    @override
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Begins a run. Secrets are not asked for: the engine then marks what comes back under their names."""
        with self._lock:
            self._connections[context.peer()] = _Connection(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse()

    @override
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Nothing more: the handshake has told where the engine is."""
        return empty_pb2.Empty()

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the SDK that this stands in for."""
        return plugin_pb2.PluginInfo(version=self._package.version)

    @override
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuses endpoints that are not loopback, and what is not understood."""
        with _answered(context, request.urn):
            refused = self._package.refused(from_struct(request.news))
            return provider_pb2.CheckResponse(inputs=request.news, failures=replies.failures(refused))

    @override
    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """What of the configuration changed."""
        with _answered(context, request.urn):
            old, new = from_struct(request.old_inputs), from_struct(request.news)
            changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            return replies.configuration_difference(changed, self._package.replaces)

    @override
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Opens the session."""
        with _answered(context, request.urn):
            connection = self._connection(context)
            inputs = from_struct(request.args)
            connection.session = self._package.session(inputs, connection.say, connection.cancelled)
            return provider_pb2.ConfigureResponse(supportsPreview=True)

    @override
    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuses types, properties and values that are not supported, in previews too."""
        with _answered(context, request.urn):
            inputs, refused = self._session(context).check(
                request.type,
                from_struct(request.news),
                from_struct(request.olds),
                request.name,
                request.randomSeed,
            )
            return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=replies.failures(refused))

    @override
    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """The property paths that differ, and which of them replace."""
        with _answered(context, request.urn):
            found = self._session(context).diff(
                request.type,
                from_struct(request.old_inputs),
                from_struct(request.olds),
                from_struct(request.news),
            )
            return replies.difference(found)

    @override
    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Makes a resource, or says what a preview can know of it."""
        with _answered(context, request.urn):
            made, properties = self._session(context).create(
                request.type, from_struct(request.properties), preview=request.preview
            )
            return provider_pb2.CreateResponse(id=made, properties=to_struct(properties))

    @override
    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """The resource as it is; an empty answer when it is gone."""
        with _answered(context, request.urn):
            physical = Physical(request.id, from_struct(request.properties))
            found = self._session(context).read(request.type, physical, from_struct(request.inputs))
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=request.id, properties=to_struct(found.properties), inputs=to_struct(found.inputs)
            )

    @override
    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Changes a resource in place, or says what a preview can know of that."""
        with _answered(context, request.urn):
            properties = self._session(context).update(
                request.type,
                Physical(request.id, from_struct(request.olds)),
                from_struct(request.old_inputs),
                from_struct(request.news),
                preview=request.preview,
            )
            return provider_pb2.UpdateResponse(properties=to_struct(properties))

    @override
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Removes a resource."""
        with _answered(context, request.urn):
            physical = Physical(request.id, from_struct(request.properties))
            if not self._session(context).delete(request.type, physical):
                self._connection(context).say(f"{request.id} stays: it is another resource's by now")
            return empty_pb2.Empty()

    @override
    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Refuses: no function of the packages is needed here."""
        with _answered(context, ""):
            raise PluginError(f"the function {request.tok} is not supported by the stand-in plugin")

    @override
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Ends the waits of the run, which is over or broken off."""
        self._connection(context).end()
        return empty_pb2.Empty()

    def _connection(self, context: grpc.ServicerContext) -> _Connection:
        with self._lock:
            return self._connections.setdefault(context.peer(), _Connection())

    def _session(self, context: grpc.ServicerContext) -> Session:
        session = self._connection(context).session
        if session is None:
            raise PluginError("the provider is not configured")
        return session


@contextmanager
def _answered(context: grpc.ServicerContext, urn: str) -> Iterator[None]:
    """Tells the engine of failures: expected ones as they stand, others with what a report needs."""
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
