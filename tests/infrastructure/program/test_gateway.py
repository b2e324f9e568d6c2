"""The gateway of a stack: which routes it has, whom it asks, what it lets through."""

import json
import re
from copy import replace
from dataclasses import dataclass
from pathlib import Path

import pytest

import routes
from infrastructure.program import gateway
from infrastructure.release.state import FUNCTION
from infrastructure.stack.loading import load_settings
from infrastructure.stack.names import Names
from tests.infrastructure.conftest import Declared, WriteStack
from tests.support.recorded import record
from tests.support.stacks import ALL_ROUTES, KINDS, PERMISSION, ROUTE, variables

PATH = "/_aws/execute-api/api-id/$default"
LOCAL = f"http://localhost:4999{PATH}"
SCHEMES = ("http", "https")


def test_every_route_of_the_table_and_the_rest_lead_to_an_alias(declared: Declared) -> None:
    recorded = declared("dev")
    assert {route.inputs["routeKey"] for route in recorded.of(ROUTE)} == {
        *(key for route in routes.ROUTES for key in route.keys),
        "$default",
    }
    for route in ALL_ROUTES:
        declared_route = recorded.named(f"{route.name}-route").inputs
        assert declared_route["target"] == f"integrations/{route.function_name}-integration-id"
        if route is not routes.FALLBACK:
            under = recorded.named(f"{route.name}-sandbox-route").inputs
            key = f"{route.method} {route.paths[1]}"
            assert (under["routeKey"], under["target"]) == (key, declared_route["target"])
        integration = recorded.named(f"{route.function_name}-integration").inputs
        assert integration["integrationUri"] == f"invoke:psn-emulator-dev-{route.function_name}:live"
        assert integration["payloadFormatVersion"] == "2.0"
        assert 50 <= integration["timeoutMilliseconds"] <= 30_000


@pytest.mark.parametrize("stack", KINDS)
def test_every_route_with_a_scope_asks_the_authorizer_and_no_other_does(
    declared: Declared, stack: str
) -> None:
    recorded = declared(stack)
    for route in ALL_ROUTES:
        has_head = route.method == "GET" and route is not routes.FALLBACK
        there = ("", "-sandbox") if route is not routes.FALLBACK else ("",)
        kinds = [f"{kind}{head}" for kind in there for head in (("", "-head") if has_head else ("",))]
        for name in (f"{route.name}{kind}-route" for kind in kinds):
            inputs = recorded.named(name).inputs
            asked = inputs["authorizationType"], inputs.get("authorizerId")
            assert asked == (("CUSTOM", "token-authorizer-id") if route.scope else ("NONE", None)), name


def test_routes_that_share_a_function_share_its_integration_and_it_is_opened_to_each(
    every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {route.name: route for route in routes.ROUTES}
    shared = [replace(named[name], function="shared") for name in ("healthz", "jwks")]
    monkeypatch.setattr(gateway, "ROUTES", (named["players-list"], *shared))
    monkeypatch.setattr(routes, "ROUTES", (named["players-list"], *shared))
    recorded = record("dev")
    assert {item.name for item in recorded.of(FUNCTION)} == {
        f"{name}-function" for name in ("players-list", "shared", "fallback", "authorizer")
    }
    for route in shared:
        assert recorded.named(f"{route.name}-route").inputs["target"] == "integrations/shared-integration-id"
        assert recorded.named(f"{route.name}-permission").inputs["statementId"] == f"gateway-{route.name}"
    function = recorded.named("shared-function").inputs
    assert function["imageConfig"] == {"commands": ["main.shared"]}
    assert function["description"].startswith("GET /healthz, GET /.well-known/jwks.json · ")


def test_the_authorizers_answers_are_remembered_for_a_token_and_a_route(declared: Declared) -> None:
    authorizer = declared("dev").named("token-authorizer").inputs
    assert authorizer["identitySources"] == ["$request.header.Authorization", "$context.routeKey"]
    assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["enableSimpleResponses"] is True
    assert authorizer["authorizerResultTtlInSeconds"] == load_settings("dev").authorizer_ttl_seconds
    assert authorizer["authorizerUri"] == "invoke:psn-emulator-dev-authorizer:live"


def test_the_gateway_may_invoke_the_aliases_for_their_own_routes_only(declared: Declared) -> None:
    recorded = declared("dev")
    api = "arn:aws:execute-api:eu-west-1:123456789012:abc"
    sources = {route.name: f"{api}/*/*{route.path}" for route in routes.ROUTES}
    sources |= {"fallback": f"{api}/*/*", "authorizer": f"{api}/authorizers/token-authorizer-id"}
    sources |= {"root-sandbox": f"{api}/*/*/s/{{sandbox}}"}
    for name in ("openid-configuration", "oauth-authorization-server"):
        sources |= {f"{name}-sandbox-metadata": f"{api}/*/*/.well-known/{name}/s/{{sandbox}}"}
    for name, source in sources.items():
        permission = recorded.named(f"{name}-permission").inputs
        assert permission["sourceArn"] == source
        assert permission["qualifier"] == "live"
        assert permission["principal"] == "apigateway.amazonaws.com"
        assert permission["action"] == "lambda:InvokeFunction"
    assert len(recorded.of(PERMISSION)) == len(sources)


def test_the_stage_throttles_and_logs_every_access_as_json(declared: Declared) -> None:
    recorded = declared("dev")
    stage = recorded.named("stage").inputs
    settings = load_settings("dev")
    assert stage["name"] == "$default"
    assert stage["autoDeploy"] is True
    assert stage["defaultRouteSettings"] == {
        "throttlingRateLimit": settings.throttle_rate,
        "throttlingBurstLimit": settings.throttle_burst,
    }
    logged = json.loads(stage["accessLogSettings"]["format"])
    assert {"$context.requestId", "$context.routeKey", "$context.status"} <= set(logged.values())
    assert logged["functionRequestId"] == "$context.integration.requestId"
    assert "authorization" not in stage["accessLogSettings"]["format"].lower().replace("authorizer", "")
    assert {route.urn for route in recorded.of(ROUTE)} <= recorded.named("stage").after


def test_pages_of_the_set_origins_may_call_the_api_and_no_others(
    declared: Declared, write_stack: WriteStack
) -> None:
    cors = declared("prod").named("api").inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://game.example"]
    assert set(cors["allowMethods"]) == {route.method for route in routes.ROUTES}
    write_stack("dev", architecture="amd64")
    assert "corsConfiguration" not in record("dev").named("api").inputs


def test_pages_may_send_and_read_the_headers_that_the_guide_names(declared: Declared, project: Path) -> None:
    cors = declared("dev").named("api").inputs["corsConfiguration"]
    guide = (project / "docs" / "guides" / "http-api.md").read_text()
    may_send, _, may_read = guide.partition("They may send ")[2].partition(" and read ")
    assert sorted(cors["allowHeaders"]) == _headers(may_send)
    assert sorted(cors["exposeHeaders"]) == _headers(may_read)
    assert {"authorization", "content-type", "if-match", "if-none-match", "idempotency-key"} <= set(
        cors["allowHeaders"]
    )
    assert {"etag", "link", "location", "x-request-id", "x-correlation-id", "retry-after"} <= set(
        cors["exposeHeaders"]
    )


def _headers(text: str) -> list[str]:
    return sorted(name.lower() for name in re.findall(r"`([A-Za-z-]+)`", text))


def test_the_issuer_is_the_url_that_clients_are_given(declared: Declared) -> None:
    assert declared("dev").outputs["api_url"] == "https://abc.execute-api.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(("stack", "there"), [("dev", True), ("staging", True), ("prod", False)])
def test_the_description_is_where_the_outputs_say_but_in_prod(
    declared: Declared, stack: str, there: bool
) -> None:
    outputs = declared(stack).outputs
    assert outputs.get("docs_url") == (f"{outputs['api_url']}/docs" if there else None)


@pytest.mark.usefixtures("few_routes")
def test_a_local_stacks_url_is_usable_from_this_machine_and_stays_the_same(
    every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", "4999")
    recorded = record("local-7")
    assert (
        recorded.named("api").inputs["tags"]["ms-custom-id"] == Names("local-7").local_api_id == "psn-local-7"
    )
    assert recorded.outputs["api_url"] == "http://localhost:4999/_aws/execute-api/api-id/$default"
    assert recorded.outputs["ecr_url"] == "localhost:4999/psn-emulator-local-7"


@dataclass(frozen=True)
class Named:
    """A stack's settings, and the base URLs that follow: the public one, the gateway's if that is another, others."""

    stack: str
    settings: dict[str, object]
    url: str
    own: str | None = None
    others: tuple[str, ...] = ()


@pytest.mark.usefixtures("few_routes", "every_stack")
@pytest.mark.parametrize(
    "named",
    [
        Named(
            "local",
            {"issuer_hosts": ["emulator:4999", "tunnel.example"]},
            LOCAL,
            others=tuple(
                f"{scheme}://{host}{PATH}"
                for host in ("emulator:4999", "tunnel.example")
                for scheme in SCHEMES
            ),
        ),
        Named(
            "local",
            {"listen": "0.0.0.0:8080", "issuer_hosts": ["emulator:8080", "host.docker.internal:4999"]},
            "http://localhost:8080",
            others=(
                *(f"{scheme}://emulator:8080" for scheme in SCHEMES),
                *(f"{scheme}://host.docker.internal:4999{PATH}" for scheme in SCHEMES),
            ),
        ),
        Named(
            "local",
            {"listen": "192.168.1.10:8080", "public_url": "https://psn.example/emulator"},
            "https://psn.example/emulator",
            "http://192.168.1.10:8080",
        ),
        Named(
            "dev",
            {
                "public_url": "https://psn.example",
                "issuer_hosts": ["abc.execute-api.eu-west-1.amazonaws.com"],
            },
            "https://psn.example",
            "https://abc.execute-api.eu-west-1.amazonaws.com",
            ("https://abc.execute-api.eu-west-1.amazonaws.com",),
        ),
    ],
)
def test_a_stack_goes_by_the_names_that_it_is_given(
    write_stack: WriteStack, monkeypatch: pytest.MonkeyPatch, named: Named
) -> None:
    stack, settings, url, own = named.stack, named.settings, named.url, named.own
    monkeypatch.setenv("LOCAL_AWS_PORT", "4999")
    write_stack(stack, **({"architecture": "amd64"} if stack == "dev" else {}), **settings)
    recorded = record(stack)
    told = variables(recorded, "authorizer")
    assert recorded.outputs["api_url"] == told["ISSUER"] == told["TRUSTED_ISSUER"] == url
    assert recorded.outputs.get("gateway_url") == own
    assert recorded.outputs["docs_url"] == f"{url}/docs"
    assert told["ISSUERS"].split() == [url, *named.others]
    machine = "http://host.docker.internal:4999" + PATH if stack == "local" else own
    assert told["JWKS_URI"] == f"{machine}/_keys"


def test_the_access_log_holds_nothing_that_a_token_or_a_password_is_in(declared: Declared) -> None:
    log = json.loads(declared("prod").named("stage").inputs["accessLogSettings"]["format"])
    assert all(value.startswith("$context.") for value in log.values())
    # The path has no query; of the authorizer only how long it took and whether it failed.
    assert "$context.path" in log.values()
    of_authorizer = {value for value in log.values() if "authorizer" in value}
    assert of_authorizer <= {
        f"$context.authorizer.{name}" for name in ("latency", "error", "status", "integrationStatus")
    }
