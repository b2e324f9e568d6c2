"""The page of the API's description, less what it takes a browser to see (``tests/browser/test_docs.py``)."""

import re
from pathlib import Path

import pytest

from handlers.swagger_ui import FILES
from infrastructure import trim_packages
from services.identity.accounts import find_client
from services.identity.seed import docs_client
from tests.support import identity
from tests.support.gateway import Gateway
from utils.sandbox import DEFAULT
from utils.settings import settings


def in_prod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prod")
    identity.forget()


def test_the_page_and_its_files_name_no_other_host() -> None:
    page = Gateway().get("/docs")
    assert page.status == 200
    named = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page.text)
    assert {path for path in named if "/" in path} == {
        *("docs/swagger-ui.css", "docs/docs.css"),
        *("docs/swagger-ui-bundle.js", "docs/docs.js"),
    }
    for path in named:
        assert Gateway().get(f"/{path}").status == 200


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_of_its_type_and_may_be_kept(name: str) -> None:
    answer = Gateway().get(f"/docs/{name}")
    assert (answer.status, answer.headers["content-type"]) == (200, FILES[name])
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.text


@pytest.mark.parametrize("target", ["/docs", *(f"/docs/{name}" for name in FILES)])
def test_nothing_of_it_may_ask_another_host(target: str, base_path: str) -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in Gateway().get(target).headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://localhost:4566"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("name", ["nothing.js", "docs.html", "..%2fdocs.py", "swagger-ui.js"])
def test_no_other_file_is_served(name: str) -> None:
    answer = Gateway().get(f"/docs/{name}")
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("target", ["/docs", "/docs/docs.js"])
def test_prod_has_none(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_prod(monkeypatch)
    answer = Gateway().get(target)
    assert (answer.status, answer.code) == (404, "not_found")


def test_prod_does_not_point_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"docs", "openapi"} <= Gateway().get("/").data["links"].keys()
    in_prod(monkeypatch)
    assert not {"docs", "openapi"} & Gateway().get("/").data["links"].keys()


def test_its_client_comes_back_to_a_file_of_its_own(the_table: str) -> None:
    identity.store_seed()
    client = find_client(DEFAULT, "psn-emulator-docs")
    assert client
    [uri] = client.redirect_uris
    assert uri.startswith(settings().issuer)
    assert Gateway().get(uri.removeprefix(settings().issuer)).status == 200
    assert (client, client.secret_hash) == (docs_client(DEFAULT), None)


def test_prod_has_no_client_for_it(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    identity.store_seed()
    in_prod(monkeypatch)
    assert find_client(DEFAULT, "psn-emulator-docs") is None


def test_the_image_keeps_every_file_of_the_library_that_is_served(project: Path) -> None:
    own = {path.name for path in (project / "handlers").iterdir()}
    assert {name for name in FILES if name not in own} <= trim_packages.SWAGGER_UI


def test_a_file_is_missed_when_the_library_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers import swagger_ui

    monkeypatch.setattr(swagger_ui, "find_spec", lambda _: None)
    swagger_ui.text.cache_clear()
    answer = Gateway().get("/docs/swagger-ui.css")
    assert (answer.status, answer.code) == (500, "internal_error")
