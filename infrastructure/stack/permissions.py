"""What a function may do with the table and the secrets."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self


@dataclass(frozen=True, slots=True)
class Permissions:
    """DynamoDB's actions on the table and its indexes, such as ``GetItem``, and the names of the secrets that may be
    read. ``table_alone`` are those of the actions that no index allows."""

    table: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    table_alone: frozenset[str] = frozenset()

    @classmethod
    def from_output(cls, value: Mapping[str, Iterable[str]]) -> Self:
        """The permissions that ``as_output`` made ``value`` of."""
        return cls(
            frozenset(value["table"]), frozenset(value["secrets"]), frozenset(value.get("table_alone", ()))
        )

    def as_output(self) -> dict[str, list[str]]:
        """The permissions as part of a stack's output, sorted; without ``table_alone`` where there is none, as in
        releases from before there was any."""
        alone = {"table_alone": sorted(self.table_alone)} if self.table_alone else {}
        return {"table": sorted(self.table), "secrets": sorted(self.secrets), **alone}

    @property
    def digest(self) -> str:
        """The first 8 hexadecimal digits of their SHA-256."""
        return sha256(json.dumps(self.as_output()).encode()).hexdigest()[:8]

    @property
    def named(self) -> frozenset[str]:
        """Each of them as a reviewer reads it: ``dynamodb:GetItem``, ``dynamodb:Query (no index)``, ``secret seed``."""
        actions = {
            f"dynamodb:{action}{' (no index)' if action in self.table_alone else ''}" for action in self.table
        }
        return frozenset(actions | {f"secret {name}" for name in self.secrets})
