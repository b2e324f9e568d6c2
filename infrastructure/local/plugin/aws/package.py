"""The resource types of the ``aws`` package that a local stack needs."""

import threading
from collections.abc import Callable, Mapping
from typing import Final, override

from infrastructure.local.plugin.aws import configuration
from infrastructure.local.plugin.aws.cloud import Cloud
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
from infrastructure.local.plugin.checks import Failure
from infrastructure.local.plugin.package import Log, Package
from infrastructure.local.plugin.resource_type import ResourceType
from infrastructure.local.plugin.session import Session
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
"""Every supported type by its name in the schema."""


class AwsPackage(Package):
    """The ``aws`` package, for a local AWS."""

    name = "aws"
    distribution = "pulumi-aws"

    @override
    def refused(self, inputs: Properties) -> list[Failure]:
        """What is wrong with the provider's inputs; an endpoint that is not loopback, above all."""
        return configuration.check(inputs)

    @override
    def replaces(self, key: str) -> bool:
        """Another region is another provider, and all its resources are others."""
        return key == "region"

    @override
    def session(self, inputs: Properties, log: Log, cancelled: threading.Event) -> Session:
        """A session with the local AWS that the inputs name; raises ``PluginError`` on what is refused."""
        place = configuration.configured(inputs)
        cloud = Cloud(place, log, cancelled)
        return Session(TYPES, _lifecycles(cloud), place.default_tags, _without_endpoint(place))


def _lifecycles(cloud: Cloud) -> Callable[[ResourceType], AwsLifecycle]:
    made = {kind.name: lifecycle(kind, cloud) for kind, lifecycle in _LIFECYCLES}
    return lambda kind: made[kind.name]


def _without_endpoint(place: Configuration) -> Callable[[ResourceType, Properties], list[Failure]]:
    def refused(kind: ResourceType, _inputs: Properties) -> list[Failure]:
        service = TYPES[kind.name].service
        reason = f"the provider has no endpoint for {service}"
        return [] if service in place.endpoints else [Failure("", reason)]

    return refused
