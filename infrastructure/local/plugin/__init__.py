"""A stand-in for Pulumi's ``aws`` and ``docker`` plugins, for local stacks where those cannot be downloaded.

:func:`serve` is its only interface. It serves the resource types that the program uses, with the names, the rules of
replacement and the outputs of the official plugins, on the local AWS and the Docker engine of this machine. It refuses
endpoints that are not loopback.
"""

from infrastructure.local.plugin.server import serve

__all__ = ["serve"]
