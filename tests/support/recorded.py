"""The program's resources as the engine would be told of them, without an engine."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import mocks, resource, rpc
from pulumi.runtime.proto.source_pb2 import StackTrace
from pulumi.runtime.settings import get_root_resource, set_root_resource
from pulumi.runtime.stack import Stack

from infrastructure.program.stack import declare_stack
from infrastructure.release.release import Deployed
from infrastructure.release.selection import select_release
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_seed, load_settings

SECRET = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi's protocol marks an object as a secret, whose plain form is its ``value``."""
_STACK = "pulumi:pulumi:Stack"
_ACCOUNT = "123456789012"
_NOTES_CALLS = resource._get_stack_trace


@dataclass(frozen=True)
class Resource:
    """A resource as it was registered, and the ``outputs`` that the cloud answered. ``inputs`` are in the schema's
    spelling, ``secrets`` names those that are secret; ``after`` are the URNs it waits for."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: frozenset[str]
    after: frozenset[str]
    provider: str
    parent: str
    protect: bool
    retained: bool
    ignored: tuple[str, ...]


@dataclass
class Recorded:
    """What one run of the program declared. ``registered`` are the outputs that components give, by URN; ``awaited``
    are the names of what had been declared when the program was done by its own word."""

    resources: list[Resource] = field(default_factory=list)
    awaited: set[str] = field(default_factory=set)
    registered: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of(self, type_: str) -> list[Resource]:
        """The resources of a type such as ``aws:lambda/function:Function``."""
        return [resource for resource in self.resources if resource.type == type_]

    def named(self, name: str) -> Resource:
        """The only custom resource of that logical name."""
        [found] = [item for item in self.resources if item.name == name and not item.type.startswith("psn-")]
        return found


class _Cloud(pulumi.runtime.Mocks):
    """Answers like AWS: names, ARNs and ids by which the program goes on."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._state = state

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs", (
            f"the program asks AWS for {args.token}"
        )
        return {"name": args.args["stackName"], "outputs": dict(self._state)}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name = str(args.inputs.get("name", args.name))
        known: dict[str, Any] = {
            "aws:lambda/function:Function": {"version": "7", "arn": f"arn:aws:lambda:::function:{name}"},
            "aws:lambda/alias:Alias": {
                "arn": f"arn:aws:lambda:::function:{args.inputs.get('functionName')}:{name}",
                "invokeArn": f"invoke:{args.inputs.get('functionName')}:{name}",
            },
            "aws:apigatewayv2/api:Api": {
                "apiEndpoint": "https://abc.execute-api.eu-west-1.amazonaws.com",
                "executionArn": f"arn:aws:execute-api:eu-west-1:{_ACCOUNT}:abc",
            },
            "aws:secretsmanager/secretVersion:SecretVersion": {"versionId": "made-first"},
            "aws:ecr/repository:Repository": {
                "repositoryUrl": f"{_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/{name}"
            },
        }
        return f"{args.name}-id", {"arn": f"arn:aws:::{name}"} | known.get(args.typ, {}) | args.inputs


class _Monitor(mocks.MockMonitor):
    """Keeps of every registration what the mocks are not told."""

    def __init__(self, cloud: _Cloud, recorded: Recorded) -> None:
        super().__init__(cloud)
        self._mocked: Any = super()
        self._recorded = recorded

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in the engine's protocol
        answer = self._mocked.RegisterResource(request)
        plain = json.loads(json.dumps(rpc.deserialize_properties(request.object)))
        raw = Struct()
        raw.CopyFrom(request.object)
        secret = {key for key, value in raw.fields.items() if SECRET in value.struct_value.fields}
        self._recorded.resources.append(
            Resource(
                urn=answer.urn,
                type=request.type,
                name=request.name,
                inputs=plain,
                outputs=json.loads(json.dumps(rpc.deserialize_properties(answer.object))),
                secrets=frozenset(secret),
                after=frozenset(request.dependencies),
                provider=request.provider,
                parent=request.parent,
                protect=request.protect,
                retained=request.retainOnDelete,
                ignored=tuple(request.ignoreChanges),
            )
        )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name in the engine's protocol
        plain = json.loads(json.dumps(rpc.deserialize_properties(request.outputs)))
        self._recorded.registered[request.urn] = plain
        return self._mocked.RegisterResourceOutputs(request)


def record(
    stack: str,
    *,
    state: Mapping[str, Any] | None = None,
    preview: bool = False,
    recorded: Recorded | None = None,
    **how: Any,
) -> Recorded:
    """Runs the program for ``stack``, whose engine knows ``state`` (``{urn: {"type", "outputs"}}``); ``how`` are
    the program's own arguments, or those of the choice of its release. Raises what these raise. ``recorded`` is
    what it is written to, for who wants to look meanwhile."""
    settings = load_settings(stack)
    seed = load_seed(settings)
    choice = {name: how.pop(name) for name in ("keep_image", "force") if name in how}
    if choice:
        how["selected"] = select_release(
            settings, Deployed.from_state(StackState(dict(state or {}))), **choice
        )
    program = partial(declare_stack, settings, seed, **how)
    return run(program, stack, state=state, preview=preview, recorded=recorded)


def run(
    program: Callable[[], Any],
    stack: str,
    *,
    state: Mapping[str, Any] | None = None,
    preview: bool = False,
    recorded: Recorded | None = None,
) -> Recorded:
    """Runs ``program``, which returns what it is to await, as :func:`record` runs that of the project."""
    recorded = recorded or Recorded()
    with ThreadPoolExecutor(1) as thread, _without_traces():
        thread.submit(_run, program, stack, _Cloud(state or {}), preview, recorded).result()
    return recorded


def _without_traces() -> AbstractContextManager[object]:
    """Has the SDK note of no resource where it was declared, which is a sixth of a run and looked at by nobody;
    but for a test that has put something of its own there."""
    noted = resource._get_stack_trace
    return patch.object(resource, "_get_stack_trace", StackTrace if noted is _NOTES_CALLS else noted)


def _run(program: Callable[[], Any], stack: str, cloud: _Cloud, preview: bool, recorded: Recorded) -> None:
    """The program's run; in a thread of its own, for the SDK notes all that is on the stack with each resource.

    What stops it is raised; that each resource that waited for it has failed too need not be logged.
    """
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    asyncio.set_event_loop(loop)
    set_root_resource(None)  # type: ignore[arg-type]
    pulumi.runtime.set_mocks(cloud, "psn-emulator", stack, preview, monitor=_Monitor(cloud, recorded))

    async def awaiting() -> None:
        await program()
        recorded.awaited = {item.name for item in recorded.resources}
        root = get_root_resource()
        assert isinstance(root, Stack)
        recorded.outputs.update(await pulumi.Output.all(**root.outputs).future() or {})

    awaited: Any = pulumi.runtime.test
    awaited(awaiting)()


def state_of(recorded: Recorded) -> dict[str, Any]:
    """The state that a successful update by ``recorded`` leaves."""
    outputs = recorded.registered | {item.urn: recorded.outputs for item in recorded.of(_STACK)}
    return {
        item.urn: {
            "type": item.type,
            "parent": item.parent,
            "custom": not item.type.startswith(("pulumi:", "psn-emulator:")),
            "inputs": item.inputs,
            "outputs": item.outputs | outputs.get(item.urn, {}),
            "protect": item.protect,
        }
        for item in recorded.resources
    }
