"""Whom the local AWS answers: this checkout and its functions, and for the API its callers; no page and no stranger."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from infrastructure.tools import paths
from infrastructure.tools.credentials import Credential
from tests.infrastructure.local.server import HOST, KEY, SECRET, SERVICES, Server, basic, loaded, signed

API = "/_aws/execute-api/psn-local/$default/healthz"
REGISTRY = "/v2/psn-emulator-local/manifests/1"
PASSWORD = Credential(KEY, SECRET).registry_password
CONTROL = (
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/health"),
    ("GET", "/_ministack/lambda-code/psn-root"),
    ("GET", "/_localstack/health"),
    ("GET", "/health"),
    ("GET", "/oauth2/authorize"),
    ("GET", "/bucket/key"),
    ("GET", "/v20180820/mrap/instances"),
    ("POST", "/Execute"),
    ("POST", "/iceberg/v1/config"),
    ("POST", "/restapis/psn-local/$default/_user_request_/x"),
    ("POST", "/2015-03-31/functions/psn-root/invocations"),
    ("GET", "/v2/apis"),
    ("GET", "/v2/_catalog"),
    ("POST", "/_psn-emulator/snapshot"),
    ("POST", "/"),
    ("OPTIONS", "/"),
    ("POST", "/_aws/execute-api/psn-local"),
    ("POST", "/_aws/execute-api//"),
    ("POST", "/_aws/execute-api/psn-local/$default/@connections/abc"),
    ("GET", "/_aws/sqs/messages"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with loaded(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def server(running: Server) -> Server:
    """The application, of which ministack has been asked nothing yet."""
    running.reached.clear()
    return running


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_every_route_but_an_apis_own_is_closed_to_whoever_has_no_credential(
    server: Server, method: str, path: str
) -> None:
    answer = server.ask(method, path)
    assert answer.status == (401 if path.startswith("/v2/_") else 403)
    assert answer.body["message"]
    assert "access-control-allow-origin" not in answer.headers
    assert server.reached == []


@pytest.mark.parametrize("path", ["/", "/2015-03-31/functions", "/_ministack/reset", REGISTRY])
@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20260101/us-east-1/lambda/aws4_request",
        "x-amz-credential=000000000000/20260101/us-east-1/lambda/aws4_request&X-Amz-Signature=0",
        "AWSAccessKeyId=test&Signature=0",
    ],
)
def test_invented_credentials_in_the_query_open_nothing(server: Server, path: str, query: str) -> None:
    assert server.ask("GET", f"{path}?{query}").status == 403
    assert server.ask("POST", f"{path}?{query}", signed(path=f"{path}?{query}")).status == 403
    assert server.reached == []


@pytest.mark.parametrize(
    ("key", "secret"),
    [("test", "test"), ("000000000000", "test"), ("test", SECRET), (KEY, "test"), (KEY, ""), ("", "")],
)
def test_invented_keys_open_nothing(server: Server, key: str, secret: str) -> None:
    answer = server.ask("POST", "/", signed(key=key, secret=secret), b"{}")
    assert (answer.status, server.reached) == (403, [])


@pytest.mark.parametrize("service", ["iam", "sts", "dynamodb", "lambda", "apigateway", "secretsmanager"])
def test_awss_own_sdk_reads_why_it_is_refused(server: Server, service: str) -> None:
    from botocore import parsers, session

    model = session.get_session().get_service_model({"apigateway": "apigatewayv2"}.get(service, service))
    answer = server.raw("POST", "/", signed(service=service, secret="another"), b"{}")
    operation = model.operation_model(model.operation_names[0])
    parsed = parsers.create_parser(model.protocol).parse(answer, operation.output_shape)  # type: ignore[arg-type]
    assert parsed["Error"]["Code"]
    assert parsed["Error"]["Message"]


def test_what_is_signed_with_the_checkouts_credential_is_let_in(server: Server) -> None:
    assert server.ask("POST", "/", signed(), b"{}").status == 204
    assert len(server.reached) == 1


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("lambda", "POST", "/2015-03-31/functions/psn-root/invocations?Qualifier=live"),
        ("lambda", "GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Ax"),
        ("apigateway", "GET", "/v2/apis/psn-local/routes?maxResults=50&nextToken=a%2Fb"),
        ("apigateway", "GET", "/v2/tags/arn%3Aaws%3Aapigateway"),
        ("execute-api", "POST", "/_aws/execute-api/psn-local/$default/@connections/a%3D"),
        ("sts", "POST", "/"),
    ],
)
def test_each_service_that_is_on_is_let_in_at_its_own_paths(
    server: Server, service: str, method: str, path: str
) -> None:
    assert server.ask(method, path, signed(method, path, service=service), b"{}").status == 204


@pytest.mark.parametrize(
    "service", ["s3", "ssm", "cloudformation", "codebuild", "ecs", "sns", "rds-data", ""]
)
def test_a_service_that_nobody_uses_does_not_answer(server: Server, service: str) -> None:
    answer = server.ask("POST", "/", signed(service=service), b"{}")
    assert (answer.status, server.reached) == (403, [])


@pytest.mark.parametrize("service", SERVICES.split(","))
@pytest.mark.parametrize("path", ["/_ministack/reset", "/bucket/key", "/v20180820/x", "/Execute", REGISTRY])
def test_no_signature_opens_a_path_that_is_none_of_its_services(
    server: Server, service: str, path: str
) -> None:
    assert server.raw("POST", path, signed("POST", path, service=service), b"{}")["status_code"] == 403
    assert server.reached == []


def test_a_gateways_path_is_no_way_into_the_registry(server: Server) -> None:
    path = "/v2/apis/blobs/uploads/"
    assert server.ask("POST", path, signed("POST", path, service="apigateway"), b"{}").status == 403


def test_a_changed_request_does_not_match_its_signature(server: Server) -> None:
    headers = signed(headers={"X-Amz-Target": "DynamoDB_20120810.GetItem"})
    assert server.ask("POST", "/", headers, b"{}").status == 204
    assert server.ask("POST", "/", headers, b'{"other": 1}').status == 403
    assert server.ask("PUT", "/", headers, b"{}").status == 403
    assert server.ask("POST", "/?a=b", headers, b"{}").status == 403
    other = headers | {"X-Amz-Target": "DynamoDB_20120810.DeleteTable"}
    assert server.ask("POST", "/", other, b"{}").body["__type"] == "SignatureDoesNotMatch"


def test_a_body_is_held_to_the_digest_that_was_signed(server: Server) -> None:
    headers = signed(headers={"X-Amz-Content-SHA256": sha256(b"{}").hexdigest()})
    assert server.ask("POST", "/", headers, b"{}").status == 204
    assert server.ask("POST", "/", headers, b"[]").body["__type"] == "XAmzContentSHA256Mismatch"
    unsigned = signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert server.ask("POST", "/", unsigned, b"{}").status == 403


@pytest.mark.parametrize(
    "name", ["X-Amz-Content-SHA256", "X-Amz-Security-Token", "X-Amz-Date", "Authorization"]
)
def test_a_header_that_is_no_ascii_is_refused(server: Server, name: str) -> None:
    assert server.ask("POST", "/", signed() | {name: "é"}, b"{}").status == 403


@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_signature_is_refused(server: Server, minutes: int) -> None:
    answer = server.ask("POST", "/", signed(ago=timedelta(minutes=minutes)), b"{}")
    assert answer.body["__type"] == "RequestTimeTooSkewed"
    assert server.ask("POST", "/", signed(ago=timedelta(minutes=minutes * 0.9)), b"{}").status == 204


@pytest.mark.parametrize("lost", ["host", "x-amz-date"])
def test_a_signature_that_leaves_out_what_it_has_to_cover_is_refused(server: Server, lost: str) -> None:
    headers = signed()
    headers["Authorization"] = headers["Authorization"].replace(f"{lost};", "").replace(f";{lost}", "")
    assert server.ask("POST", "/", headers, b"{}").body["__type"] == "IncompleteSignature"


@pytest.mark.parametrize(
    "header", ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b", "AWS4-HMAC-SHA256 =", "Bearer x", "é"]
)
def test_a_header_that_is_no_signature_is_refused(server: Server, header: str) -> None:
    assert server.ask("POST", "/", {"Authorization": header}, b"{}").status == 403


def session(server: Server, **changes: object) -> None:
    """Has ministack know a role's session ``ASIAROLE``."""
    known = {"SecretAccessKey": "role-secret", "SessionToken": "role-token"} | changes
    server.part("internals").sessions._sessions["ASIAROLE"] = known


@pytest.fixture
def as_role(server: Server) -> Iterator[dict[str, Any]]:
    """How a function signs, whose role has a session."""
    session(server)
    yield {"key": "ASIAROLE", "secret": "role-secret", "token": "role-token"}
    server.part("internals").sessions._sessions.clear()


def test_a_function_is_let_in_with_the_credentials_of_its_role(
    server: Server, as_role: dict[str, Any]
) -> None:
    assert server.ask("POST", "/", signed(**as_role), b"{}").status == 204


@pytest.mark.parametrize("wrong", ["key", "secret", "token"])
def test_a_function_needs_all_of_its_credentials(server: Server, as_role: dict[str, Any], wrong: str) -> None:
    assert server.ask("POST", "/", signed(**as_role | {wrong: "another"}), b"{}").status == 403


def test_a_roles_credentials_expire(server: Server, as_role: dict[str, Any]) -> None:
    session(server, Expiration=time.time() - 1)
    answer = server.ask("POST", "/", signed(**as_role), b"{}")
    assert answer.body["__type"] == "ExpiredTokenException"


def test_a_function_has_no_say_in_the_server_itself(server: Server, as_role: dict[str, Any]) -> None:
    path = server.module.SNAPSHOT
    headers = signed("POST", path, service="psn-emulator", body=b"", **as_role)
    assert server.ask("POST", path, headers).status == 403


def test_the_credentials_of_a_function_cannot_be_computed_from_what_is_known_of_it(server: Server) -> None:
    configuration = {
        "FunctionName": "psn-root",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:psn-root:1",
        "Role": "arn:aws:iam::000000000000:role/psn-root",
    }
    functions = server.part("internals").functions
    first = functions.execution_credentials(configuration)
    assert functions.execution_credentials(configuration) == first
    known = sha256(f"{configuration['FunctionArn']}:{configuration['Role']}".encode()).hexdigest()
    guessed = {sha256(f"{kind}:{known}".encode()).hexdigest() for kind in ("secret", "token")}
    assert not guessed & set(first.values())
    signature = signed(
        key=first["AWS_ACCESS_KEY_ID"],
        secret=first["AWS_SECRET_ACCESS_KEY"],
        token=first["AWS_SESSION_TOKEN"],
    )
    assert server.ask("POST", "/", signature, b"{}").status == 204
    session_arn = server.part("internals").sessions._sessions[first["AWS_ACCESS_KEY_ID"]]["Arn"]
    assert session_arn == "arn:aws:sts::000000000000:assumed-role/psn-root/psn-root"


@pytest.mark.parametrize("missing", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
def test_a_server_without_a_credential_lets_nobody_in(tmp_path: Path, missing: str) -> None:
    with loaded(tmp_path, None, **{missing: ""}) as server:
        assert server.ask("POST", "/", signed(secret=""), b"{}").status == 403
        empty = Credential("", "").registry_password
        assert server.ask("GET", "/v2/", basic("AWS", empty)).status == 401 or missing == "AWS_ACCESS_KEY_ID"


def test_docker_is_asked_for_its_password_and_let_in_with_it(server: Server) -> None:
    refused = server.ask("GET", "/v2/")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="the local AWS"')
    for user, password in (("AWS", "other"), ("AWS", SECRET), (KEY, PASSWORD), ("test", "test")):
        assert server.ask("GET", REGISTRY, basic(user, password)).status == 401
    assert server.reached == []
    for method, path in (("GET", "/v2/"), ("HEAD", REGISTRY), ("POST", "/v2/psn/blobs/uploads/")):
        assert server.ask(method, path, basic("AWS", PASSWORD)).status == 204


def test_a_layer_of_any_size_is_pushed_as_it_comes(server: Server) -> None:
    scope = {"path": "/v2/psn/blobs/uploads/1", "method": "PUT", "type": "http", "query_string": b""}
    headers = [(b"host", HOST.encode()), (b"content-length", str(1 << 40).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in basic("AWS", PASSWORD).items()]
    [start] = server.send({**scope, "headers": headers}, [{"type": "http.request", "more_body": False}])
    assert start["status"] == 204


def test_the_registrys_password_opens_nothing_else(server: Server) -> None:
    for method, path in CONTROL:
        if not path.startswith("/v2/_"):
            assert server.ask(method, path, basic("AWS", PASSWORD)).status == 403


PAGES = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
FOREIGN = (
    "evil.example",
    "evil.example:4566",
    "localhost.evil.example",
    "10.0.0.1:4566",
    "127.0.0.1.nip.io",
    "",
)


@pytest.mark.parametrize("headers", PAGES, ids=str)
def test_a_page_of_another_origin_is_refused_even_where_it_is_signed(
    server: Server, headers: dict[str, str]
) -> None:
    for method, path in (*CONTROL, ("GET", server.module.INSTANCE)):
        answer = server.ask(method, path, headers | signed(method, path, headers=headers))
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
    assert server.ask("GET", REGISTRY, headers | basic("AWS", PASSWORD)).status == 403
    assert server.reached == []


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_was_pointed_here_is_refused(server: Server, host: str) -> None:
    for method, path in (*CONTROL, ("GET", server.module.INSTANCE), ("GET", API)):
        answer = server.ask(method, path, {"Host": host, "Sec-Fetch-Site": "same-origin"})
        assert answer.status == 403
    assert server.ask("GET", REGISTRY, {"Host": host} | basic("AWS", PASSWORD)).status == 403
    assert server.reached == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:4566",
        "127.0.0.1:4566",
        "[::1]:4566",
        "host.docker.internal:4566",
        "172.17.0.1",
    ],
)
def test_its_own_names_are_taken(server: Server, host: str) -> None:
    for path in (server.module.INSTANCE, API):
        answer = server.ask("GET", path, {"Host": host}, server=("172.17.0.1", 4566))
        assert answer.status in {200, 204}


def test_a_server_in_a_container_has_the_containers_name_too(tmp_path: Path) -> None:
    with loaded(tmp_path, AWS_ENDPOINT_URL="http://psn-emulator-aws-0123:4566") as server:
        assert server.ask("GET", API, {"Host": "psn-emulator-aws-0123:4566"}).status == 204


def test_two_hosts_or_two_signatures_are_none(server: Server) -> None:
    for name, value in (("host", b"evil.example"), ("authorization", b"AWS4-HMAC-SHA256 x")):
        pairs = [(key.lower().encode(), text.encode()) for key, text in signed().items()]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [*pairs, (name.encode(), value)]}
        start, _ = server.send(scope, [{"type": "http.request", "body": b"{}", "more_body": False}])
        assert start["status"] == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://game.example", "Sec-Fetch-Site": "cross-site"}],
    ids=["program", "page"],
)
def test_the_api_itself_is_open_to_those_its_own_settings_let_in(
    server: Server, headers: dict[str, str]
) -> None:
    assert server.ask("GET", API, headers).status == 204
    assert server.ask("OPTIONS", API, headers).status == 204
    assert dict(server.reached[0]["headers"])[b"host"] == HOST.encode()


@pytest.mark.parametrize(
    ("host", "path", "reached"),
    [
        ("psn-local.execute-api.localhost:4566", "/healthz", "/_aws/execute-api/psn-local/healthz"),
        ("psn-local.execute-api.localhost", "/", "/_aws/execute-api/psn-local/"),
        (
            "psn-local.execute-api.localhost:4566",
            "/_ministack/reset",
            "/_aws/execute-api/psn-local/_ministack/reset",
        ),
        (
            HOST,
            "/.well-known/oauth-authorization-server/_aws/execute-api/psn-local/$default",
            "/_aws/execute-api/psn-local/$default/.well-known/oauth-authorization-server",
        ),
    ],
)
def test_every_form_of_an_apis_address_leads_to_the_api_and_nowhere_else(
    server: Server, host: str, path: str, reached: str
) -> None:
    assert server.ask("POST", path, {"Host": host}).status == 204
    [scope] = server.reached
    assert (scope["path"], scope["raw_path"].decode()) == (reached, reached)
    assert dict(scope["headers"])[b"host"] == HOST.encode()


def test_a_websocket_is_let_in_to_an_api_only(server: Server) -> None:
    for path in ("/", "/_ministack/reset", "/_aws/execute-api/x"):
        assert server.ask("GET", path, type="websocket").status == 0
    assert server.ask("GET", "/", signed("GET"), type="websocket").status == 0
    page = {"Host": "evil.example"}
    assert server.ask("GET", "/_aws/execute-api/psn-local/live", page, type="websocket").status == 0
    assert server.reached == []
    asked = {
        "type": "websocket",
        "path": "/_aws/execute-api/psn-local/live",
        "headers": [(b"host", b"localhost")],
    }
    assert server.send(asked, []) == [{"type": "websocket.accept"}]


def test_what_the_server_and_the_commands_know_of_the_registry_is_the_same(server: Server) -> None:
    assert server.part("signatures").registry_token(SECRET) == Credential(KEY, SECRET).registry_token
    assert server.part("guard").MACHINE == paths.MACHINE
    assert server.part("state").FAULTS == import_module("infrastructure.local.faults").FAULTS
    assert server.part("guard").CONTROL == import_module("infrastructure.local.aws_instance").CONTROL
    assert json.dumps(SERVICES) == json.dumps(
        import_module("infrastructure.local.aws_instance")._MINISTACK["SERVICES"]
    )
