"""The certificate authorities that this machine trusts, among them those that a company's network adds."""

import os
import re
import ssl
import sys
from pathlib import Path

from infrastructure.tools import processes

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_USUAL = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
)
_DISTRIBUTED = Path("/usr/share/ca-certificates")


def host_bundle() -> Path | None:
    """The PEM file of all authorities that this machine trusts; ``None`` where there is no such file."""
    named = [os.environ.get("SSL_CERT_FILE"), _built_in()]
    candidates = [*(Path(name) for name in named if name), *_USUAL]
    return next((path for path in candidates if path.is_file()), None)


def extra_authorities() -> str:
    """The PEM of the authorities that this machine trusts beside the well-known ones; empty where there are none.

    A build step that downloads through a company's proxy needs them: the build argument ``CA_CERTIFICATES``.
    """
    import certifi

    well_known = [Path(certifi.where()), *_DISTRIBUTED.rglob("*.crt")]
    known = {_der(pem) for path in well_known for pem in _PEM.findall(path.read_text(errors="replace"))}
    extra = {_der(pem): pem for pem in _PEM.findall(_trusted()) if _der(pem) not in known}
    return "\n".join(extra.values())


def _built_in() -> str | None:
    """The file that this Python's OpenSSL reads by default."""
    return ssl.get_default_verify_paths().cafile


def _trusted() -> str:
    bundle = host_bundle()
    trusted = bundle.read_text(errors="replace") if bundle else ""
    if sys.platform == "darwin":
        keychain = "/Library/Keychains/System.keychain"
        trusted += processes.run(["security", "find-certificate", "-a", "-p", keychain], limit=30).output
    return trusted


def _der(pem: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem)
