"""What workers have in common that no change of a file here makes other: the packages."""

import gc
import signal
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

signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one to the whole group is the server's, which drains
gc.disable()
for package in _PACKAGES:
    import_module(package)
gc.freeze()
gc.enable()
