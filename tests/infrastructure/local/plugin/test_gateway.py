"""HTTP APIs, whose parts have no names that the API keeps unique."""

from typing import Any

import pytest

from tests.infrastructure.local.plugin.conftest import Cloud, Run
from tests.infrastructure.local.plugin.driver import Engine
from tests.infrastructure.local.plugin.examples import INVOKED, an_api, an_api_id

API = "aws:apigatewayv2/api:Api"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"


def an_integration(api: str, function: str = "one") -> dict[str, Any]:
    return {"apiId": api, "integrationType": "AWS_PROXY", "integrationUri": INVOKED.format(function)}


def test_an_api_tells_where_it_is(engine: Engine, unique: str, aws_url: str) -> None:
    api = engine.create(API, an_api(engine, unique))
    assert api.id == f"id-{unique}"
    assert api["arn"] == f"arn:aws:apigateway:us-east-1::/apis/{api.id}"
    assert api["executionArn"] == f"arn:aws:execute-api:us-east-1:000000000000:{api.id}"
    stage = engine.create(STAGE, {"apiId": api.id, "name": "$default", "autoDeploy": True})
    assert stage["invokeUrl"] == f"{api['apiEndpoint']}/"
    assert stage["executionArn"] == f"{api['executionArn']}/$default"
    named = engine.create(STAGE, {"apiId": api.id, "name": "v1"})
    assert named["invokeUrl"] == f"{api['apiEndpoint']}/v1"


def test_cors_can_be_taken_away(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = an_api(engine, unique)
    api = engine.create(API, inputs)
    without = {name: value for name, value in inputs.items() if name != "corsConfiguration"}
    assert engine.compare(api, without).paths == {"corsConfiguration": "delete"}
    assert "corsConfiguration" not in engine.update(api, without).properties
    assert "CorsConfiguration" not in aws("apigatewayv2").get_api(ApiId=api.id)


def test_access_logs_can_be_turned_off(engine: Engine, aws: Cloud, unique: str) -> None:
    api = an_api_id(engine, unique)
    inputs = {"apiId": api, "name": "$default", "autoDeploy": True}
    logs = {"destinationArn": "arn:aws:logs:us-east-1:0:log-group:a", "format": "{}"}
    stage = engine.create(STAGE, inputs | {"accessLogSettings": logs})
    updated = engine.update(stage, inputs)
    assert "accessLogSettings" not in updated.properties
    assert "AccessLogSettings" not in aws("apigatewayv2").get_stage(ApiId=api, StageName="$default")


def test_a_route_that_needs_no_token_any_more_loses_its_authorizer(
    engine: Engine, aws: Cloud, unique: str
) -> None:
    api = an_api_id(engine, unique)
    inputs = {"apiId": api, "routeKey": "GET /"}
    route = engine.create(ROUTE, inputs | {"authorizationType": "CUSTOM", "authorizerId": "a"})
    updated = engine.update(route, inputs)
    assert updated["authorizationType"] == "NONE"
    live = aws("apigatewayv2").get_route(ApiId=api, RouteId=route.id)
    assert (live["AuthorizationType"], live.get("AuthorizerId")) == ("NONE", None)


def test_two_integrations_of_one_program_stay_two(engine: Engine, unique: str) -> None:
    api = an_api_id(engine, unique)
    first = engine.create(INTEGRATION, an_integration(api))
    second = engine.create(INTEGRATION, an_integration(api))
    assert first.id != second.id


@pytest.mark.parametrize(("used", "adopted"), [(False, True), (True, False)])
def test_an_integration_is_left_behind_only_when_no_route_uses_it(
    new_run: Run, unique: str, used: bool, adopted: bool
) -> None:
    first = new_run()
    api = an_api_id(first, unique)
    left = first.create(INTEGRATION, an_integration(api))
    if used:
        first.create(ROUTE, {"apiId": api, "routeKey": "GET /", "target": f"integrations/{left.id}"})
    again = new_run().create(INTEGRATION, an_integration(api))
    assert (again.id == left.id) is adopted


def test_an_api_with_other_tags_is_anothers(new_run: Run, unique: str) -> None:
    theirs = new_run().create(API, {"name": unique, "protocolType": "HTTP", "tags": {"owner": "them"}})
    ours = new_run().create(API, {"name": unique, "protocolType": "HTTP", "tags": {"owner": "us"}})
    assert ours.id != theirs.id


def test_the_account_is_asked_for_once_unless_it_is_not_to_be(
    addresses: dict[str, str], aws_url: str, unique: str
) -> None:
    engine = Engine(addresses["aws"])
    engine.configure_aws(aws_url, accessKey="123456789012", skipRequestingAccountId=True)
    api = engine.create(API, {"name": unique, "protocolType": "HTTP"})
    assert api["executionArn"] == f"arn:aws:execute-api:us-east-1:123456789012:{api.id}"
    engine.close()
