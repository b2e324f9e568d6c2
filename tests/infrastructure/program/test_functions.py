"""The functions of a stack: what they run, what they may do, what stands before they go live."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest

import routes
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from infrastructure.stack.names import INDEXES
from tests.infrastructure.conftest import Declared, WriteStack
from tests.support.recorded import record
from tests.support.stacks import (
    ALIAS,
    ALL_FUNCTIONS,
    ALL_ROUTES,
    FUNCTION,
    INVOCATION,
    KINDS,
    PROVISIONED,
    ROLE,
    ROLE_POLICY,
    statements,
    variables,
)
from utils.settings import from_environment

ISSUING = {"auth-token", "auth-refresh", "emulator"}
"""The functions that issue tokens; ``emulator`` to order, and whoever may use its routes may order any token."""


def sharing(route: routes.Route) -> list[routes.Route]:
    """The rows of the route's function, its own among them."""
    return [one for one in ALL_ROUTES if one.function_name == route.function_name]


def outlasting(stack: str, route: routes.Route, seconds: int) -> int:
    """How long the route's function may run where an answer may take ``seconds``: a fault may outlast the gateway."""
    settings = load_settings(stack)
    is_faulted = settings.faults and any(row.is_partners for row in sharing(route))
    return settings.api_timeout_seconds + 1 if is_faulted else seconds


@pytest.mark.parametrize("stack", KINDS)
def test_every_route_has_a_function_that_runs_its_row(declared: Declared, stack: str) -> None:
    recorded = declared(stack)
    assert len(recorded.of(FUNCTION)) == len(ALL_FUNCTIONS)
    for route in ALL_ROUTES:
        function = recorded.named(f"{route.function_name}-function").inputs
        assert function["name"] == f"psn-emulator-{stack}-{route.function_name}"
        assert function["imageConfig"] == {"commands": [f"main.{route.entry}"]}
        rows = sharing(route)
        assert function["memorySize"] == max(row.memory for row in rows)
        assert function["timeout"] == outlasting(stack, route, max(row.timeout for row in rows))
        assert function["packageType"] == "Image"
        assert function["publish"] is True
    assert recorded.named("authorizer-function").inputs["imageConfig"] == {"commands": ["authorizer.handler"]}


def test_all_functions_run_the_one_image_of_the_release(declared: Declared) -> None:
    recorded = declared("dev")
    uris = {function.inputs["imageUri"] for function in recorded.of(FUNCTION)}
    assert uris == {recorded.named("image").inputs["imageName"]} == {recorded.outputs["image_uri"]}
    assert uris == {f"{recorded.outputs['ecr_url']}:{recorded.outputs['image_tag']}"}


@pytest.mark.parametrize("stack", KINDS)
def test_a_functions_environment_is_what_the_application_reads(declared: Declared, stack: str) -> None:
    recorded = declared(stack)
    for name in ALL_FUNCTIONS:
        environment = variables(recorded, name)
        read = from_environment(environment | {"IMAGE_TAG": "in the image", "RELEASE": "in the image"})
        assert read.environment == load_settings(stack).environment
        assert read.issuer == recorded.outputs["api_url"]
        assert read.table_name == recorded.outputs["table_name"]
        assert read.trusted_issuer == read.issuer
        assert read.trusted_jwks_uri == read.jwks_uri
        assert set(read.secrets.values()) == {
            f"psn-emulator/{stack}/{secret}" for secret in ("public-keys", "signing-keys", "seed")
        }
        assert read.refresh_token_lifetime == timedelta(days=30)


@pytest.mark.usefixtures("few_routes")
@pytest.mark.parametrize(("stack", "machine"), [("local", "http://host.docker.internal:4577"), ("dev", "")])
def test_a_function_is_told_where_it_reaches_the_keys(
    every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, stack: str, machine: str
) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", "4577")
    recorded = record(stack)
    issuer = str(recorded.outputs["api_url"])
    expected = issuer.replace("http://localhost:4577", machine) + "/_keys"
    assert variables(recorded, "authorizer")["JWKS_URI"] == expected


@pytest.mark.usefixtures("few_routes")
def test_a_stack_may_trust_another_issuer_and_remains_one_itself(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    another = {"issuer": "https://id.example", "jwks_uri": "https://id.example/keys"}
    write_stack("dev", architecture="amd64", **another)
    recorded = record("dev")
    told = variables(recorded, "authorizer")
    assert (told["TRUSTED_ISSUER"], told["TRUSTED_JWKS_URI"]) == tuple(another.values())
    assert told["ISSUER"] == recorded.outputs["api_url"]
    assert told["JWKS_URI"] == f"{recorded.outputs['api_url']}/_keys"


@pytest.mark.parametrize("stack", KINDS)
def test_a_function_says_which_release_it_is_by_its_image_and_its_description_only(
    declared: Declared, stack: str
) -> None:
    recorded = declared(stack)
    label = recorded.outputs["release"]["label"]
    assert recorded.named("players-get-function").inputs["description"] == (
        f"GET /players/{{player_id}} · {recorded.outputs['image_tag']} · {label}"
    )
    for function in recorded.of(FUNCTION):
        assert function.inputs["description"].endswith(f" · {recorded.outputs['image_tag']} · {label}")
        rest = {
            key: value for key, value in function.inputs.items() if key not in {"imageUri", "description"}
        }
        assert recorded.outputs["image_tag"] not in json.dumps(rest)
        assert recorded.outputs["release"]["commit"] not in json.dumps(rest)


@pytest.mark.parametrize("stack", KINDS)
def test_a_function_logs_json_to_a_group_of_its_own_that_does_not_keep_for_ever(
    declared: Declared, stack: str
) -> None:
    recorded = declared(stack)
    settings = load_settings(stack)
    for name in ALL_FUNCTIONS:
        group = recorded.named(f"{name}-log").inputs
        assert group["retentionInDays"] == settings.log_retention_days
        logging = recorded.named(f"{name}-function").inputs["loggingConfig"]
        assert logging["logGroup"] == group["name"] == f"/aws/lambda/psn-emulator-{stack}-{name}"
        assert logging["logFormat"] == "JSON"
        assert logging["applicationLogLevel"] == settings.log_level


@pytest.mark.usefixtures("few_routes")
def test_lambda_is_told_of_log_levels_in_its_own_words(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    write_stack("dev", architecture="amd64", log_level="WARNING")
    recorded = record("dev")
    assert recorded.named("root-function").inputs["loggingConfig"]["applicationLogLevel"] == "WARN"
    assert variables(recorded, "root")["LOG_LEVEL"] == "WARNING"


@pytest.mark.usefixtures("few_routes")
@pytest.mark.parametrize(("architecture", "expected"), [("amd64", "x86_64"), ("arm64", "arm64")])
def test_image_and_functions_are_of_one_architecture(
    every_stack: tuple[str, ...], write_stack: WriteStack, architecture: str, expected: str
) -> None:
    write_stack("dev", architecture=architecture)
    recorded = record("dev")
    assert recorded.named("root-function").inputs["architectures"] == [expected]
    assert recorded.named("image").inputs["build"]["platform"] == f"linux/{architecture}"


def test_a_stack_may_set_memory_and_timeout_of_all_routes(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    write_stack("dev", architecture="amd64", memory_mib=2048, timeout_seconds=20)
    recorded = record("dev")
    for route in ALL_ROUTES:
        function = recorded.named(f"{route.function_name}-function").inputs
        assert (function["memorySize"], function["timeout"]) == (2048, outlasting("dev", route, 20))


@pytest.mark.usefixtures("few_routes")
def test_a_function_may_be_given_more_than_the_others(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    write_stack(
        "dev",
        architecture="amd64",
        memory_mib=1024,
        reserved_concurrency=20,
        functions={
            "players-get": {"memory_mib": 2048, "provisioned_concurrency": 3},
            "authorizer": {"timeout_seconds": 7, "reserved_concurrency": 50},
        },
    )
    recorded = record("dev")

    def given(name: str) -> tuple[int, int, int | None]:
        inputs = recorded.named(f"{name}-function").inputs
        return inputs["memorySize"], inputs["timeout"], inputs.get("reservedConcurrentExecutions")

    assert given("players-get") == (2048, 31, 20)
    assert given("healthz") == (1024, 10, 20)
    assert given("authorizer") == (512, 7, 50)
    [provisioned] = recorded.of(PROVISIONED)
    assert provisioned.inputs["functionName"] == "psn-emulator-dev-players-get"
    assert (provisioned.inputs["qualifier"], provisioned.inputs["provisionedConcurrentExecutions"]) == (
        "live",
        3,
    )
    assert recorded.named("players-get-live").urn in provisioned.after


@pytest.mark.usefixtures("few_routes")
def test_a_function_may_be_left_out_of_what_all_get(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    write_stack(
        "dev",
        architecture="amd64",
        provisioned_concurrency=1,
        functions={"jwks": {"provisioned_concurrency": 0}},
    )
    recorded = record("dev")
    kept_started = {item.name.removesuffix("-provisioned") for item in recorded.of(PROVISIONED)}
    functions = {item.name.removesuffix("-function") for item in recorded.of(FUNCTION)}
    assert kept_started == functions - {"jwks", "authorizer"}


def test_no_concurrency_is_set_aside_unless_the_stack_asks(declared: Declared) -> None:
    recorded = declared("dev")
    assert not recorded.of(PROVISIONED)
    assert not any("reservedConcurrentExecutions" in item.inputs for item in recorded.of(FUNCTION))


@pytest.mark.parametrize("change", [{"memory": 64}, {"timeout": 31}, {"timeout": 0}])
def test_a_row_that_could_not_run_is_refused_by_its_routes_name(
    every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, change: dict[str, int]
) -> None:
    row = routes.Route("odd", "GET", "/odd", "handlers.health:root", **change)  # type: ignore[arg-type]
    monkeypatch.setattr(routes, "ROUTES", (row,))
    with pytest.raises(DeployError, match=r"of row odd in routes\.py is "):
        load_settings("dev")


@pytest.mark.parametrize("stack", KINDS)
def test_every_function_has_a_role_of_its_own_that_only_lambda_may_take(
    declared: Declared, stack: str
) -> None:
    recorded = declared(stack)
    roles = {f"arn:aws:::{role.inputs['name']}": role.inputs for role in recorded.of(ROLE)}
    for role in roles.values():
        [trust] = json.loads(role["assumeRolePolicy"])["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert len(roles) == len(recorded.of(ROLE)) == len(ALL_FUNCTIONS)
    assert {item.inputs["role"] for item in recorded.of(FUNCTION)} == roles.keys()


@pytest.mark.parametrize("route", ALL_ROUTES, ids=lambda route: route.name)
def test_a_role_allows_what_the_row_names_and_no_more(declared: Declared, route: routes.Route) -> None:
    recorded = declared("dev")
    allowed = statements(recorded, route.function_name)
    table = allowed.pop("Table", {"Action": [], "Resource": "arn:aws:::psn-emulator-dev"})
    rows = sharing(route)
    assert set(table["Action"]) == {
        f"dynamodb:{action}" for row in rows for action in row.actions(emulates=True)
    }
    assert table["Resource"] == "arn:aws:::psn-emulator-dev"
    secrets = allowed.pop("Secrets", {"Action": ["secretsmanager:GetSecretValue"], "Resource": []})
    assert secrets["Action"] == ["secretsmanager:GetSecretValue"]
    assert sorted(secrets["Resource"]) == sorted(
        f"arn:aws:::psn-emulator/dev/{name}" for name in {name for row in rows for name in row.secrets}
    )
    indexes = allowed.pop("Indexes", {"Action": ["dynamodb:Query"], "Resource": []})
    assert indexes["Action"] == ["dynamodb:Query"]
    assert indexes["Resource"] == [
        f"arn:aws:::psn-emulator-dev/index/{name}"
        for name in INDEXES
        if any("Query" in row.table for row in rows)
    ]
    own_log = allowed.pop("OwnLog")
    assert own_log["Resource"] == f"arn:aws:::/aws/lambda/psn-emulator-dev-{route.function_name}:log-stream:*"
    assert not allowed


def test_the_authorizer_may_write_its_log_and_nothing_else(declared: Declared) -> None:
    assert set(statements(declared("dev"), "authorizer")) == {"OwnLog"}


@pytest.mark.parametrize("stack", KINDS)
def test_only_functions_that_issue_tokens_may_read_what_signs_them(declared: Declared, stack: str) -> None:
    recorded = declared(stack)
    readers = {
        name
        for name in ALL_FUNCTIONS
        for statement in statements(recorded, name).values()
        if any(resource.endswith("/signing-keys") for resource in _listed(statement["Resource"]))
    }
    assert readers == ISSUING
    assert len(recorded.of(ROLE_POLICY)) == len(ALL_FUNCTIONS)
    assert not recorded.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert not recorded.of("aws:secretsmanager/secretPolicy:SecretPolicy")


def _listed(resource: str | list[str]) -> list[str]:
    return [resource] if isinstance(resource, str) else resource


def test_only_a_traced_function_may_send_traces(declared: Declared) -> None:
    for stack, traced in (("dev", False), ("prod", True)):
        recorded = declared(stack)
        for name in ALL_FUNCTIONS:
            assert ("Traces" in statements(recorded, name)) is traced
            mode = recorded.named(f"{name}-function").inputs["tracingConfig"]["mode"]
            assert mode == ("Active" if traced else "PassThrough")


def test_a_function_waits_for_what_it_needs_to_run(declared: Declared) -> None:
    recorded = declared("dev")
    for name in ALL_FUNCTIONS:
        after = recorded.named(f"{name}-function").after
        needs = ("image", f"{name}-log", "table", "signing-keys", "api")
        assert {recorded.named(need).urn for need in needs} <= after
        assert {item.name.rpartition("-")[0] for item in recorded.of(ROLE_POLICY) if item.urn in after} == {
            f"{name}-policy"
        }


def test_the_new_version_of_every_function_is_asked_before_it_goes_live(declared: Declared) -> None:
    recorded = declared("dev")
    for name in ALL_FUNCTIONS:
        smoke, function = recorded.named(f"{name}-smoke"), recorded.named(f"{name}-function")
        assert json.loads(smoke.inputs["input"]) == {"smoke": True}
        assert smoke.inputs["functionName"] == function.inputs["name"]
        assert smoke.inputs["qualifier"] == "7"
        assert function.urn in smoke.after


def awaited(after: Collection[str], smokes: Mapping[str, Collection[str]]) -> set[str]:
    """Those of ``smokes``, each given with what it comes after, that something after ``after`` waits for."""
    waiting, known = [urn for urn in after if urn in smokes], set[str]()
    while waiting:
        urn = waiting.pop()
        known.add(urn)
        waiting += [one for one in smokes[urn] if one in smokes and one not in known]
    return known


def test_no_alias_moves_before_every_function_has_answered(declared: Declared) -> None:
    recorded = declared("dev")
    smokes = {smoke.urn: smoke.after for smoke in recorded.of(INVOCATION)}
    aliases = recorded.of(ALIAS)
    assert len(smokes) == len(aliases) == len(ALL_FUNCTIONS)
    for alias in aliases:
        assert alias.inputs["name"] == "live"
        assert alias.inputs["functionVersion"] == "7"
        assert awaited(alias.after, smokes) == smokes.keys()


@pytest.mark.usefixtures("few_routes")
@pytest.mark.parametrize("at_once", [1, 4, 100])
def test_no_more_new_versions_are_asked_at_once_than_the_stack_allows(
    every_stack: tuple[str, ...], write_stack: WriteStack, at_once: int
) -> None:
    write_stack("dev", architecture="amd64", smoke_at_once=at_once)
    recorded = record("dev")
    smokes = {smoke.urn: smoke.after for smoke in recorded.of(INVOCATION)}
    lanes = [urn for urn, after in smokes.items() if not after & smokes.keys()]
    followed = [urn for after in smokes.values() for urn in after & smokes.keys()]
    assert len(smokes) == len(recorded.of(FUNCTION)) > 4
    assert len(lanes) == min(at_once, len(smokes))
    assert len(followed) == len(set(followed)) == len(smokes) - len(lanes)
    for alias in recorded.of(ALIAS):
        assert len(alias.after & smokes.keys()) == len(lanes)
        assert awaited(alias.after, smokes) == smokes.keys()
