"""What a function may do, on the deployed stack: what its row says, and nothing else."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from tests.support.checkout import Checkout

HEALTH = "handlers/health.py"
ROW = '"handlers.players:create",\n        scope=_WRITE,\n        table=("BatchGetItem", "PutItem"),'

Statements = list[dict[str, Any]]


@pytest.fixture
def root(deployed: Checkout) -> Callable[[str], Any]:
    """Makes a client of a service with the credentials that a deploy has."""
    return deployed.client


@contextmanager
def changed_role(iam: Any, role: str, change: Callable[[Statements], Statements]) -> Iterator[None]:
    """Changes the policy of a function's role by hand while the block runs."""
    policy = iam.get_role_policy(RoleName=role, PolicyName="function")["PolicyDocument"]
    put = {"RoleName": role, "PolicyName": "function"}
    changed = policy | {"Statement": change(json.loads(json.dumps(policy["Statement"])))}
    iam.put_role_policy(**put, PolicyDocument=json.dumps(changed))
    try:
        yield
    finally:
        iam.put_role_policy(**put, PolicyDocument=json.dumps(policy))


def without(action: str) -> Callable[[Statements], Statements]:
    """Takes an action away."""

    def change(statements: Statements) -> Statements:
        for statement in statements:
            statement["Action"] = [one for one in statement["Action"] if one != action]
        return [statement for statement in statements if statement["Action"]]

    return change


def also(action: str) -> Callable[[Statements], Statements]:
    """Gives an action, on everything."""
    return lambda statements: [*statements, {"Effect": "Allow", "Action": [action], "Resource": "*"}]


def smoke(functions: Any, name: str) -> str:
    """What the live version of a function answers to the smoke event."""
    answer = functions.invoke(FunctionName=name, Qualifier="live", Payload=b'{"smoke": true}')
    text: str = answer["Payload"].read().decode()
    return text


def role_of(functions: Any, name: str) -> str:
    """The name of the role of a function's live version."""
    role: str = functions.get_function_configuration(FunctionName=name, Qualifier="live")["Role"]
    return role.rsplit("/", 1)[1]


def make_player(user: httpx.Client) -> httpx.Response:
    """Calls the route whose function writes a player."""
    username = f"P{uuid.uuid4().hex[:12]}"
    return user.post("/players", json={"username": username, "email": f"{username}@example.com"})


def test_a_role_that_lost_an_action_shows_in_the_answer_in_the_log_and_in_the_smoke_event(
    deployed: Checkout, root: Callable[[str], Any], user: httpx.Client, outputs: dict[str, Any]
) -> None:
    name = outputs["function_names"]["players-create"]
    with changed_role(root("iam"), role_of(root("lambda"), name), without("dynamodb:PutItem")):
        answer = make_player(user)
        failure = smoke(root("lambda"), name)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "refuses dynamodb:PutItem" in failure
    log = deployed.done("logs", FN="players-create")
    assert "AccessDeniedException" in log
    assert "not authorized to perform: dynamodb:PutItem" in log
    assert make_player(user).status_code == 201


GAINS = {
    "authorizer": ("dynamodb:GetItem", "allows dynamodb:GetItem"),
    "root": ("dynamodb:Scan", "allows dynamodb:Scan"),
    "players-get": ("dynamodb:*", "allows dynamodb:DeleteItem"),
    "jwks": ("secretsmanager:GetSecretValue", "allows reading the secret signing-keys"),
}


def test_a_role_that_gained_something_fails_the_smoke_event(
    root: Callable[[str], Any], outputs: dict[str, Any]
) -> None:
    names = [outputs["function_names"][function] for function in GAINS]
    with ExitStack() as changes, ThreadPoolExecutor() as pool:
        for name, (action, _) in zip(names, GAINS.values(), strict=True):
            role = role_of(root("lambda"), name)
            changes.enter_context(changed_role(root("iam"), role, also(action)))
        answers = pool.map(partial(smoke, root("lambda")), names)
        for answer, (_, named) in zip(answers, GAINS.values(), strict=True):
            assert named in answer
    assert {json.loads(smoke(root("lambda"), name))["status"] for name in names} == {"ok"}


def test_the_label_of_the_release_is_wherever_the_release_is_named(
    deployed: Checkout, root: Callable[[str], Any], api: httpx.Client, outputs: dict[str, Any]
) -> None:
    current = deployed.json("outputs")
    label = current["release"]["label"]
    assert label.startswith(f"{current['release']['version']}")
    assert api.get("/").json()["data"]["release"] == label
    for name in current["function_names"].values():
        live = root("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
        assert live["Description"].endswith(f" · {current['image_tag']} · {label}")
    lines = [
        event["message"] for event in map(json.loads, deployed.done("logs", FN="root", JSON="1").splitlines())
    ]
    [*_, last] = [line for line in lines if isinstance(line, dict) and line.get("message") == "answered"]
    assert (last["release"], last["image_tag"]) == (label, current["image_tag"])


def test_a_function_gets_the_capacity_that_the_stack_says(
    deployed: Checkout, root: Callable[[str], Any], api: httpx.Client, outputs: dict[str, Any]
) -> None:
    file = deployed.folder / "infrastructure" / "Pulumi.local.yaml"
    before, functions = file.read_text(), root("lambda")
    name = {"FunctionName": outputs["function_names"]["jwks"]}
    others = "psn-emulator:functions: {"
    own = f"{others}jwks: {{memory_mib: 300, reserved_concurrency: 5, provisioned_concurrency: 2}}, "
    assert others in before
    try:
        file.write_text(before.replace(others, own))
        deployed.done("deploy-infra")
        assert functions.get_function_configuration(**name, Qualifier="live")["MemorySize"] == 300
        reserved = functions.get_function_concurrency(**name)
        assert reserved["ReservedConcurrentExecutions"] == 5
        kept = functions.get_provisioned_concurrency_config(**name, Qualifier="live")
        assert kept["RequestedProvisionedConcurrentExecutions"] == 2
        assert api.get("/.well-known/jwks.json").status_code == 200
        file.write_text(before.replace(others, own.replace("5", "1")))
        refused = deployed.make("deploy-infra")
        assert refused.returncode != 0
        assert "psn-emulator:functions.jwks.provisioned_concurrency is 2, over reserved_concurrency (1)" in (
            refused.stderr
        )
    finally:
        file.write_text(before)
    deployed.done("deploy-infra")
    assert functions.get_function_configuration(**name, Qualifier="live")["MemorySize"] == 256
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(**name)
    with pytest.raises(functions.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        functions.get_provisioned_concurrency_config(**name, Qualifier="live")


@pytest.fixture
def tree(deployed: Checkout) -> Iterator[Checkout]:
    """The deployed checkout, whose files are as they were and deployed again at the end."""
    kept = {path: (deployed.folder / path).read_text() for path in ("routes.py", HEALTH)}
    yield deployed
    for path, text in kept.items():
        (deployed.folder / path).write_text(text)
    deployed.done("deploy")
    assert deployed.json("preview")["changes"] == []


def test_a_release_keeps_its_permissions_whatever_becomes_of_its_row(
    tree: Checkout, root: Callable[[str], Any], user: httpx.Client
) -> None:
    healthy = (tree.folder / HEALTH).read_text()
    tag = tree.json("outputs")["image_tag"]

    tree.replace("routes.py", ROW, ROW.replace('"PutItem"', ""))
    (tree.folder / HEALTH).write_text(f'{healthy}\nraise RuntimeError("broken")\n')
    assert "what ran before goes on serving" in tree.make("deploy").stderr
    assert make_player(user).status_code == 201

    (tree.folder / HEALTH).write_text(healthy)
    tree.replace("routes.py", ROW.replace('"PutItem"', ""), ROW.replace('"PutItem"', '"DeleteItem"'))
    tree.done("update-image")
    assert make_player(user).status_code == 500
    assert "not authorized to perform: dynamodb:PutItem" in tree.done("logs", FN="players-create")

    tree.done("rollback")
    assert make_player(user).status_code == 201

    tree.done("deploy-infra")
    assert tree.json("outputs")["image_tag"] == tag
    assert make_player(user).status_code == 201
    roles = {item["RoleName"] for item in root("iam").list_roles()["Roles"]}
    assert sum(name.startswith("psn-emulator-local-roles-players-create-") for name in roles) == 2
