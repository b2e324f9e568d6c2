"""Translates what the program declares into Terraform's JSON configuration.

Source of the rules: the names in the Pulumi AWS plugin are those of the bridged provider in camel case, a list in the
plural, and a block of which there is at most one as its only element ("Pulumi Terraform bridge", schema mapping).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.policies import schema
from tests.support.recorded import SECRET, Resource

RENAMED = {
    ("aws_cloudwatch_metric_alarm", "name"): "alarm_name",
    ("aws_lambda_function", "name"): "function_name",
    ("aws_lambda_permission", "function"): "function_name",
    ("aws_sns_topic_subscription", "topic"): "topic_arn",
}
"""What the plugin calls otherwise than the provider does, by the provider's type."""

NEWER = {
    "region": "an argument of every resource since version 6; the provider's own is the same",
}
"""The arguments that version 7 of the plugin has and version 5 of the provider has not, and why leaving them out
changes nothing of what is judged."""

_NO_SERVICE = re.compile(r"^arn:aws:::")
_ARN = "arn:aws:service:eu-west-1:123456789012:"


class UntranslatableError(Exception):
    """A type or an argument that the provider does not know."""


def terraform_type(type_: str) -> str:
    """The provider's name of a plugin's type, such as ``aws_lambda_function`` of ``aws:lambda/function:Function``."""
    module, name = type_.split(":")[1].split("/")
    return f"aws_{module}_{_snake(name)}"


def render(stacks: Mapping[str, Iterable[Resource]]) -> dict[str, Any]:
    """The configuration of all AWS resources of the ``stacks``, each named ``<stack>_<name in the program>``. Raises
    ``UntranslatableError``."""
    configuration: dict[str, dict[str, Any]] = {}
    for stack, resources in stacks.items():
        for resource in resources:
            if not resource.type.startswith("aws:"):
                continue
            type_ = terraform_type(resource.type)
            if type_ not in schema.known():
                raise UntranslatableError(
                    f"{type_} is not in schema.json: python -m tests.policies.schema {type_}"
                )
            translated = _block(type_, resource.inputs, schema.known()[type_], type_)
            configuration.setdefault(type_, {})[f"{stack}_{resource.name}"] = translated
    return {"resource": configuration}


def _block(type_: str, values: Mapping[str, Any], block: Mapping[str, Any], where: str) -> dict[str, Any]:
    translated: dict[str, Any] = {}
    for plugin_name, value in values.items():
        if value is None or plugin_name.startswith("__"):
            continue
        name = _provider_name(type_ if where == type_ else "", plugin_name, block)
        if name is None:
            if plugin_name in NEWER:
                continue
            raise UntranslatableError(f"{where} has no {plugin_name}")
        if name in block["blocks"]:
            items = value if isinstance(value, list) else [value]
            inner = block["blocks"][name]
            translated[name] = [_block(type_, item, inner, f"{where}.{name}") for item in items]
        else:
            translated[name] = _value(value)
    return translated


def _provider_name(type_: str, plugin_name: str, block: Mapping[str, Any]) -> str | None:
    known = block["attributes"].keys() | block["blocks"].keys()
    snake = _snake(plugin_name)
    candidates = (RENAMED.get((type_, plugin_name)), snake, *_singulars(snake))
    return next((name for name in candidates if name in known), None)


def _singulars(name: str) -> list[str]:
    return [name.removesuffix("es"), name.removesuffix("s"), re.sub("ies$", "y", name)]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _value(value: Any) -> Any:
    """A value as the provider takes it: recorded ARNs with a service in them, what could be a template quoted."""
    if isinstance(value, str):
        return _NO_SERVICE.sub(_ARN, value).replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict) and SECRET in value:
        return _value(value["value"])
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return value
