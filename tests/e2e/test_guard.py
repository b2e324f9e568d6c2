"""The local AWS of a deployed stack, as a web page, a container of a stranger and a person with ``curl`` find it."""

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from docker import DockerClient
from docker.errors import ContainerError
from docker.models.containers import Container
from playwright.sync_api import Browser, Page, Response, sync_playwright

from infrastructure.local import aws_instance
from infrastructure.tools import docker, paths
from tests.browser import chromium
from tests.support.checkout import Checkout

QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20260101/us-east-1/{}/aws4_request"
CONTROL = (
    *("/_ministack/reset", "/_ministack/config", "/_ministack/health", "/_localstack/health", "/health"),
    *("/", "/v2/", "/v2/_catalog", "/v2/apis", "/2015-03-31/functions", "/bucket/key", "/latest/meta-data/"),
    *("/_psn-emulator/snapshot", "/_psn-emulator/instance", "/restapis/x/y/_user_request_/z", "/Execute"),
)
EVIL = "evil.example"
TARGETS = {
    "dynamodb": "DynamoDB_20120810.ListTables",
    "secretsmanager": "secretsmanager.ListSecrets",
    "logs": "Logs_20140328.DescribeLogGroups",
    "ecr": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
    "ssm": "AmazonSSM.DescribeParameters",
    "ecs": "AmazonEC2ContainerServiceV20141113.ListClusters",
}
FETCH = """async ([method, url, mode, headers]) => {
    try {
        const answer = await fetch(url, {method, mode, headers, body: method === "POST" ? "{}" : undefined});
        return answer.type === "opaque" ? "opaque" : String(answer.status);
    } catch (error) { return "failed"; }
}"""
"""Asks as a page can, and returns the status that the page is shown."""

type Asked = tuple[str, str, str, dict[str, str]]
"""A request of a page: its method, its URL, fetch's mode, its headers."""

STRANGER = """
import json, os, sys, urllib.error, urllib.request
answers = {}
for method, url, headers in json.loads(sys.argv[1]):
    request = urllib.request.Request(url, method=method, headers=headers, data=b"{}" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answers[method + " " + url] = [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        answers[method + " " + url] = [error.code, error.read().decode()]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def base(url: str) -> str:
    """The local AWS's own address."""
    return f"http://{urlsplit(url).netloc}"


@pytest.fixture(scope="module")
def port(base: str) -> int:
    """Its port."""
    number = urlsplit(base).port
    assert number
    return number


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for which ``evil.example`` is this machine, as after DNS rebinding."""
    with sync_playwright() as playwright:
        executable = chromium.ensure(Path(playwright.chromium.executable_path))
        rebound = f"--host-resolver-rules=MAP {EVIL} 127.0.0.1"
        with playwright.chromium.launch(executable_path=executable, args=[rebound]) as running:
            yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The origin of a web site on another port of this machine."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>a page</title>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def statuses(page: Page, requests: list[Asked]) -> tuple[list[str], list[int]]:
    """What the page is shown of its requests, and what they were answered in truth."""
    truth: list[int] = []

    def keep(response: Response) -> None:
        truth.append(response.status)

    page.on("response", keep)
    shown = [page.evaluate(FETCH, list(request)) for request in requests]
    page.remove_listener("response", keep)
    return shown, truth


def attacks(base: str) -> list[Asked]:
    """Every control route and every service: as a page may ask without being asked back, and with invented
    credentials."""
    simple: list[Asked] = [
        (method, f"{base}{path}", "no-cors", {}) for path in CONTROL for method in ("GET", "POST")
    ]
    queries: list[Asked] = [
        (method, f"{base}{path}?{QUERY.format(service)}", mode, {})
        for service, path in (*((name, "/") for name in TARGETS), ("lambda", "/2015-03-31/functions"))
        for method, mode in (("GET", "no-cors"), ("POST", "cors"))
    ]
    targeted: list[Asked] = [
        ("POST", f"{base}/?{QUERY.format(service)}", "cors", {"X-Amz-Target": target})
        for service, target in TARGETS.items()
    ]
    return simple + queries + targeted


def test_a_page_of_another_origin_is_refused_everywhere(browser: Browser, elsewhere: str, base: str) -> None:
    page = browser.new_page()
    page.goto(elsewhere)
    shown, truth = statuses(page, attacks(base))
    assert set(shown) <= {"opaque", "failed"}
    assert len(truth) == sum(mode == "no-cors" for _, _, mode, _ in attacks(base))  # the others fail before
    assert set(truth) <= {401, 403}
    page.close()


def test_a_page_after_dns_rebinding_is_refused_everywhere(browser: Browser, url: str, port: int) -> None:
    page = browser.new_page()
    own = f"http://{EVIL}:{port}"
    # A page of that origin, of whatever content: what a script in it may do depends on where it is from.
    opened = page.goto(f"{own}/")
    assert opened
    assert opened.status == 403
    requests: list[Asked] = [
        (method, target, "same-origin", headers) for method, target, _, headers in attacks(own)
    ]
    requests.append(("GET", f"{own}{urlsplit(url).path}/healthz", "same-origin", {}))
    shown, truth = statuses(page, requests)
    assert set(shown) <= {"401", "403"}
    assert len(truth) == len(requests)
    page.close()


def test_a_page_of_another_origin_may_use_the_api_as_its_cors_settings_say(
    browser: Browser, elsewhere: str, url: str
) -> None:
    page = browser.new_page()
    page.goto(elsewhere)
    asked: list[Asked] = [
        ("GET", f"{url}/healthz", "cors", {}),
        ("POST", f"{url}/auth/token", "cors", {"Content-Type": "application/json"}),
    ]
    shown, _ = statuses(page, asked)
    assert shown == ["200", "400"]
    page.close()


def test_a_person_with_invented_credentials_is_refused(base: str) -> None:
    with httpx.Client(base_url=base) as client:
        for _, target, _, headers in attacks(base):
            if not target.endswith("/_psn-emulator/instance"):
                assert client.get(target, headers=headers).status_code in {401, 403}
                assert client.post(target, headers=headers).status_code in {401, 403}
        invented = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=0",
            "X-Amz-Date": "20260101T000000Z",
        }
        assert client.get("/2015-03-31/functions", headers=invented).status_code == 403
        assert client.get("/v2/_catalog", auth=("test", "test")).status_code == 401


def test_services_that_no_stack_uses_do_not_answer_even_the_checkout(deployed: Checkout) -> None:
    from botocore.exceptions import ClientError

    for service, operation in (
        ("ssm", "describe_parameters"),
        ("ecs", "list_clusters"),
        ("sqs", "list_queues"),
    ):
        with pytest.raises(ClientError, match="is off"):
            getattr(deployed.client(service), operation)()


@pytest.fixture(scope="module")
def engine() -> DockerClient:
    """The Docker engine."""
    return docker.endpoint().client()


def stranger(
    engine: DockerClient, image: str, requests: list[tuple[str, str, dict[str, str]]]
) -> dict[str, Any]:
    """The answers that a container on the bridge gets, which has no credential."""
    output = engine.containers.run(
        image,
        ["-c", STRANGER, json.dumps(requests)],
        entrypoint=["/var/lang/bin/python3.13"],
        extra_hosts={paths.MACHINE: "host-gateway"},
        remove=True,
    )
    answers: dict[str, Any] = json.loads(output)
    return answers


def test_a_container_without_a_credential_is_refused_everywhere_but_by_the_api(
    engine: DockerClient, outputs: dict[str, Any], deployed: Checkout, url: str, port: int
) -> None:
    base, name = f"http://{paths.MACHINE}:{port}", f"stranger {uuid.uuid4()}"
    asked = [(method, target, headers) for method, target, _, headers in attacks(base)]
    asked.append(("GET", f"{base}{urlsplit(url).path}/healthz", {"User-Agent": name}))
    answers = stranger(engine, outputs["image_uri"], asked)
    open_to_it = {line: answer for line, answer in answers.items() if answer[0] not in {401, 403}}
    instance, health = (f"GET {base}/_psn-emulator/instance", f"GET {asked[-1][1]}")
    assert open_to_it.keys() == {instance, health}
    assert deployed.environment["LOCAL_HOME"] not in open_to_it[instance][1]
    [line] = [line for line in access_log(deployed) if line["userAgent"] == name]
    assert line["ip"] not in {"127.0.0.1", "-", ""}


def access_log(deployed: Checkout) -> list[dict[str, str]]:
    """The lines of the stage's access log."""
    group = f"/aws/vendedlogs/psn-emulator-{deployed.environment['STACK']}/access"
    events = deployed.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [json.loads(event["message"]) for page in events for event in page["events"]]


def test_the_gateway_writes_who_asked_what_and_what_came_of_it(
    deployed: Checkout, user: httpx.Client, url: str
) -> None:
    mark = {"User-Agent": f'test "access log" {uuid.uuid4()}'}
    answered = user.get("/players?limit=1", headers=mark)
    httpx.get(f"{url}/players", headers=mark | {"Authorization": "Bearer nonsense"}, timeout=30)
    httpx.get(f"{url}/players", headers=mark, timeout=30)
    httpx.get(f"{url}/there/is/none", headers=mark, timeout=30)
    lines = [line for line in access_log(deployed) if line["userAgent"] == mark["User-Agent"]]
    seen = [(line["method"], line["path"], line["routeKey"], line["status"], line["ip"]) for line in lines]
    assert seen[0] == ("GET", "/players", "GET /players", "200", "127.0.0.1")
    assert [row[3] for row in seen] == ["200", "403", "401", "404"]
    first = lines[0]
    assert first["requestId"] == answered.headers["apigw-requestid"]
    assert int(first["responseBytes"]) == len(answered.content)
    assert int(first["latencyMs"]) >= int(first["integrationLatencyMs"]) >= 0
    assert (first["error"], first["integrationError"]) == ("-", "-")
    assert [line["error"] for line in lines[1:3]] == ["Forbidden", "Unauthorized"]


@pytest.fixture
def function(engine: DockerClient, deployed: Checkout, api: httpx.Client, port: int) -> Container:
    """A function's container."""
    assert api.get("/healthz").status_code == 200
    identity = (Path(deployed.environment["LOCAL_HOME"]) / "aws" / "identity").read_text().strip()
    label = f"ministack.instance={aws_instance.hostname(identity)}:{port}"
    return engine.containers.list(filters={"label": label})[0]


def test_a_function_is_invoked_by_the_local_aws_alone(
    function: Container,
    engine: DockerClient,
    outputs: dict[str, Any],
    browser: Browser,
    elsewhere: str,
) -> None:
    """Whoever reaches its container could invoke it with the claims of any user."""
    [network] = function.attrs["NetworkSettings"]["Networks"]
    address = function.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
    assert not function.attrs["HostConfig"]["PortBindings"]
    invoke = f"http://{address}:{{}}/2015-03-31/functions/function/invocations"
    assert httpx.post(invoke.format(6000), json={}, timeout=30).status_code == 200  # the address is right
    probe = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    for joined in (network, "bridge"):
        command = ["-c", probe, address, "6000"]
        python = ["/var/lang/bin/python3.13"]
        with pytest.raises(ContainerError, match=r"timed out|No route|unreachable"):
            engine.containers.run(
                outputs["image_uri"], command, entrypoint=python, network=joined, remove=True
            )
    page = browser.new_page()
    page.goto(elsewhere)
    shown, truth = statuses(page, [("POST", invoke.format(port), "no-cors", {}) for port in (6000, 8080)])
    assert (shown, truth) == (["failed", "failed"], [])
    page.close()


def test_a_functions_container_is_restricted_as_a_function_is(function: Container) -> None:
    settings = function.attrs["HostConfig"]
    assert settings["CapDrop"] == ["ALL"]
    assert settings["SecurityOpt"] == ["no-new-privileges"]
    assert settings["ReadonlyRootfs"]
    assert settings["PidsLimit"] == 1024
    variables = dict(word.split("=", 1) for word in function.attrs["Config"]["Env"])
    memory = int(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) << 20
    assert settings["Memory"] == settings["MemorySwap"] == memory
    for user in ("", "0"):
        for file in ("/x", "/var/task/x", "/usr/bin/sh"):
            assert function.exec_run(["touch", file], user=user).exit_code == 1
        status = str(function.exec_run(["cat", "/proc/self/status"], user=user).output)
        assert r"NoNewPrivs:\t1\n" in status
        assert r"CapEff:\t0000000000000000\n" in status
    assert function.exec_run(["touch", "/tmp/x"]).exit_code == 0  # noqa: S108


def test_all_that_a_deploy_leaves_is_its_owners_alone(deployed: Checkout) -> None:
    home = Path(deployed.environment["LOCAL_HOME"])
    deployed.done("outputs")
    left = [path for path in (home, *home.rglob("*")) if not path.is_symlink()]
    assert len(left) > 20
    assert [path for path in left if path.stat().st_mode & 0o077] == []
    secret = deployed.credential().secret_key
    holding = [path for path in left if path.is_file() and secret.encode() in path.read_bytes()]
    assert [path.relative_to(home).as_posix() for path in holding] == ["aws/credentials"]
