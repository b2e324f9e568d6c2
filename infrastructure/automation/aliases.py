"""Moves a stack's aliases to other versions, by an update whose program is made of the stack's state.

The program declares every alias as the state has it, but for its version, and the aliases are the update's targets.
Nothing of the tree is read, and the state, the history and the cloud agree afterwards, as after any update.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pulumi
from pulumi.resource import DependencyProviderResource, DependencyResource

from infrastructure.automation import updates
from infrastructure.automation.gateway_routes import EarlierRoutes
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.release.state import ALIAS, STACK, Resources, StackState, resource_name, spec_name

NO_ROUTES = EarlierRoutes()


def move(
    stack: LeanStack,
    state: StackState,
    versions: Mapping[str, str],
    outputs: Mapping[str, Any],
    *,
    message: str,
    failure: str,
    routes: EarlierRoutes = NO_ROUTES,
) -> dict[str, object]:
    """Points the aliases in ``state`` at ``versions``, by the names of their functions' specs, has the gateway's
    ``routes`` be as they were, and then sets the stack's ``outputs``, which it returns. Raises ``DeployError``, whose
    cause begins with ``failure``; aliases that moved before it stay moved."""
    return updates.up(
        stack,
        partial(program, state, versions, outputs, routes),
        message,
        failure,
        target=[*state.of_type(ALIAS), *routes.urns],
    )[0]


async def program(
    state: StackState,
    versions: Mapping[str, str],
    outputs: Mapping[str, Any],
    routes: EarlierRoutes = NO_ROUTES,
) -> None:
    """Declares the aliases as the state has them, on these ``versions``, and the stack's ``outputs``.

    Of the ``routes`` it declares the changed ones as they were, and leaves out those that were opened: they are targets
    that the program does not know, so the engine deletes them.

    The components come first. The first alias goes ahead with the dependencies of all: the engine writes a dependency
    into the state when it is first named, and of several named at once some too late, which makes the state invalid.
    What depends on the aliases is declared after them, or the engine would take it for deleted.
    """
    aliases, components = state.of_type(ALIAS), await _components(state)
    needed = sorted({urn for item in aliases.values() for urn in item.get("dependencies") or ()})
    declared: list[pulumi.CustomResource] = []
    for urn, item in aliases.items():
        inputs = item["inputs"] | {"functionVersion": versions[spec_name(item)]}
        alias = _declare(urn, item, components.get(item["parent"]), inputs, None if declared else needed)
        if not declared:
            await alias.urn.future()
        declared.append(alias)
    moved = pulumi.Output.all(*(alias.urn for alias in declared))
    await moved.future()
    for urn, item in _dependents(state, aliases).items():
        if urn not in routes.opened:
            known = routes.changed.get(urn, item | {"inputs": {}})
            await _declare(urn, known, components.get(item["parent"]), known["inputs"]).urn.future()
    for name, value in outputs.items():
        pulumi.export(name, _after(moved, value))


async def _components(state: StackState) -> dict[str, pulumi.ComponentResource]:
    """Declares the stack's components and waits until the engine has registered them; the components by URN."""
    declared: dict[str, pulumi.ComponentResource] = {}
    for urn, item in state.resources.items():
        if not item["custom"] and item["type"] != STACK:
            opts = pulumi.ResourceOptions(parent=declared.get(item["parent"]))
            declared[urn] = pulumi.ComponentResource(item["type"], resource_name(urn), opts=opts)
            await declared[urn].urn.future()
    return declared


def _declare(
    urn: str,
    item: Mapping[str, Any],
    parent: pulumi.Resource | None,
    inputs: Mapping[str, Any],
    needed: Iterable[str] | None = None,
) -> pulumi.CustomResource:
    """Declares a resource as the state has it, with these ``inputs`` and, where given, the dependencies ``needed``. Of
    a resource that is no target the engine takes the inputs from the state."""
    needs = item.get("propertyDependencies") or {}
    dependencies = needed or item.get("dependencies") or ()
    return pulumi.CustomResource(
        item["type"],
        resource_name(urn),
        {
            name: _after(
                pulumi.Output.all(*(DependencyResource(on).urn for on in needs.get(name) or ())), value
            )
            for name, value in inputs.items()
            if not name.startswith("__")
        },
        pulumi.ResourceOptions(
            parent=parent,
            provider=DependencyProviderResource(item["provider"]),
            depends_on=[DependencyResource(on) for on in dependencies],
        ),
    )


def _dependents(state: StackState, aliases: Resources) -> Resources:
    """The resources that depend on the aliases, directly or not, in the order of the state."""
    dependents: Resources = {}
    for urn, item in state.resources.items():
        if not (aliases.keys() | dependents.keys()).isdisjoint(item.get("dependencies") or ()):
            dependents[urn] = item
    return dependents


def _after(known: pulumi.Output[Any], value: Any) -> pulumi.Output[Any]:
    """``value`` as an output that is known when ``known`` is, and depends on the same resources."""
    return known.apply(lambda _: value)
