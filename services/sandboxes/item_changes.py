"""Changes of what a sandbox's item knows, which every request reads, so that they hold from the next one on."""

from collections.abc import Callable, Mapping
from typing import Any

from services.sandboxes.opening import SandboxNotFoundException, current, unchanged
from utils import table
from utils.errors import ThrottledException
from utils.sandbox import Sandbox, sandbox_key
from utils.table import ConditionFailedError
from utils.writes import Update


def changed(sandbox: Sandbox, attributes: Callable[[Sandbox], Mapping[str, Any]]) -> Sandbox:
    """The sandbox after its item has got the ``attributes`` that are given of it; what is ``None`` goes.

    Changes at once happen one after the other, each of what the one before left. Raises
    :class:`SandboxNotFoundException` when the sandbox ends meanwhile, and what ``attributes`` raises.
    """
    key = sandbox_key(sandbox.name)
    for _ in range(table.ATTEMPTS):
        item = table.get(key)
        present = current(sandbox, {} if item is None else {key: item})
        if present is None:
            raise SandboxNotFoundException
        new = attributes(present)
        update = Update(
            key,
            assign={name: value for name, value in new.items() if value is not None},
            remove=tuple(name for name, value in new.items() if value is None),
            add={"serial": 1},
            condition=unchanged(item),
        )
        try:
            return present.with_item(table.write(update))
        except ConditionFailedError:
            continue
    raise ThrottledException("Too many requests change this sandbox at once.")
