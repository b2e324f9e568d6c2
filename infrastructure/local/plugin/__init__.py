"""A stand-in for the ``aws`` and ``docker`` plugins of Pulumi, for the local stack where they cannot be had.

:func:`serve` is its whole face. It serves the resource types that the program uses, with the names, the rules of
replacement and the outputs of the official plugins, from the local AWS and the Docker engine of this machine; an
endpoint that is not loopback is refused.
"""

from infrastructure.local.plugin.server import serve

__all__ = ["serve"]
