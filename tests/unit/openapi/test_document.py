"""The OpenAPI document: whole, valid, and of one mind with what serves.

That every answer is as it says is held at the gateway of these tests (``tests.support.described``), for all of them.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from pydantic import ValidationError

import main
import routes
from handlers.token import GRANTS
from models.player_body import PlayerBody
from models.result_body import ResultBody
from openapi import errors as described
from openapi.__main__ import FILE
from openapi.document import document, operations
from openapi.operation import Operation
from openapi.responses import plain
from openapi.schemas import schemas
from routes import SCOPES
from services import idempotency
from services.identity import sessions
from services.identity.scopes import OF_USERS
from services.players import players
from tests.support.gateway import Context, Gateway
from utils import errors, oauth_errors
from utils.settings import settings


@cache
def made() -> dict[str, Operation]:
    """The operation of every route."""
    found, faults = operations()
    assert faults == []
    return found


def said() -> dict[str, Any]:
    """The document, as it is served."""
    answer = Gateway().get("/openapi.json")
    assert answer.status == 200
    body: dict[str, Any] = answer.json()
    return body


def told() -> Iterator[tuple[routes.Route, dict[str, Any]]]:
    """Every route, and what is said of it."""
    paths = said()["paths"]
    yield from ((route, paths[route.path][route.method.lower()]) for route in routes.ROUTES)


def every_error(root: type[errors.PSNEmulatorException]) -> Iterator[type[errors.PSNEmulatorException]]:
    """The class and all that are derived from it."""
    yield root
    for derived in root.__subclasses__():
        yield from every_error(derived)


def media(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The Media Type Objects of an operation."""
    yield from said.get("requestBody", {}).get("content", {}).values()
    for response in said["responses"].values():
        yield from response.get("content", {}).values()


def test_it_is_valid_by_the_specification() -> None:
    validate(said())


def test_it_describes_every_route_and_no_other() -> None:
    described = {
        f"{method.upper()} {path}" for path, methods in said()["paths"].items() for method in methods
    }
    heads = {f"HEAD {route.path}" for route in routes.ROUTES if route.method == "GET"}
    assert described == {route.key for route in routes.ROUTES} | heads


def test_a_head_is_what_its_get_is_without_a_body() -> None:
    for route, operation in told():
        if route.method == "GET":
            head = said()["paths"][route.path]["head"]
            assert head["responses"].keys() == operation["responses"].keys()
            assert not any("content" in answer for answer in head["responses"].values())
            assert (head["security"], head.get("parameters")) == (
                operation["security"],
                operation.get("parameters"),
            )


def test_it_demands_the_scope_that_the_route_demands() -> None:
    for route, operation in told():
        if route.scope:
            assert operation["security"] == [{"oauth": [route.scope]}, {"bearer": []}]


def test_every_parameter_of_a_path_is_described() -> None:
    for route, operation in told():
        described = {f"{{{one['name']}}}" for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert described == {part for part in route.path.split("/") if part.startswith("{")}


def test_every_example_is_valid_by_its_schema() -> None:
    document = said()
    count = 0
    for _, operation in told():
        for one in media(operation):
            schema = {**one["schema"], "components": document["components"]}
            for example in one["examples"].values():
                shown = example.get("value") or _resolved(document, example["$ref"])["value"]
                faults = Draft202012Validator(
                    schema, format_checker=Draft202012Validator.FORMAT_CHECKER
                ).iter_errors(shown)
                assert [fault.message for fault in faults] == []
                count += 1
        for parameter in operation.get("parameters", ()):
            if "example" not in parameter:
                continue
            schema = {**parameter["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(parameter["example"])
            count += 1
    assert count > 200


def _resolved(document: dict[str, Any], reference: str) -> dict[str, Any]:
    value = document
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


@pytest.mark.parametrize("model", [PlayerBody, ResultBody])
def test_every_example_of_a_body_is_taken_by_its_model(model: Any) -> None:
    bodies = [body for one in made().values() for body in one.bodies if body.model is model]
    assert bodies
    for body in bodies:
        for example in body.examples.values():
            model.model_validate(example)


def test_its_schemas_are_those_of_the_models() -> None:
    named = said()["components"]["schemas"]
    _, own = schemas([("request", PlayerBody)])
    assert own.items() <= named.items()
    assert named["Username"]["pattern"] == "^[A-Za-z][A-Za-z0-9_-]{2,15}$"
    assert (named["Limit"]["minimum"], named["Limit"]["maximum"]) == (1, 100)
    assert named["Email"]["format"] == "email"
    assert {"GR", "JP"} <= set(named["Country"]["enum"])


@given(
    st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True)
    | st.sampled_from(["en", "zh-Hant-TW", "de-x-a", "i-x"])
)
def test_a_language_is_taken_when_its_schema_says_so(tag: str) -> None:
    pattern = schemas([("request", PlayerBody)])[1]["Language"]["pattern"]
    body = {"username": "kratos", "email": "kratos@mail.example", "language": tag}
    assert (re.search(pattern, tag) is not None) == _is_taken(body)


def _is_taken(body: dict[str, str]) -> bool:
    try:
        PlayerBody.model_validate(body)
    except ValidationError:
        return False
    return True


def test_every_named_part_is_used() -> None:
    document = said()
    text = str(document)
    for kind in ("schemas", "headers", "examples"):
        for name in document["components"][kind]:
            assert f"'#/components/{kind}/{name}'" in text, name


def test_every_class_of_error_is_told_of() -> None:
    abstract = {oauth_errors.OAuthException}
    of_no_route = {errors.MethodNotAllowedException}
    shown = said()["components"]["examples"]
    modules = {module.__name__ for module in (errors, oauth_errors, sessions, players, idempotency)}
    own = {one for one in every_error(errors.PSNEmulatorException) if one.__module__ in modules}
    assert {described.name(error) for error in own - abstract - of_no_route} <= shown.keys()


def test_what_the_gateway_answers_by_itself_is_told_of() -> None:
    for route, operation in told():
        responses = operation["responses"]
        for status in ("401", "403") if route.scope else ():
            shown = responses[status]["content"]["application/json"]["examples"]["gateway"]["value"]
            assert shown == {"message": described.GATEWAYS_OWN[int(status)]}
        assert "application/json" in responses["429"]["content"]


def test_its_grants_and_scopes_are_those_of_the_issuer() -> None:
    document = said()
    form = document["paths"]["/auth/token"]["post"]["requestBody"]["content"]
    grants = form["application/x-www-form-urlencoded"]["schema"]["anyOf"]
    named = {_resolved(document, one["$ref"])["properties"]["grant_type"]["const"] for one in grants}
    assert named == set(GRANTS)
    flows = document["components"]["securitySchemes"]["oauth"]["flows"]
    assert set(flows["authorizationCode"]["scopes"]) == set(SCOPES)
    assert set(flows["clientCredentials"]["scopes"]) == set(SCOPES) - set(OF_USERS)
    assert flows["authorizationCode"]["authorizationUrl"] == f"{settings().issuer}/auth/authorize"


def test_a_stack_that_trusts_another_issuer_sends_clients_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_ISSUER", "https://issuer.test")
    settings.cache_clear()
    scheme = said()["components"]["securitySchemes"]["oauth"]
    assert scheme["openIdConnectUrl"] == "https://issuer.test/.well-known/openid-configuration"


def test_its_links_lead_to_parameters_of_operations() -> None:
    document = said()
    parameters = {
        operation["operationId"]: {one["name"] for one in operation.get("parameters", ())}
        for _, operation in told()
    }
    links = [
        link
        for _, operation in told()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) > 10
    assert all(link["parameters"].keys() <= parameters[link["operationId"]] for link in links)
    assert document["servers"][0]["url"] == settings().issuer


def test_prod_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prod")
    settings.cache_clear()
    answer = Gateway().get("/openapi.json")
    assert (answer.status, answer.code) == (404, "not_found")


def test_the_committed_document_is_that_of_the_tree() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == plain(document(made())), (
        "make openapi writes it anew"
    )


def test_the_document_is_read_once_for_a_deployment() -> None:
    event, route = Gateway().event("GET", "/openapi.json")
    entry = getattr(main, route.entry)
    assert entry(event, Context())["body"] is entry(event, Context())["body"]


def test_nothing_that_serves_loads_what_the_document_is_made_by(project: Any) -> None:
    importing = [
        path.relative_to(project).as_posix()
        for folder in ("handlers", "services", "utils", "models")
        for path in (project / folder).rglob("*.py")
        if re.search(r"^\s*(from|import) openapi", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importing == []


def test_every_reference_leads_somewhere() -> None:
    text = FILE.read_text(encoding="utf-8")
    told = json.loads(text)["components"]
    referred = set(re.findall(r'"#/components/(\w+)/([^"]+)"', text))
    assert referred
    assert not [(kind, name) for kind, name in referred if name not in told[kind]]
