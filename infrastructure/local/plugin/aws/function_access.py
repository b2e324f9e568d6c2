"""Invocations of Lambda functions, and the permissions to invoke them."""

import base64
import hashlib
import json
import re
from typing import Final, override

from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence

_PLATFORM: Final = re.compile(r"^(START|END|REPORT|INIT_\w+) |\(rapid\)")
"""Log lines of Lambda itself and of the runtime interface emulator."""

_LOGGED_CHARACTERS: Final = 300


class InvocationLifecycle(AwsLifecycle):
    """Invokes a function once, when the resource is created."""

    @override
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Invokes the function. Raises ``PluginError`` with the function's own error when it fails."""
        name, qualifier = str(inputs["functionName"]), str(inputs.get("qualifier", "$LATEST"))
        payload = str(inputs["input"])
        answer = self.call(
            "invoke",
            {"FunctionName": name, "Qualifier": qualifier, "Payload": payload, "LogType": "Tail"},
        )
        result = str(answer.get("Payload") or "")
        if answer.get("FunctionError"):
            raise PluginError(f"version {qualifier} {_failure(result, answer.get('LogResult'))}")
        digest = hashlib.md5(payload.encode(), usedforsecurity=False).hexdigest()
        return f"{name}_{qualifier}_{digest}", {
            **inputs,
            "qualifier": qualifier,
            "region": self.client.region,
            "result": result,
        }

    @override
    def read(self, resource: ResourceState) -> Properties | None:
        """The answer in the state, while the invoked version exists: another one has to be invoked anew."""
        key: Properties = {"FunctionName": resource["functionName"], "Qualifier": resource["qualifier"]}
        configuration = self.call_existing("get_function_configuration", key)
        return None if configuration is None else resource.properties

    @override
    def delete(self, resource: ResourceState) -> None:
        """Does nothing: an invocation cannot be undone."""


class PermissionLifecycle(AwsLifecycle):
    """Adds statements to functions' policies."""

    @override
    def describe(self, resource: ResourceState) -> Properties | None:
        """The statement under the parameters of ``AddPermission``."""
        key = self.kind.key(resource)
        sid = key.pop("StatementId")
        answer = self.call_existing("get_policy", key)
        policy = mapping(json.loads(str(answer["Policy"]))) if answer else {}
        statements = (mapping(statement) for statement in sequence(policy.get("Statement")))
        statement = next((statement for statement in statements if statement.get("Sid") == sid), None)
        return _added(statement) | {"Qualifier": resource.get("qualifier")} if statement else None

    @override
    def adopt(self, existing_id: str, inputs: Properties) -> Properties:
        """Removes the statement and adds it anew: it cannot be changed."""
        resource = ResourceState(existing_id, inputs)
        self.call("remove_permission", self.kind.key(resource))
        self.call("add_permission", self.create_parameters(inputs))
        return self.read_back(resource, inputs)


def _added(statement: Properties) -> Properties:
    """The parameters of ``AddPermission`` that make a policy's statement."""
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = next(iter(principal.values()))
    conditions = [mapping(condition) for condition in mapping(statement.get("Condition")).values()]
    operands = {name.casefold(): value for condition in conditions for name, value in condition.items()}
    return {
        "StatementId": statement["Sid"],
        "Action": statement["Action"],
        "Principal": principal,
        "SourceArn": operands.get("aws:sourcearn"),
        "SourceAccount": operands.get("aws:sourceaccount"),
    }


def _failure(payload: str, log: Value) -> str:
    """One line: the error that the function answered, and its last log line where that says more."""
    try:
        error = mapping(json.loads(payload))
    except (ValueError, TypeError):
        error = {}
    kind, message = error.get("errorType"), str(error.get("errorMessage", payload))
    failure = f"failed: {kind}: {message}" if kind else f"failed: {message}"
    last = _last_line(log, message)
    return " ".join((f"{failure} (it logged last: {last})" if last else failure).split())


def _last_line(log: Value, known: str) -> str:
    """The last line of the base64 log tail that the function wrote and that does not contain ``known``."""
    if not isinstance(log, str):
        return ""
    lines = base64.b64decode(log).decode(errors="replace").splitlines()
    own = [line.strip() for line in lines if not _PLATFORM.search(line) and known not in line]
    return next((line[:_LOGGED_CHARACTERS] for line in reversed(own) if line), "")
