"""What every worker needs, imported once, before they are forked."""

import gc
from importlib import import_module

_MODULES = (
    "authorizer",
    "main",
    "handlers.dispatch",
    "handlers.faults",
    "handlers.journal",
    "utils.stores.sqlite",
)

gc.disable()
for name in _MODULES:
    import_module(name)
gc.freeze()  # so that a collection in a worker does not write to pages that all share
gc.enable()
