"""joserfc's signatures and keys, without what it loads to read certificates and OpenSSH's keys.

Nothing here ever gives it either, and loading them is a tenth of the authorizer's start. The authorizer imports this
module, so it imports neither botocore nor pydantic.
"""

from utils.lazy_module import lazy_module

with lazy_module("cryptography.x509"), lazy_module("cryptography.hazmat.primitives.serialization.ssh"):
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwa import ESAlgorithm
    from joserfc.jwk import ECKey, RSAKey

__all__ = ["ECKey", "ESAlgorithm", "JoseError", "RSAKey", "jws"]
