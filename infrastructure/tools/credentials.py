"""The credential of this checkout's local AWS: who holds it may do there what an account's administrator may on AWS."""

import base64
import hashlib
import hmac
import os
import secrets
from configparser import ConfigParser, Error
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.tools import disk, paths

ACCESS_KEY = "psn-emulator"
"""The access key's id, which is no secret."""

_REGISTRY_USER = "AWS"


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key: its id, and the secret key by which requests are signed."""

    access_key: str
    secret_key: str = field(repr=False)

    @property
    def registry_password(self) -> str:
        """The password of the registry's user ``AWS``. It follows from the secret key and does not give it away,
        because Docker sends it as it is and may store it."""
        return hmac.new(self.secret_key.encode(), b"registry", hashlib.sha256).hexdigest()

    @property
    def registry_token(self) -> str:
        """Base64 of the registry's user and password, as ECR grants one."""
        return base64.b64encode(f"{_REGISTRY_USER}:{self.registry_password}".encode()).decode()

    @property
    def registry_login(self) -> dict[str, str]:
        """The registry's user and password, as Docker's SDK takes them."""
        return {"username": _REGISTRY_USER, "password": self.registry_password}

    def environment(self) -> dict[str, str]:
        """The environment variables in which AWS's SDKs look for the credential, with none left of another."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": "",
        }


def file(home: Path | None = None) -> Path:
    """The file with the credential of the checkout whose ``LOCAL_HOME`` is ``home``, by default this one's.

    It has the form of AWS's own (AWS CLI User Guide: "Configuration and credential file settings") and is readable by
    its owner only.
    """
    return (home or paths.home()) / "aws" / "credentials"


def local_aws(home: Path | None = None) -> Credential:
    """The credential of that checkout's local AWS, made at random on first use.

    Raises ``DeployError`` where the file cannot be written, or holds no credential.
    """
    path = file(home)
    try:
        text = path.read_text()
    except FileNotFoundError:
        _make(path)
        text = path.read_text()
    parser = ConfigParser(interpolation=None)
    with suppress(Error):
        parser.read_string(text)
    values = dict(parser["default"]) if parser.has_section("default") else {}
    if not (secret := values.get("aws_secret_access_key")):
        raise DeployError(
            f"{path} holds no credential.", "Remove it: the next deploy makes a new one, and no data is lost."
        )
    return Credential(values.get("aws_access_key_id", ACCESS_KEY), secret)


def made_before() -> Credential:
    """As ``local_aws``, but where none was made yet one that opens nothing: for a preview, which writes nothing."""
    return local_aws() if file().exists() else Credential(ACCESS_KEY, secrets.token_urlsafe(32))


def _make(path: Path) -> None:
    """Writes a new credential, unless another command has written one meanwhile."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    secret = secrets.token_urlsafe(32)
    lines = ("[default]", f"aws_access_key_id = {ACCESS_KEY}", f"aws_secret_access_key = {secret}", "")
    disk.replace_file(draft, "\n".join(lines), mode=0o600)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
