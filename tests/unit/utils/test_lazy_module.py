"""A lazy module is loaded by the first call of what was taken from it."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from utils.lazy_module import lazy_module

READING = """
import sys
from services.identity import access_token_verifier
from joserfc.jwk import import_key
assert {"cryptography.x509", "cryptography.hazmat.primitives.serialization.ssh"}.isdisjoint(sys.modules)
print(*(import_key(text).public_key.public_numbers().x for text in sys.argv[1:]))
"""


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that is not loaded."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    monkeypatch.delitem(sys.modules, "calendar", raising=False)
    return "calendar"


def test_the_import_does_not_load_it_and_the_call_does(unloaded: str) -> None:
    with lazy_module(unloaded):
        from calendar import isleap
    assert unloaded not in sys.modules
    assert isleap(2024)
    assert unloaded in sys.modules


def test_an_import_behind_the_block_finds_the_module_itself(unloaded: str) -> None:
    with lazy_module(unloaded):
        from calendar import isleap
    import calendar

    assert calendar.isleap is not isleap
    assert issubclass(calendar.TextCalendar, calendar.Calendar)


def test_a_loaded_module_is_left_alone() -> None:
    import calendar

    with lazy_module("calendar"):
        from calendar import isleap
    assert isleap is calendar.isleap
    assert sys.modules["calendar"] is calendar


def test_it_ends_when_the_block_fails(unloaded: str) -> None:
    with pytest.raises(ValueError, match="broken"), lazy_module(unloaded):
        raise ValueError("broken")
    assert unloaded not in sys.modules


def test_what_only_the_import_system_asks_for_is_not_there(unloaded: str) -> None:
    with lazy_module(unloaded):
        import calendar

        assert not hasattr(calendar, "__path__")


def test_joserfc_still_reads_certificates_and_openssh_keys_though_the_authorizer_loads_neither(
    project: Path,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "partner.test")])
    period = datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, *period).sign(key, SHA256())
    pem = certificate.public_bytes(Encoding.PEM).decode()
    openssh = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    run = [sys.executable, "-c", READING, pem, openssh]
    done = subprocess.run(run, cwd=project, capture_output=True, text=True, check=True)
    assert [int(x) for x in done.stdout.split()] == [key.public_key().public_numbers().x] * 2
