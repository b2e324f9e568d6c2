"""What workers have in common, imported once, before they are forked: the packages and all functions' handlers."""

import gc
from importlib import import_module

from routes import FALLBACK, ROUTES


def _import_all() -> None:
    """Imports what the entry points and the rows of the table name."""
    for name in (
        "authorizer",
        "main",
        "handlers.dispatch",
        "handlers.journal",
        "handlers.faults",
        "utils.stores.sqlite",
    ):
        import_module(name)
    from handlers.dispatch import Endpoint

    for route in (*ROUTES, FALLBACK):
        Endpoint.load(route)


gc.disable()
_import_all()
gc.freeze()  # so that a collection in a worker does not write to pages that all share
gc.enable()
