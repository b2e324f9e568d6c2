"""An import that waits until it is needed, for start-up time.

joserfc imports ``cryptography.x509`` to read certificates, which nothing here ever gives it, and that
module is a fifth of a token-checking start. Measured in docs/adr/0012-what-the-authorizer-leaves-out.md.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands in for a module: each attribute is a function that loads the module when it is called."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        module = self.__name__

        def load_and_call(*args: Any, **kwargs: Any) -> Any:
            return getattr(import_module(module), name)(*args, **kwargs)

        return load_and_call


@contextmanager
def deferred(module: str) -> Iterator[None]:
    """Let the imports inside the block take *functions* of ``module`` without loading it yet.

    What they took loads the module when first called. After the block ``import`` finds the real module again.
    Only for modules of which the block takes nothing but functions: a class taken this way could not be
    subclassed or tested with ``isinstance``. A module already loaded is left alone.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = _Deferred(module)
    try:
        yield
    finally:
        del sys.modules[module]
