"""What is left in a local AWS, by every list that its services have."""

from typing import Any

from infrastructure.local import aws_instance
from tests.support.checkout import Checkout

LISTS: dict[str, tuple[tuple[str, str, str, dict[str, Any]], ...]] = {
    "apigateway": (("apigatewayv2", "get_apis", "Items", {}),),
    "dynamodb": (("dynamodb", "list_tables", "TableNames", {}),),
    "ecr": (("ecr", "describe_repositories", "repositories", {}),),
    "iam": (
        ("iam", "list_roles", "Roles", {}),
        ("iam", "list_policies", "Policies", {"Scope": "Local"}),
        ("iam", "list_users", "Users", {}),
    ),
    "lambda": (
        ("lambda", "list_functions", "Functions", {}),
        ("lambda", "list_layers", "Layers", {}),
        ("lambda", "list_event_source_mappings", "EventSourceMappings", {}),
    ),
    "logs": (("logs", "describe_log_groups", "logGroups", {}),),
    "secretsmanager": (("secretsmanager", "list_secrets", "SecretList", {"IncludePlannedDeletion": True}),),
    "sts": (),  # keeps nothing
    "monitoring": (
        ("cloudwatch", "describe_alarms", "MetricAlarms", {}),
        ("cloudwatch", "describe_alarms", "CompositeAlarms", {"AlarmTypes": ["CompositeAlarm"]}),
        ("cloudwatch", "list_dashboards", "DashboardEntries", {}),
    ),
    "kms": (("kms", "list_keys", "Keys", {}), ("kms", "list_aliases", "Aliases", {})),
    "sns": (("sns", "list_topics", "Topics", {}), ("sns", "list_subscriptions", "Subscriptions", {})),
    "sqs": (("sqs", "list_queues", "QueueUrls", {}),),
}
"""The lists of each service that can be on in a local AWS, as it calls them: client, method, what of the answer, and
the arguments. Saved queries have none: the local AWS knows neither DescribeQueryDefinitions nor what makes one."""


def leftovers(checkout: Checkout) -> dict[str, list[Any]]:
    """What the lists of the services that are on have in them; ``KeyError`` for a service whose lists are not known."""
    services = aws_instance.SERVICES
    found = {
        method: getattr(checkout.client(client), method)(**arguments).get(key, [])
        for service in services
        for client, method, key, arguments in LISTS[service]
    }
    return {method: items for method, items in found.items() if items}
