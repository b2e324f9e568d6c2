"""The Pulumi program: declares all of a stack, from its provider to its outputs."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

import pulumi

from infrastructure.errors import DeployError
from infrastructure.program import functions, provider
from infrastructure.program.functions import SharedInputs
from infrastructure.program.gateway import Gateway
from infrastructure.program.image import Images
from infrastructure.program.monitoring import Monitoring
from infrastructure.program.storage import Storage
from infrastructure.release import release, selection
from infrastructure.release.state import StackState
from infrastructure.stack.names import PROJECT
from infrastructure.stack.settings import Settings
from seeding.seeds import Seed
from variables import VARIABLES


def declare_stack(
    settings: Settings,
    seed: Seed,
    selected: release.Release | None = None,
    provide_image: Callable[[], None] | None = None,
    replaceable: Collection[str] = (),
) -> Awaitable[None]:
    """Declares everything that a stack is made of, of these ``settings`` and with the users and clients of ``seed``.

    ``selected`` is the release to put into service, by default what ``selection.select_release`` makes of the tree.
    ``provide_image`` is called in an update whose image is not there yet: before it is built, to prepare Docker and
    log it in to the registry, or, when the repository is there, to copy it. ``replaceable`` names what of the table and
    the secrets the update may replace and delete. Returns an awaitable that is done when all of the stack is in service
    or has failed; with it the SDK need not check every output each time that one is known.
    Raises ``pulumi.RunError`` of one line in place of a ``DeployError``.
    """
    try:
        in_service = _declare(
            settings,
            seed,
            selected or selection.select_release(settings, _read_deployed()),
            provide_image or (lambda: None),
            replaceable,
        )
    except DeployError as error:
        raise pulumi.RunError(error.line) from error
    return asyncio.ensure_future(_settled(in_service))


def _read_deployed() -> release.Deployed:
    """What the state of the stack knows that the running program is of; nothing on its first deploy."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name})
    return release.Deployed.from_state(StackState(answer.value["outputs"]))


async def _settled(output: pulumi.Output[Any]) -> None:
    with suppress(Exception):  # the engine reports it
        await output.future()


def _declare(
    settings: Settings,
    seed: Seed,
    selected: release.Release,
    provide_image: Callable[[], None],
    replaceable: Collection[str],
) -> pulumi.Output[Any]:
    opts = pulumi.ResourceOptions(provider=provider.declare_provider(settings))
    images = Images(settings, selected, provide_image, opts)
    storage = Storage(settings, seed, selected.before.public_jwks, opts, replaceable)
    gateway = Gateway(settings, opts)
    shared = SharedInputs(
        release=selected,
        image_uri=images.uri,
        after=[images.image] if images.image else [],
        variables=_variables(settings, storage, gateway),
        table_arn=storage.table.arn,
        secret_arns={name: secret.arn for name, secret in storage.secrets.items()},
    )
    declared = functions.declare_functions(settings, shared, opts)
    # The outputs are written when every alias has moved and every route is open, so that they name a release only when
    # it is in service: all that can fail after that is to delete what it replaces.
    versions = {name: function.function.version for name, function in declared.items()}
    in_service = pulumi.Output.all(
        gateway.open_routes(declared), *(function.alias.arn for function in declared.values())
    )
    if settings.monitoring:
        pulumi.export("dashboard_url", Monitoring(settings, selected.tag, gateway, opts).dashboard_url)
    pulumi.export("api_url", gateway.url)
    if settings.environment != "prod":
        pulumi.export("docs_url", pulumi.Output.concat(gateway.url, "/docs"))
    pulumi.export("image_tag", in_service.apply(lambda _: selected.tag))
    pulumi.export("image_uri", images.uri)
    pulumi.export("ecr_url", images.repository_url)
    pulumi.export("function_names", {name: function.function.name for name, function in declared.items()})
    pulumi.export("table_name", storage.table.name)
    pulumi.export("public_jwks", storage.public_jwks_output)
    pulumi.export("release", selected.origin.as_output())
    pulumi.export(
        "releases",
        pulumi.Output.all(images.uri, versions, in_service).apply(
            lambda known: [
                entry.as_output() for entry in selected.entries(known[0], known[1], settings.keep_releases)
            ]
        ),
    )
    return in_service


def _variables(settings: Settings, storage: Storage, gateway: Gateway) -> Mapping[str, pulumi.Input[str]]:
    """The environment variables of all functions: names and public values, no secret, and nothing of the release."""
    outputs: Mapping[str, pulumi.Input[str]] = {
        "service_name": PROJECT,
        "metrics_namespace": settings.names.base,
        "table_name": storage.table.name,
        "issuer": gateway.url,
        "public_jwks": storage.public_jwks,
        "jwks_uri": gateway.jwks_uri,
        "trusted_issuer": settings.issuer or gateway.url,
        "trusted_jwks_uri": settings.jwks_uri or gateway.jwks_uri,
    }
    values: dict[str, pulumi.Input[str]] = {}
    for variable in VARIABLES.values():
        match variable.source.split(":"):
            case "setting", name:
                value = getattr(settings, name)
                values[variable.name] = str(value).lower() if isinstance(value, bool) else str(value)
            case "output", name:
                values[variable.name] = outputs[name]
            case "secret", name:
                values[variable.name] = storage.secrets[name].name
    return values
