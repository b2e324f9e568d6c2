"""The gateway's routes as they were before an update that is taken back."""

from dataclasses import dataclass, field

from infrastructure.release.state import ROUTE, STAGE, Resources, StackState


@dataclass(frozen=True, slots=True)
class EarlierRoutes:
    """``opened`` are the URNs of the routes that an update opened, which go; ``changed`` are the routes that it
    changed, and the stage that was deployed of them all, as they were before."""

    opened: frozenset[str] = frozenset()
    changed: Resources = field(default_factory=dict)

    @property
    def urns(self) -> list[str]:
        """The URNs of all of these."""
        return sorted(self.opened | self.changed.keys())


def earlier_routes(before: StackState, now: StackState) -> EarlierRoutes:
    """The routes that are in ``now`` otherwise than ``before``; those that are gone are left out, for so are the
    functions that they led to. None of a stack that had no routes before, whose first update it was."""
    was, known = before.of_type(ROUTE), now.of_type(ROUTE)
    opened = frozenset(known.keys() - was.keys()) if was else frozenset[str]()
    changed = {
        urn: was[urn] for urn, item in known.items() if urn in was and was[urn]["inputs"] != item["inputs"]
    }
    if opened or changed:
        there = now.resources.keys() - opened
        changed |= {urn: item for urn, item in before.of_type(STAGE).items() if urn in there}
        changed = {
            urn: item | {"dependencies": [on for on in item.get("dependencies") or () if on in there]}
            for urn, item in changed.items()
        }
    return EarlierRoutes(opened, changed)
