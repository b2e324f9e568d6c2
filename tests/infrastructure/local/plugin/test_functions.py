"""Versions of functions, and what happens when functions fail."""

import base64
import json
import threading
from typing import Any, override

import pytest

from infrastructure.local.plugin.aws.client import AwsClient
from infrastructure.local.plugin.aws.configuration import Configuration
from infrastructure.local.plugin.aws.function_access import InvocationLifecycle
from infrastructure.local.plugin.aws.function_lifecycle import (
    FunctionLifecycle,
    ProvisionedConcurrencyLifecycle,
)
from infrastructure.local.plugin.aws.functions import FUNCTION, INVOCATION, PROVISIONED_CONCURRENCY
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.values import Properties
from tests.infrastructure.local.plugin.conftest import Cloud, Run
from tests.infrastructure.local.plugin.driver import Engine, RefusedError, Resource
from tests.infrastructure.local.plugin.examples import a_function, a_permission, an_alias

FUNCTION_TYPE = "aws:lambda/function:Function"


class ScriptedClient(AwsClient):
    """A local AWS that answers what a test lays down, the last answer again and again."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(Configuration("us-east-1", {}, "test", "test"))
        self.answers = {
            operation: given if isinstance(given, list) else [given] for operation, given in answers.items()
        }
        self.asked: list[tuple[str, Properties]] = []

    @override
    def call(self, service: str, operation: str, parameters: Properties | None = None) -> Properties:
        self.asked.append((operation, parameters or {}))
        answers = self.answers[operation]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        assert isinstance(answer, dict)
        return answer


def versions(aws: Cloud, name: str) -> list[str]:
    return [
        each["Version"]
        for each in aws("lambda").list_versions_by_function(FunctionName=name)["Versions"]
        if each["Version"] != "$LATEST"
    ]


def test_each_change_of_code_or_configuration_is_a_version(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_function(engine, unique)
    first = engine.create(FUNCTION_TYPE, inputs)
    assert (first["version"], versions(aws, unique)) == ("1", ["1"])
    second = engine.update(first, inputs | {"imageUri": "localhost:4566/psn:2"})
    assert (second["version"], second["qualifiedArn"]) == ("2", f"{first['arn']}:2")
    assert second["qualifiedInvokeArn"].endswith(f"{first['arn']}:2/invocations")
    third = engine.update(second, inputs | {"imageUri": "localhost:4566/psn:2", "timeout": 20})
    assert (third["version"], versions(aws, unique)) == ("3", ["1", "2", "3"])
    frozen = aws("lambda").get_function_configuration(FunctionName=unique, Qualifier="2")
    assert frozen["Timeout"] == 10


def test_what_does_not_run_is_no_version(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_function(engine, unique)
    function = engine.create(FUNCTION_TYPE, inputs)
    tagged = engine.update(function, inputs | {"tags": {"b": "2"}, "reservedConcurrentExecutions": 3})
    assert (tagged["version"], versions(aws, unique)) == ("1", ["1"])
    assert aws("lambda").get_function_concurrency(FunctionName=unique)["ReservedConcurrentExecutions"] == 3
    freed = engine.update(tagged, inputs | {"reservedConcurrentExecutions": -1})
    assert freed["version"] == "1"
    assert "ReservedConcurrentExecutions" not in aws("lambda").get_function_concurrency(FunctionName=unique)


def test_a_function_without_versions_is_its_newest_self(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_function(engine, unique) | {"publish": False}
    function = engine.create(FUNCTION_TYPE, inputs)
    changed = engine.update(function, inputs | {"timeout": 20})
    assert (changed["version"], versions(aws, unique)) == ("$LATEST", [])
    published = engine.update(changed, inputs | {"timeout": 20, "publish": True})
    assert (published["version"], versions(aws, unique)) == ("1", ["1"])


def test_a_function_changed_by_hand_is_repaired(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_function(engine, unique)
    function = engine.create(FUNCTION_TYPE, inputs)
    aws("lambda").update_function_configuration(
        FunctionName=unique,
        Timeout=77,
        Description="by hand",
        Environment={"Variables": {"LEVEL": "DEBUG", "MORE": "1"}},
    )
    drifted = engine.refresh(function)
    assert drifted
    assert engine.compare(drifted, inputs).paths == {
        "description": "delete",
        "environment.variables.LEVEL": "update",
        "environment.variables.MORE": "delete",
        "timeout": "update",
    }
    repaired = engine.update(drifted, inputs)
    assert (repaired["timeout"], repaired["version"]) == (10, "2")
    live = aws("lambda").get_function_configuration(FunctionName=unique)
    assert live["Environment"] == {"Variables": {"LEVEL": "INFO"}}
    assert not live["Description"]


def test_a_function_that_was_changed_and_not_published_before_the_cut_is_published(
    new_run: Run, aws: Cloud, unique: str
) -> None:
    first = new_run()
    inputs = a_function(first, unique)
    first.create(FUNCTION_TYPE, inputs)
    aws("lambda").update_function_code(FunctionName=unique, ImageUri="localhost:4566/psn:2")
    adopted = new_run().create(FUNCTION_TYPE, inputs | {"imageUri": "localhost:4566/psn:2"})
    assert (adopted["version"], versions(aws, unique)) == ("2", ["1", "2"])
    again = new_run().create(FUNCTION_TYPE, inputs | {"imageUri": "localhost:4566/psn:2"})
    assert (again["version"], versions(aws, unique)) == ("2", ["1", "2"])


def test_an_adopted_function_without_versions_gets_none(new_run: Run, aws: Cloud, unique: str) -> None:
    first = new_run()
    inputs = a_function(first, unique) | {"publish": False}
    first.create(FUNCTION_TYPE, inputs)
    assert new_run().create(FUNCTION_TYPE, inputs)["version"] == "$LATEST"
    assert versions(aws, unique) == []


def test_an_alias_is_moved_in_place(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = an_alias(engine, unique)
    alias = engine.create("aws:lambda/alias:Alias", inputs)
    assert alias["invokeArn"].endswith(f":function:{unique}:live/invocations")
    moved = engine.update(alias, inputs | {"functionVersion": "$LATEST"})
    assert moved.id == alias.id == alias["arn"]
    assert aws("lambda").get_alias(FunctionName=unique, Name="live")["FunctionVersion"] == "$LATEST"


def test_a_permission_is_a_statement_for_the_alias_only(engine: Engine, aws: Cloud, unique: str) -> None:
    inputs = a_permission(engine, unique)
    engine.create("aws:lambda/permission:Permission", inputs)
    policy = json.loads(aws("lambda").get_policy(FunctionName=unique, Qualifier="live")["Policy"])
    [statement] = policy["Statement"]
    assert (statement["Sid"], statement["Action"]) == ("api", "lambda:InvokeFunction")
    changed = engine.compare(
        engine.create("aws:lambda/permission:Permission", inputs), inputs | {"sourceArn": "arn:aws:x"}
    )
    assert (changed.paths, changed.delete_first) == ({"sourceArn": "update_replace"}, True)


def test_permissions_of_one_name_are_told_apart_by_their_functions(
    new_run: Run, aws: Cloud, unique: str
) -> None:
    first = new_run()
    old = first.create("aws:lambda/permission:Permission", a_permission(first, f"{unique}-old"))
    second = new_run()
    second.create("aws:lambda/permission:Permission", a_permission(second, f"{unique}-new"))
    second.delete(old)
    client = aws("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=f"{unique}-old", Qualifier="live")
    assert client.get_policy(FunctionName=f"{unique}-new", Qualifier="live")


def test_a_call_answers_when_it_is_made_and_leaves_nothing() -> None:
    client = ScriptedClient(invoke={"Payload": '{"status": "ok"}', "StatusCode": 200})
    lifecycle = InvocationLifecycle(INVOCATION, client)
    inputs: Properties = {"functionName": "f", "qualifier": "3", "input": '{"smoke": true}'}
    made, properties = lifecycle.create(inputs)
    assert made.startswith("f_3_")
    assert properties["result"] == '{"status": "ok"}'
    assert client.asked == [
        (
            "invoke",
            {
                "FunctionName": "f",
                "Qualifier": "3",
                "Payload": '{"smoke": true}',
                "LogType": "Tail",
            },
        )
    ]
    lifecycle.delete(ResourceState(made, properties))
    assert len(client.asked) == 1


def test_a_call_counts_while_the_version_that_was_called_is_there(
    engine: Engine, aws: Cloud, unique: str
) -> None:
    function = engine.create(FUNCTION_TYPE, a_function(engine, unique))
    inputs = {"functionName": unique, "qualifier": "1", "input": "{}"}
    call = Resource("aws:lambda/invocation:Invocation", f"{unique}_1_x", inputs, {**inputs, "result": "{}"})
    assert engine.refresh(call) == call
    aws("lambda").delete_function(FunctionName=function["name"])
    assert engine.refresh(call) is None


def log_tail(*lines: str) -> str:
    return base64.b64encode("\n".join(lines).encode()).decode()


@pytest.mark.parametrize(
    ("payload", "log", "told"),
    [
        (
            {"errorType": "RuntimeError", "errorMessage": "the table does not answer", "stackTrace": ["x"]},
            log_tail(
                "START RequestId: 1 Version: 2",
                "21 Nov 2026 (rapid) INVOKE START(requestId: 1)",
                "looking for the table",
                "[ERROR] RuntimeError: the table does not answer",
                "END RequestId: 1",
                "REPORT RequestId: 1 Duration: 1 ms",
            ),
            "version 2 failed: RuntimeError: the table does not answer (it logged last: looking for the table)",
        ),
        (
            {"errorType": "Runtime.ImportModuleError", "errorMessage": "No module\nnamed 'main'"},
            None,
            "version 2 failed: Runtime.ImportModuleError: No module named 'main'",
        ),
        (
            {"errorMessage": "Task timed out after 3.00 seconds"},
            log_tail(),
            "version 2 failed: Task timed out",
        ),
        ("not an object", None, 'version 2 failed: "not an object"'),
    ],
)
def test_a_failing_function_is_one_line(payload: object, log: str | None, told: str) -> None:
    answer = {"Payload": json.dumps(payload), "FunctionError": "Unhandled", "LogResult": log}
    lifecycle = InvocationLifecycle(INVOCATION, ScriptedClient(invoke=answer))
    with pytest.raises(PluginError) as failed:
        lifecycle.create({"functionName": "f", "qualifier": "2", "input": "{}"})
    assert str(failed.value).startswith(told)
    assert "\n" not in str(failed.value)


def test_a_call_of_a_function_that_is_not_there_names_both(engine: Engine) -> None:
    with pytest.raises(RefusedError) as refused:
        engine.create("aws:lambda/invocation:Invocation", {"functionName": "nobody", "input": "{}"})
    assert str(refused.value).startswith(
        "creating Lambda Invocation (nobody): Invoke: ResourceNotFoundException: "
    )


def test_a_function_that_cannot_start_is_an_error_with_its_reason() -> None:
    client = ScriptedClient(
        get_function_configuration=[
            {"State": "Pending"},
            {"State": "Failed", "StateReason": "the image is for another architecture"},
        ]
    )
    with pytest.raises(PluginError, match="the function failed: the image is for another architecture"):
        FunctionLifecycle(FUNCTION, client).wait_until_ready(ResourceState("f", {"name": "f"}))


def test_provisioned_concurrency_is_waited_for() -> None:
    answers = [{"Status": "IN_PROGRESS"}, {"Status": "READY"}]
    client = ScriptedClient(get_provisioned_concurrency_config=answers)
    resource = ResourceState("f,live", {"functionName": "f", "qualifier": "live"})
    ProvisionedConcurrencyLifecycle(PROVISIONED_CONCURRENCY, client).wait_until_ready(resource)
    assert len(client.asked) == 2
    failing = ScriptedClient(
        get_provisioned_concurrency_config={"Status": "FAILED", "StatusReason": "no room"}
    )
    with pytest.raises(PluginError, match="provisioned concurrency failed: no room"):
        ProvisionedConcurrencyLifecycle(PROVISIONED_CONCURRENCY, failing).wait_until_ready(resource)


def test_a_wait_ends_with_the_run() -> None:
    cancelled = threading.Event()
    client = AwsClient(Configuration("us-east-1", {}, "test", "test"), cancelled=cancelled)
    cancelled.set()
    with pytest.raises(PluginError, match="stopped while waiting until the table is active"):
        client.wait_until(lambda: False, "the table is active")


def test_a_wait_gives_up() -> None:
    client = AwsClient(Configuration("us-east-1", {}, "test", "test"))
    with pytest.raises(PluginError, match="gave up waiting after 0 s until the table is active"):
        client.wait_until(lambda: False, "the table is active", seconds=0)
