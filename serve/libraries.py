"""What workers have in common that no change of a file here makes other: the packages."""

import gc
from importlib import import_module

_PACKAGES = (
    "argon2",
    "aws_lambda_powertools.logging",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "joserfc.jwk",
    "joserfc.jws",
    "joserfc.jwt",
    "pydantic",
    "sqlite3",
)

gc.disable()
for package in _PACKAGES:
    import_module(package)
gc.freeze()
gc.enable()
