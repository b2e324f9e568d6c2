import datetime
import sys
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infrastructure.tools import certificates
from tests.support.machine import Machine


def an_authority() -> str:
    """A self-signed certificate that only one company trusts, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, start, start + datetime.timedelta(days=1)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode().strip()


@pytest.fixture
def bundle(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of authorities that this machine trusts: all well-known ones."""
    path = machine.home / "bundle.pem"
    path.write_text(Path(certifi.where()).read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setattr(sys, "platform", "linux")
    return path


def test_a_companys_authority_is_told_from_the_well_known_ones(bundle: Path) -> None:
    company = an_authority()
    bundle.write_text(f"{bundle.read_text()}\n# Company\n{company}\n{company}\n")
    assert certificates.extra_authorities() == company


def test_a_machine_without_authorities_of_its_own_has_none_to_give(bundle: Path) -> None:
    assert certificates.extra_authorities() == ""


def test_what_the_distribution_brings_is_well_known(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_DISTRIBUTED", bundle.parent / "distributed")
    (bundle.parent / "distributed").mkdir()
    (bundle.parent / "distributed" / "old.crt").write_text(old := an_authority())
    bundle.write_text(f"{bundle.read_text()}\n{old}\n")
    assert certificates.extra_authorities() == ""


def test_a_macs_keychain_counts(machine: Machine, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    company = an_authority()
    machine.tool("security", f"cat <<'END'\n{company}\nEND")
    assert certificates.extra_authorities() == company


def test_a_machine_may_keep_its_authorities_elsewhere(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert certificates.host_bundle() == bundle
    bundle.unlink()
    monkeypatch.setattr(certificates, "_USUAL", ())
    monkeypatch.setattr(certificates, "_built_in", lambda: None)
    assert certificates.host_bundle() is None
