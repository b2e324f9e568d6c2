"""What the API says about itself."""

import pytest

import routes
from tests.conftest import ENVIRONMENT, Log
from tests.support.gateway import Gateway
from utils.version import VERSION


def test_the_root_names_the_product_and_its_links() -> None:
    answer = Gateway().get("/")
    assert answer.status == 200
    assert (answer.data["name"], answer.data["version"]) == ("PSN Partner Emulator", VERSION)
    assert answer.data["release"] == ENVIRONMENT["RELEASE"]
    assert answer.data["environment"] == "local"
    assert answer.json()["meta"] == {"request_id": answer.headers["x-request-id"]}


def test_every_link_of_the_root_is_a_route() -> None:
    paths = {f"{ENVIRONMENT['ISSUER']}{route.path}" for route in routes.ROUTES}
    assert set(Gateway().get("/").data["links"].values()) <= paths


def test_the_links_lead_on_below_a_base_path_too(base_path: str) -> None:
    links = Gateway().get("/").data["links"]
    assert (links["self"], links["players"]) == (f"{base_path}/", f"{base_path}/players")


def test_the_links_of_a_sandboxs_root_are_answered(the_table: str) -> None:
    links = Gateway().get("/s/job-1").data["links"]
    assert links["self"] == f"{ENVIRONMENT['ISSUER']}/s/job-1"
    assert Gateway().get(links["self"].removeprefix(ENVIRONMENT["ISSUER"])).status == 200


def test_healthz_is_ok_while_the_table_answers(the_table: str) -> None:
    answer = Gateway().get("/healthz")
    assert answer.status == 200
    assert answer.json() == {
        "status": "ok",
        "image_tag": ENVIRONMENT["IMAGE_TAG"],
        "checks": {"table": "ok"},
    }


def test_healthz_is_503_when_the_table_does_not_answer(aws: None, log: Log) -> None:
    answer = Gateway().get("/healthz")
    assert answer.status == 503
    assert answer.json() == {
        "status": "unavailable",
        "image_tag": ENVIRONMENT["IMAGE_TAG"],
        "checks": {"table": "unavailable"},
    }
    assert "ResourceNotFound" not in answer.text
    assert "ResourceNotFound" in log.text


@pytest.mark.parametrize("path", ["/", "/healthz"])
def test_neither_needs_a_token(path: str) -> None:
    (route,) = [route for route in routes.ROUTES if route.path == path]
    assert route.scope is None
