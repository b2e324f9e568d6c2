"""The provider of a stack's AWS resources."""

import pulumi_aws as aws

from infrastructure.stack.settings import Settings
from infrastructure.tools import paths

SERVICES = ("apigatewayv2", "dynamodb", "ecr", "iam", "lambda_", "logs", "secretsmanager", "sts")
"""The AWS services that the program's resources are made in, as the provider names them."""


def declare_provider(settings: Settings) -> aws.Provider:
    """Declares the provider of all AWS resources, for the stack's region and account, or for the local AWS.

    That one's credential is in the engine's environment (``automation.workspace``): what is declared here is kept in
    the state and compared, and a new credential is no change of a stack.
    """
    if not settings.local:
        return aws.Provider(
            "aws",
            region=settings.region,
            profile=settings.profile,
            allowed_account_ids=[settings.account_id] if settings.account_id else None,
        )
    endpoint = paths.aws_endpoint()
    return aws.Provider(
        "aws",
        region=settings.region,
        endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys(SERVICES, endpoint))],
        skip_credentials_validation=True,
        skip_metadata_api_check=True,
        skip_region_validation=True,
    )
