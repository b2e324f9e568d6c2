"""Why it matters that a resource is replaced or deleted: what is lost, who notices."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["loses", "interrupts", "harmless"]
"""``loses``: something is gone for good. ``interrupts``: requests may fail until it is there again."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a replacement or deletion means to those who use the stack, in a few words."""

    severity: Severity
    text: str


_RETRIED = Consequence("interrupts", "requests that go by it fail until the new one is there")
_WATCHING = Consequence("harmless", "it judges anew from what was measured")
_UNKNOWN = Consequence("loses", "nothing is known of what it holds: take it for lost")

CONSEQUENCES: dict[str, Consequence] = {
    "aws:apigatewayv2/api:Api": Consequence(
        "loses",
        "its URL is gone: clients need the new one, and every token that was issued stops being valid",
    ),
    "aws:apigatewayv2/authorizer:Authorizer": _RETRIED,
    "aws:apigatewayv2/integration:Integration": _RETRIED,
    "aws:apigatewayv2/route:Route": _RETRIED,
    "aws:apigatewayv2/stage:Stage": _RETRIED,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _WATCHING,
    "aws:cloudwatch/dashboard:Dashboard": Consequence("harmless", "it is drawn of the same metrics"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _WATCHING,
    "aws:cloudwatch/queryDefinition:QueryDefinition": Consequence("harmless", "it is saved again"),
    "aws:kms/alias:Alias": Consequence("harmless", "its key stays"),
    "aws:kms/key:Key": Consequence("interrupts", "nobody is told of an alarm until the new one is there"),
    "aws:sns/topic:Topic": Consequence(
        "interrupts", "nobody is told of an alarm until the new one is there and confirmed"
    ),
    "aws:sns/topicPolicy:TopicPolicy": Consequence(
        "interrupts", "nobody is told of an alarm until the new one is there"
    ),
    "aws:sns/topicSubscription:TopicSubscription": Consequence(
        "interrupts", "nobody is told of an alarm until it is confirmed again"
    ),
    "aws:cloudwatch/logGroup:LogGroup": Consequence("loses", "the lines in it are lost"),
    "aws:dynamodb/table:Table": Consequence(
        "loses", "everything in it is lost: players, statistics, sessions"
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Consequence("harmless", "no image is touched"),
    "aws:ecr/repository:Repository": Consequence(
        "loses", "the images in it are lost: the functions cannot start again, no release can be gone back to"
    ),
    "aws:iam/role:Role": Consequence("interrupts", "its function may do nothing until the new one is there"),
    "aws:iam/rolePolicy:RolePolicy": Consequence(
        "interrupts", "its function may do nothing until the new one is there"
    ),
    "aws:lambda/alias:Alias": _RETRIED,
    "aws:lambda/function:Function": Consequence(
        "loses",
        "its versions are lost: no earlier release can be gone back to",
    ),
    "aws:lambda/invocation:Invocation": Consequence("harmless", "the smoke event is sent again"),
    "aws:lambda/permission:Permission": _RETRIED,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": Consequence(
        "interrupts", "requests wait for cold starts until the new one is there"
    ),
    "aws:secretsmanager/secret:Secret": Consequence("loses", "what it holds is lost: keys or users"),
    "aws:secretsmanager/secretVersion:SecretVersion": Consequence(
        "interrupts",
        "who reads the secret gets the new value; what was signed or issued with the old may be refused",
    ),
    "docker:index/image:Image": Consequence("harmless", "the image stays in its repository"),
}
"""By Pulumi type token. A test fails where a type of the program is missing."""


def consequence_of(operation: str, type_: str) -> Consequence | None:
    """The consequence of an operation on a resource of the Pulumi type token ``type_``.

    ``None`` for an operation that neither replaces nor deletes, and for a deletion that loses nothing: that a deleted
    resource stops serving is no news. A type that is not in ``CONSEQUENCES`` counts as one that loses.
    """
    known = CONSEQUENCES.get(type_, _UNKNOWN)
    if operation == "replace" or (operation == "delete" and known.severity == "loses"):
        return known
    return None
