"""What a stack's functions are to be: one specification each, made of the route table and the stack's settings."""

from dataclasses import dataclass
from difflib import get_close_matches

import routes
from infrastructure.stack.capacity import Capacity
from infrastructure.stack.permissions import Permissions
from infrastructure.stack.settings import Settings
from infrastructure.stack.stack_file import key

AUTHORIZER = "authorizer"

_AUTHORIZER = Capacity(memory_mib=512, timeout_seconds=8)
"""It waits up to 6 seconds for an issuer's keys (``services.identity.issuer_keys``)."""
_AUTHORIZER_SECONDS = 10
"""As long as the gateway waits for an authorizer ("Quotas for HTTP APIs" in API Gateway's guide)."""
_UNRESERVED = 100
"""What stays of an account's concurrency for functions without a share of their own ("Configuring reserved
concurrency for a function" in Lambda's guide)."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function: its name, which is its route's, the handler that is its ``command`` in the image, what it may do, and
    how much of Lambda it gets. The concurrencies are in calls at once; where none are reserved it shares the
    account's."""

    name: str
    command: str
    description: str
    permissions: Permissions
    memory_mib: int
    timeout_seconds: int
    reserved_concurrency: int | None = None
    provisioned_concurrency: int = 0


def function_specs(settings: Settings) -> tuple[FunctionSpec, ...]:
    """The specification of every route's function, the fallback's and the authorizer's. The capacity of each is what
    the stack says of the function alone, else what it says of all routes, else what the route table says."""
    return (
        *(_route_spec(route, settings) for route in (*routes.ROUTES, routes.FALLBACK)),
        _spec(
            AUTHORIZER,
            "authorizer.handler",
            "Decides whether a token opens a route",
            Permissions(),
            (settings.functions.get(AUTHORIZER, Capacity()), _AUTHORIZER),
        ),
    )


def faults_in(settings: Settings) -> list[str]:
    """What Lambda or the gateway could not do as the settings or the route table say, each beginning with the key
    or the route at fault; nothing when all can be done."""
    specs = function_specs(settings)
    names = [spec.name for spec in specs]
    faults = [_unknown_function(name, names) for name in settings.functions if name not in names]
    for spec in specs:
        faults += _capacity_faults(spec, settings)
    taken = sum(
        spec.provisioned_concurrency if spec.reserved_concurrency is None else spec.reserved_concurrency
        for spec in specs
    )
    if taken and taken > (limit := settings.account_concurrency - _UNRESERVED):
        what = f"leaves {limit} to reserve or provision, of which the functions take {taken}"
        faults.append(f"{key('account_concurrency')} {what}")
    return sorted(set(faults))


def _capacity_faults(spec: FunctionSpec, settings: Settings) -> list[str]:
    longest = _AUTHORIZER_SECONDS if spec.name == AUTHORIZER else settings.api_timeout_seconds
    provisioned, reserved = spec.provisioned_concurrency, spec.reserved_concurrency
    return [
        f"{_source(setting, spec.name, settings)} {fault}"
        for setting, impossible, fault in (
            (
                "memory_mib",
                not 128 <= spec.memory_mib <= 10240,
                f"is {spec.memory_mib}, not within 128 to 10240",
            ),
            (
                "timeout_seconds",
                not 1 <= spec.timeout_seconds <= longest,
                f"is {spec.timeout_seconds}, not within 1 to {longest}, when the gateway has given up",
            ),
            (
                "provisioned_concurrency",
                reserved is not None and provisioned > reserved,
                f"is {provisioned}, over reserved_concurrency ({reserved})",
            ),
        )
        if impossible
    ]


def _unknown_function(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    suggestion = f" (is {close[0]} meant?)" if close else ""
    return f"{key('functions')}.{name} is no function{suggestion}"


def _source(setting: str, name: str, settings: Settings) -> str:
    """The key that gives the function ``name`` its ``setting``, or its route in the table where no key does."""
    if getattr(settings.functions.get(name, Capacity()), setting) is not None:
        return f"{key('functions')}.{name}.{setting}"
    if name != AUTHORIZER and getattr(settings, setting) is not None:
        return key(setting)
    return f"{setting} of row {name} in routes.py"


def _route_spec(route: routes.Route, settings: Settings) -> FunctionSpec:
    # Not validated here: what is wrong in the table is told with the settings' contradictions, by the route's name.
    declared = Capacity.model_construct(memory_mib=route.memory, timeout_seconds=route.timeout)
    return _spec(
        route.name,
        f"main.{route.entry}",
        "Answers what no route does" if route is routes.FALLBACK else route.key,
        Permissions(frozenset(route.table), frozenset(route.secrets)),
        (settings.functions.get(route.name, Capacity()), settings, declared),
    )


def _spec(
    name: str,
    command: str,
    description: str,
    permissions: Permissions,
    capacities: tuple[Capacity, ...],
) -> FunctionSpec:
    """The specification whose capacity is, number by number, the first that any of ``capacities`` gives."""

    def first(setting: str) -> int | None:
        given = (getattr(capacity, setting) for capacity in capacities)
        return next((number for number in given if number is not None), None)

    return FunctionSpec(
        name=name,
        command=command,
        description=description,
        permissions=permissions,
        memory_mib=first("memory_mib") or 0,
        timeout_seconds=first("timeout_seconds") or 0,
        reserved_concurrency=first("reserved_concurrency"),
        provisioned_concurrency=first("provisioned_concurrency") or 0,
    )
