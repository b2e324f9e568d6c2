"""Calling Lambda functions, and the permissions to call them."""

import base64
import hashlib
import json
import re
from typing import Final, override

from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.errors import AwsError, PluginError
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence

_PLATFORM: Final = re.compile(r"^(START|END|REPORT|INIT_\w+) |\(rapid\)")
"""Lines of Lambda's own, and of the emulator of its runtime interface."""

_LOGGED_CHARACTERS: Final = 300


class InvocationLifecycle(AwsLifecycle):
    """A call of a function, made once when the resource is created."""

    @override
    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Calls the function; raises ``PluginError`` with the function's own error when it fails."""
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
            "region": self.cloud.region,
            "result": result,
        }

    @override
    def read(self, physical: Physical) -> Properties | None:
        """What was answered then, while the version that was called is there: another one has to be called anew."""
        key = {"FunctionName": physical["functionName"], "Qualifier": physical["qualifier"]}
        try:
            self.call("get_function_configuration", {**key})
        except AwsError as refused:
            if refused.code not in self.kind.missing:
                raise
            return None
        return physical.properties

    @override
    def delete(self, physical: Physical) -> None:
        """Nothing: a call cannot be taken back."""


class PermissionLifecycle(AwsLifecycle):
    """A statement in a function's policy."""

    @override
    def describe(self, physical: Physical) -> Properties | None:
        """The statement, under the names of ``AddPermission``."""
        key = self.kind.key(physical)
        wanted = key.pop("StatementId")
        try:
            policy = mapping(json.loads(str(self.call("get_policy", key)["Policy"])))
        except AwsError as refused:
            if refused.code not in self.kind.missing:
                raise
            return None
        statements = [mapping(statement) for statement in sequence(policy["Statement"])]
        found = next((each for each in statements if each.get("Sid") == wanted), None)
        return None if found is None else _as_added(found) | {"Qualifier": physical.get("qualifier")}

    @override
    def adopt(self, there: str, inputs: Properties) -> Properties:
        """Writes the statement anew, since none of it can be changed."""
        physical = Physical(there, inputs)
        self.call("remove_permission", self.kind.key(physical))
        self.call("add_permission", self.creation(inputs))
        return self.properties(physical, inputs)


def _as_added(statement: Properties) -> Properties:
    """A policy's statement under the names by which it was added."""
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
    """One line: the function's error, and what it logged last, where that says more."""
    try:
        error = mapping(json.loads(payload))
    except (ValueError, TypeError):
        error = {}
    kind, message = error.get("errorType"), str(error.get("errorMessage", payload))
    said = f"failed: {kind}: {message}" if kind else f"failed: {message}"
    last = _last_line(log, message)
    return " ".join((f"{said} (it logged last: {last})" if last else said).split())


def _last_line(log: Value, known: str) -> str:
    """The last line of a base64 log tail that the function wrote itself and that does not say what is ``known``."""
    if not isinstance(log, str):
        return ""
    lines = base64.b64decode(log).decode(errors="replace").splitlines()
    own = [line.strip() for line in lines if not _PLATFORM.search(line) and known not in line]
    return next((line[:_LOGGED_CHARACTERS] for line in reversed(own) if line), "")
