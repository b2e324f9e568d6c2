"""The authorizer's decision, against a bare check of the token's signature: from a cold start, and warm."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.measure import Contestants, processor_timed
from tests.conftest import ENVIRONMENT
from tests.support import identity

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = 300
"""In one go: a single one is too short to be timed."""

_DECIDE = """
import json, sys
from awslambdaric import bootstrap
import authorizer
assert authorizer.handler(json.loads(sys.argv[1]), None)["isAuthorized"]
"""
_VERIFY = """
import json, sys
from base64 import urlsafe_b64decode
from awslambdaric import bootstrap
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
key = json.loads(sys.argv[2])
x, y = (int.from_bytes(urlsafe_b64decode(key[name] + "==")) for name in "xy")
signed, _, signature = json.loads(sys.argv[1])["identitySource"][0].removeprefix("Bearer ").rpartition(".")
raw = urlsafe_b64decode(signature + "==")
der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key().verify(der, signed.encode(), ECDSA(SHA256()))
"""


def _environment() -> dict[str, str]:
    return ENVIRONMENT | {"PUBLIC_JWKS": identity.public_jwks(identity.KEY)}


@contextmanager
def cold() -> Iterator[Contestants]:
    """Whole processes, from the interpreter's start to the first answer, the runtime client included: what they take of
    the processor, which is all that they wait for."""
    event = json.dumps(identity.authorizer_event(f"Bearer {identity.good_token()}"))
    key = json.dumps(identity.KEY.as_dict(private=False))
    environment = os.environ | _environment()
    # From compiled modules, as in the image: the warm-up compiles them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(script: str) -> None:
        subprocess.run([sys.executable, "-c", script, event, key], cwd=ROOT, env=environment, check=True)

    yield processor_timed(partial(run, _DECIDE)), processor_timed(partial(run, _VERIFY))


@contextmanager
def warm() -> Iterator[Contestants]:
    """Processor time of decisions that no cache answers, and of as many bare ES256 verifications."""
    import authorizer

    token = identity.good_token()
    event = identity.authorizer_event(f"Bearer {token}")
    signed, _, signature = token.rpartition(".")
    raw, message = identity.decode(signature), signed.encode()
    key, algorithm = _public_key(), ECDSA(SHA256())

    def decide() -> None:
        assert authorizer.handler(event, None)["isAuthorized"]

    def verify() -> None:
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key.verify(der, message, algorithm)

    with patch.dict(os.environ, _environment()):
        identity.forget()
        yield _repeated(decide), _repeated(verify)
    identity.forget()


def _repeated(what: Callable[[], None]) -> Callable[[], float]:
    def run() -> None:
        for _ in range(DECISIONS):
            what()

    return processor_timed(run)


def _public_key() -> EllipticCurvePublicKey:
    x, y = (
        int.from_bytes(identity.decode(str(identity.KEY.as_dict(private=False)[name]))) for name in ("x", "y")
    )
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
