"""Loading a module that another one imports only when it is first used, for start-up time.

Measured in docs/adr/0012-what-the-authorizer-leaves-out.md.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _LazyModule(ModuleType):
    """Stands in for a module: each attribute is a function that loads the module when it is called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        module = self.__name__

        def load_and_call(*args: Any, **kwargs: Any) -> Any:
            return getattr(import_module(module), name)(*args, **kwargs)

        return load_and_call


@contextmanager
def lazy_module(name: str) -> Iterator[None]:
    """Let what is imported inside the block import *functions* from the module ``name`` without loading it.

    The first call of such a function loads the module. After the block ``import`` finds the real module again. Only
    for modules of which nothing but functions is used: a class imported this way can be called, but neither subclassed
    nor used with ``isinstance``. A module that is already loaded is left alone.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = _LazyModule(name)
    try:
        yield
    finally:
        del sys.modules[name]
