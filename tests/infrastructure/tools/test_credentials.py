"""The credential of the local AWS."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import credentials
from tests.support.machine import Machine


def test_it_is_made_once_at_random_and_for_its_owner_only(machine: Machine) -> None:
    assert credentials.made_before() != credentials.made_before()
    assert not credentials.file().exists()
    own = credentials.local_aws()
    assert credentials.local_aws() == credentials.made_before() == own
    assert len(own.secret_key) >= 32
    assert credentials.file().stat().st_mode & 0o777 == 0o600
    credentials.file().unlink()
    assert credentials.local_aws() != own
    assert own.secret_key not in repr(own)


def test_commands_at_once_agree_on_one(machine: Machine) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = {future.result() for future in [pool.submit(credentials.local_aws) for _ in range(16)]}
    assert len(made) == 1
    assert [path.name for path in credentials.file().parent.iterdir()] == ["credentials"]


def test_awss_own_tools_read_the_file(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    own = credentials.local_aws()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials.file()))
    found = boto3.Session().get_credentials()
    assert found
    assert (found.access_key, found.secret_key) == (own.access_key, own.secret_key)


@pytest.mark.parametrize("text", ["", "nonsense", "[default]\n", "[other]\naws_secret_access_key = x\n"])
def test_a_file_without_one_is_named(machine: Machine, text: str) -> None:
    credentials.file().parent.mkdir(parents=True)
    credentials.file().write_text(text)
    with pytest.raises(DeployError, match="credentials holds no credential") as refused:
        credentials.local_aws()
    assert "Remove it" in refused.value.remedy


def test_the_registrys_password_does_not_give_the_secret_away(machine: Machine) -> None:
    own = credentials.local_aws()
    assert own.secret_key not in own.registry_password
