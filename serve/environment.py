"""The functions' environment: keys, users and clients in files, a store in another, the settings of a local stack."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serve.errors import ServeError
from serve.options import Options
from serve.ownership import SECRETS, TABLE, alone_in
from utils.version import VERSION
from variables import EXAMPLE

SEED: Final = Path(__file__).resolve().parents[1] / "infrastructure" / "seeds" / "local.yaml"
"""The users and clients of a local stack."""
NAME: Final = "psn-emulator"
PATIENCE_SECONDS: Final = 30
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 # nosec B108 - a folder of its own is made there
_SETTINGS: Final[Mapping[str, str]] = {
    "ENVIRONMENT": "local",
    "FAULTS": "true",
    "JOURNAL": "true",
    "OPEN_REGISTRATION": "true",
    "SANDBOXES": "open",
    "API_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
    "LOCKOUT_SECONDS": "60",
    "METRICS_NAMESPACE": NAME,
    "POWERTOOLS_SERVICE_NAME": NAME,
}
"""What a local stack has; the rest is as the table of variables has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of the store and the secrets; what is ``temporary`` goes when the server ends."""

    folder: Path
    is_temporary: bool

    @property
    def table(self) -> str:
        """The name of the store: what it acknowledges is on the disk where it is to last."""
        return f"sqlite:{self.folder / TABLE}{'?synchronous=off' if self.is_temporary else ''}"

    def secret(self, name: str) -> Path:
        """The file of a secret."""
        return self.folder / f"{name}.json"


@contextmanager
def place(options: Options, kept: str = "") -> Iterator[Place]:
    """The folder that is asked for, for this server alone, or one in memory, where it is not ``kept`` from before;
    while the block runs.

    Raises :class:`ServeError`.
    """
    with ExitStack() as stack:
        try:
            if options.data is not None:
                options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(alone_in(options.data))
                where = Place(options.data.resolve(), is_temporary=False)
            else:
                memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
                folder = Path(kept or tempfile.mkdtemp(prefix=f"{NAME}-", dir=memory))
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
                where = Place(folder, is_temporary=True)
        except OSError as error:
            raise ServeError(
                f"The data cannot be kept in {options.data or 'a temporary folder'}: {error.strerror or error}.",
                "Choose another by --data.",
            ) from error
        yield where


def environment(options: Options, where: Place, url: str, port: int) -> dict[str, str]:
    """The functions' environment but for the public keys, which :func:`provide` returns.

    The issuer's keys are read of the file: over the network another process might answer in the server's name.
    """
    keys = f"file:{where.secret('public-keys')}"
    return {
        **EXAMPLE,
        **_SETTINGS,
        "LOG_LEVEL": options.log_level,
        "AUTOMATIC_LOGIN": str(options.automatic_login).lower(),
        "IMAGE_TAG": os.environ.get("IMAGE_TAG") or VERSION,
        "RELEASE": os.environ.get("RELEASE") or VERSION,
        "TABLE_NAME": where.table,
        "ISSUER": url,
        "ISSUERS": " ".join(options.urls(port)),
        "TRUSTED_ISSUER": url,
        "JWKS_URI": keys,
        "TRUSTED_JWKS_URI": keys,
        **{f"{name.upper().replace('-', '_')}_SECRET": f"file:{where.secret(name)}" for name in SECRETS},
    }


def provide(options: Options, where: Place) -> str:
    """Write keys, users and clients where :func:`environment` says they are; the public keys, as JSON.

    Keys that are there stay. Raises :class:`ServeError`.
    """
    from seeding import seeds, signing_keys
    from utils import table
    from utils.errors import PSNEmulatorException

    path = options.seed or SEED
    try:
        seed = seeds.parse(path, in_network=True)
        taken = seeds.taken_audience(seed, EXAMPLE["AUDIENCE"])
    except OSError as error:
        raise ServeError(
            f"The seed file {path} cannot be read: {error.strerror}.", "Name another by --seed."
        ) from error
    except ValueError as error:
        raise ServeError(f"The seed file {path} is wrong: {error}.", "Correct it.") from error
    if taken is not None:
        raise ServeError(
            f"The seed file {path} is wrong: the audience {taken[0]!r} is a client's id.", "Correct it."
        )
    try:
        signing = where.secret("signing-keys")
        if not signing.exists():
            _write(signing, signing_keys.key_set(signing_keys.new_keys("ES256")))
        public = signing_keys.public_set(signing.read_text(encoding="utf-8"))
        _write(where.secret("public-keys"), public)
        _write(where.secret("seed"), seed.model_dump_json())
    except (OSError, KeyError, json.JSONDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{signing.name} holds no keys"
        raise ServeError(
            f"The keys cannot be kept in {where.folder}: {reason}.", "Choose another folder by --data."
        ) from error
    try:
        table.prepare()
    except PSNEmulatorException as error:
        raise ServeError(
            f"The data cannot be kept in {where.folder}: {error.__cause__ or error.detail}.",
            "Make room there, or choose another folder by --data.",
        ) from error
    return public


def _write(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
