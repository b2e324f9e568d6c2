"""The resource types of the ``aws`` package that a local stack needs."""

import threading
from collections.abc import Callable, Mapping
from typing import Final, override

from infrastructure.local.plugin.aws import configuration
from infrastructure.local.plugin.aws.client import AwsClient
from infrastructure.local.plugin.aws.configuration import Configuration
from infrastructure.local.plugin.aws.declaration import AwsType
from infrastructure.local.plugin.aws.dynamodb import TABLE
from infrastructure.local.plugin.aws.ecr import LIFECYCLE_POLICY, REPOSITORY, RepositoryLifecycle
from infrastructure.local.plugin.aws.function_access import InvocationLifecycle, PermissionLifecycle
from infrastructure.local.plugin.aws.function_lifecycle import (
    FunctionLifecycle,
    ProvisionedConcurrencyLifecycle,
)
from infrastructure.local.plugin.aws.functions import (
    ALIAS,
    FUNCTION,
    INVOCATION,
    PERMISSION,
    PROVISIONED_CONCURRENCY,
)
from infrastructure.local.plugin.aws.gateway import API, STAGE
from infrastructure.local.plugin.aws.gateway_routes import (
    AUTHORIZER,
    INTEGRATION,
    ROUTE,
    IntegrationLifecycle,
)
from infrastructure.local.plugin.aws.iam import ROLE, ROLE_POLICY
from infrastructure.local.plugin.aws.lifecycle import AwsLifecycle
from infrastructure.local.plugin.aws.logs import LOG_GROUP, LogGroupLifecycle
from infrastructure.local.plugin.aws.monitoring import (
    DASHBOARD,
    METRIC_ALARM,
    TOPIC,
    AlarmLifecycle,
    DashboardLifecycle,
    TopicLifecycle,
)
from infrastructure.local.plugin.aws.secrets import (
    SECRET,
    SECRET_VERSION,
    SecretLifecycle,
    SecretVersionLifecycle,
)
from infrastructure.local.plugin.aws.table_lifecycle import TableLifecycle
from infrastructure.local.plugin.checks import CheckFailure
from infrastructure.local.plugin.package import Log, Package
from infrastructure.local.plugin.provider import Provider
from infrastructure.local.plugin.resource_type import ResourceType
from infrastructure.local.plugin.values import Properties

_LIFECYCLES: Final[tuple[tuple[AwsType, type[AwsLifecycle]], ...]] = (
    (REPOSITORY, RepositoryLifecycle),
    (LIFECYCLE_POLICY, AwsLifecycle),
    (ROLE, AwsLifecycle),
    (ROLE_POLICY, AwsLifecycle),
    (TABLE, TableLifecycle),
    (SECRET, SecretLifecycle),
    (SECRET_VERSION, SecretVersionLifecycle),
    (LOG_GROUP, LogGroupLifecycle),
    (FUNCTION, FunctionLifecycle),
    (ALIAS, AwsLifecycle),
    (INVOCATION, InvocationLifecycle),
    (PERMISSION, PermissionLifecycle),
    (PROVISIONED_CONCURRENCY, ProvisionedConcurrencyLifecycle),
    (API, AwsLifecycle),
    (AUTHORIZER, AwsLifecycle),
    (INTEGRATION, IntegrationLifecycle),
    (ROUTE, AwsLifecycle),
    (STAGE, AwsLifecycle),
    (METRIC_ALARM, AlarmLifecycle),
    (TOPIC, TopicLifecycle),
    (DASHBOARD, DashboardLifecycle),
)

TYPES: Final[Mapping[str, AwsType]] = {kind.name: kind for kind, _ in _LIFECYCLES}
"""The supported types by their name in the Pulumi schema."""


class AwsPackage(Package):
    """The ``aws`` package, for a local AWS."""

    name = "aws"
    distribution = "pulumi-aws"

    @override
    def check_configuration(self, inputs: Properties) -> list[CheckFailure]:
        """Refuses endpoints that are not loopback, and unsupported settings."""
        return configuration.check_configuration(inputs)

    @override
    def replaces(self, key: str) -> bool:
        """Replaces the provider for another region."""
        return key == "region"

    @override
    def configure(self, inputs: Properties, log: Log, cancelled: threading.Event) -> Provider:
        """The provider of the local AWS that the inputs name."""
        settings = configuration.parse_configuration(inputs)
        client = AwsClient(settings, log, cancelled)
        return Provider(TYPES, _lifecycles(client), settings.default_tags, _endpoint_check(settings))


def _lifecycles(client: AwsClient) -> Callable[[ResourceType], AwsLifecycle]:
    lifecycles = {kind.name: lifecycle(kind, client) for kind, lifecycle in _LIFECYCLES}
    return lambda kind: lifecycles[kind.name]


def _endpoint_check(settings: Configuration) -> Callable[[ResourceType, Properties], list[CheckFailure]]:
    """A check that refuses the types of services that have no endpoint."""

    def check(kind: ResourceType, _inputs: Properties) -> list[CheckFailure]:
        service = TYPES[kind.name].service
        reason = f"the provider has no endpoint for {service}"
        return [] if service in settings.endpoints else [CheckFailure("", reason)]

    return check
