"""A stack's settings: one typed model of what ``Pulumi.<stack>.yaml`` may say, which ``loading`` reads."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from infrastructure import get_image_tag
from infrastructure.stack import stack_file
from infrastructure.stack.capacity import Capacity, Number, Throttle
from infrastructure.stack.names import Names
from seeding import SigningAlgorithm

Environment = Literal["local", "dev", "staging", "prod"]
Architecture = Literal["arm64", "amd64"]


LOCAL = "local"
_URL = r"^https?://[^/?#\s]+[^?#\s]*$"
_KEY_ARN = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"
_ORIGIN = re.compile(r"\*|https?://[^/?#\s*@]+")
_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_RETENTION_YEARS = (1096, 1827, 2192, 2557, 2922, 3288, 3653)
_GUARDED: tuple[Environment, ...] = ("staging", "prod")


def is_local(stack: str) -> bool:
    """Whether ``stack`` lives in the local AWS: ``local``, or ``local-<anything>`` beside it."""
    return stack == LOCAL or stack.startswith(f"{LOCAL}-")


class Settings(Capacity):
    """Everything about a stack that may differ from another stack. A key in the file is ``psn-emulator:<name>``,
    but for the region and the profile, which are ``aws:region`` and ``aws:profile``. The capacity is that of every
    route's function; ``functions`` says otherwise of one."""

    stack: str = Field(exclude=True)
    """The stack's name; not a key, the file's name says it."""
    environment: Environment
    """What kind of stack it is, which decides the defaults that differ; by default the stack's name."""
    region: str = Field("us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """The AWS region."""
    profile: str | None = Field(None, min_length=1)
    """The profile of the AWS credentials; none: the ambient credentials."""
    account_id: str | None = Field(None, pattern=r"^\d{12}$")
    """The only AWS account this stack may be deployed to; none: any."""
    architecture: Architecture | None = None
    """The functions' processor; none, on a local stack only: this machine's."""
    base_image: str | None = Field(None, min_length=1)
    """The image that ours starts from; none: the Dockerfile's, or set-up's choice."""
    base_image_digest: str | None = Field(None, pattern=r"^sha256:[0-9a-f]{64}$")
    """The digest of that image, in the tag's hash; by `make update-base`. No image for AWS is built without."""
    functions: Mapping[str, Capacity] = {}
    """The capacity of single functions by their names, `authorizer` and `fallback` among them."""
    account_concurrency: Number = Field(1000, ge=1)
    """Calls that the account's quota lets all its functions answer at once in the region."""
    authorizer_ttl_seconds: Number = Field(300, ge=0, le=3600)
    """Seconds the gateway remembers an authorizer's answer for a token and route."""
    api_timeout_seconds: Number = Field(30, ge=1, le=30)
    """Seconds the gateway waits for a function before it answers 503."""
    throttle_rate: Number = Field(100, ge=1, le=10000)
    """Requests a second the API takes in the long run; beyond it answers 429."""
    throttle_burst: Number = Field(200, ge=1, le=5000)
    """Requests the API takes at once."""
    routes: Mapping[str, Throttle] = {}
    """The throttling of single routes by their names, below that of all; on AWS only."""
    cors_origins: tuple[str, ...] = ()
    """The origins whose pages may call the API, such as https://game.example; `*` on local only, on staging and prod
    https only."""
    cors_max_age_seconds: Number = Field(3600, ge=0, le=86400)
    """Seconds a browser remembers what a preflight request answered."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least severe of the functions' log lines that is kept; on staging and prod INFO. Above INFO the functions
    write no metrics, which are in the line of each request."""
    log_retention_days: Number
    """Days the logs are kept: one of the numbers that CloudWatch Logs knows; by default 365 on prod, else 30. On
    staging 30 at least, on prod 90."""
    monitoring: bool
    """Whether alarms, their topic, the dashboard and the saved queries are made; by default on all but local stacks,
    whose AWS evaluates none of them."""
    alarm_emails: tuple[str, ...] = ()
    """Who is told of alarms by e-mail; each address has to confirm it once."""
    alarm_urls: tuple[str, ...] = ()
    """The https URLs that are told of alarms by Amazon SNS, such as a chat's."""
    alarm_latency_ms: Number = Field(3000, ge=100, le=30000)
    """Milliseconds within which the API is to answer 99 of 100 requests, or an alarm goes off."""
    kms_key: str | None = Field(None, pattern=_KEY_ARN)
    """The ARN of the customer's key that encrypts table, secrets, logs, images and the alarms' topic, on AWS only;
    none: AWS's own keys, and for the topic one that is made. Its policy has to let CloudWatch Logs use it, and
    cloudwatch.amazonaws.com by kms:Decrypt and kms:GenerateDataKey*, or no alarm is told; a repository keeps the
    key that it was made with."""
    permissions_boundary: str | None = Field(
        None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/[\w+=,.@/-]+$"
    )
    """The ARN of the policy that bounds what the functions' roles may do, on AWS only; none: no bound. The role of
    `make bootstrap` makes no role without that which it prints."""
    tracing: bool = False
    """Whether the functions send X-Ray traces."""
    smoke_at_once: Number = Field(50, ge=1, le=1000)
    """New versions that are asked at once whether they work; each starts an environment of its function."""
    audience: str = Field("psn-emulator-api", min_length=1)
    """The audience (`aud`) of the access tokens; no client's id, which is that of its ID tokens."""
    issuer: str | None = Field(None, pattern=_URL)
    """The issuer (`iss`) whose tokens open the routes; none: the stack itself. It takes a `jwks_uri`."""
    jwks_uri: str | None = Field(None, pattern=_URL)
    """Where the functions reach the keys of `issuer`; https, or http on a local stack."""
    signing_algorithm: SigningAlgorithm = "ES256"
    """What the stack's first key signs with, and each that a rotation adds: ES256 or RS256."""
    sandboxes: Literal["open", "declared", "off"] = "open"
    """Sandboxes besides the default one: `open`, whatever is named; `declared`, those that an administrator has made;
    `off`, none, and no routes under `/_emulator`."""
    faults: bool
    """Whether the partner's routes can be made to fail, by rule, header, magic value and rate limit; by default on all
    but prod. Their functions then have a time-out of a second more than ``api_timeout_seconds``, whatever else is said,
    may read, query, put and update items of the table (not its indexes), and alarms leave out what was injected."""
    journal: bool
    """Whether each request to the partner's routes is kept for a day with its answer, for those who operate the
    emulator; by default on all but prod."""
    acr_values: str = Field("1", pattern=r"^\S+( \S+)*$")
    """The classes of authentication (`acr`) that a login passes for where a client asks, separated by spaces."""
    profile_claims_in_id_token: bool = False
    """Whether ID tokens hold the claims about the user that their scopes give, and not what is asked for alone."""
    session_cookie_same_site: Literal["Lax", "None"] = "Lax"
    """`None` lets frames of other sites log in silently (`prompt=none`); it works with https only."""
    access_token_seconds: Number = Field(3600, ge=60, le=86400)
    """Seconds an access token lives."""
    refresh_token_seconds: Number = Field(30 * 86400, ge=60, le=365 * 86400)
    """Seconds a refresh token lives."""
    browser_session_seconds: Number = Field(8 * 3600, ge=60, le=365 * 86400)
    """Seconds after a login on the login page until the browser's user has to log in again."""
    lockout_failures: Number = Field(10, ge=1, le=1000)
    """Failed logins of a user, or with a client's secret, from one address until the next are refused."""
    lockout_seconds: Number = Field(900, ge=1, le=86400)
    """Seconds that failed logins count, and that a lock-out lasts from the last of them."""
    open_registration: bool
    """Whether clients may register themselves (RFC 7591) without a token of `emulator:admin`; by default on local and
    dev only."""
    player_shards: Number = Field(1, ge=1, le=32)
    """Partitions that a sandbox's players are spread over: each takes 10 GB and some 125 new players a second. It is
    decided with the table, and stays."""
    deletion_protection: bool
    """Whether table, secrets and images are safe from deletion; by default not on local and dev."""
    point_in_time_recovery: bool
    """Whether the table can go back to any second of 35 days; by default not on local and dev."""
    accept_data_loss: bool = False
    """Whether on prod `deletion_protection` and `point_in_time_recovery` may be off, as before it is deleted."""
    secret_recovery_days: Number
    """Days a deleted secret can be brought back, 0 or 7 to 30; by default 0 on local and dev, else 30."""
    untagged_image_days: Number = Field(14, ge=1, le=365)
    """Days an image without a tag stays in the registry; a release always has a tag."""
    image_by_promotion: bool
    """Whether images come by promotion from another stack and are not built for this one; by default on staging
    and prod."""
    keep_releases: Number = Field(10, ge=2, le=100)
    """Releases that stay at hand for a rollback, the live one among them; older images and versions go."""
    seed_file: str = Field(pattern=r"^[^/]+\.yaml$")
    """The file in infrastructure/seeds of the users and clients; by default <environment>.yaml."""

    @property
    def names(self) -> Names:
        """What the stack's resources are called."""
        return Names(self.stack)

    @property
    def local(self) -> bool:
        """Whether the stack lives in the local AWS."""
        return self.environment == LOCAL

    @property
    def platform(self) -> str:
        """The platform of the image, as Docker names it: ``linux/arm64`` or ``linux/amd64``."""
        return f"linux/{self.architecture}" if self.architecture else get_image_tag.host_platform()

    @property
    def emulates(self) -> bool:
        """Whether the partner's routes have faults or a journal."""
        return self.faults or self.journal

    @property
    def guarded(self) -> bool:
        """Whether the stack's data is worth keeping and its door worth locking: staging and prod."""
        return self.environment in _GUARDED

    @field_validator("log_retention_days")
    @classmethod
    def _known_retention(cls, days: int) -> int:
        known = _RETENTION_DAYS + _RETENTION_YEARS
        if days not in known:
            raise ValueError(f"Input should be one of {', '.join(map(str, known))}")
        return days

    @field_validator("secret_recovery_days")
    @classmethod
    def _possible_recovery(cls, days: int) -> int:
        if days and not 7 <= days <= 30:
            raise ValueError("Input should be 0, or from 7 to 30")
        return days

    @field_validator("cors_origins")
    @classmethod
    def _plain_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin, which is scheme, host and port, without a path")
        return origins

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_environment(cls, values: dict[str, Any]) -> dict[str, Any]:
        stack = values["stack"]
        environment = values.get("environment", LOCAL if is_local(stack) else stack)
        lasting = environment in _GUARDED
        return {
            "environment": environment,
            "image_by_promotion": lasting,
            "log_retention_days": 365 if environment == "prod" else 30,
            "monitoring": environment != LOCAL,
            "faults": environment != "prod",
            "journal": environment != "prod",
            "open_registration": not lasting,
            "deletion_protection": lasting,
            "point_in_time_recovery": lasting,
            "secret_recovery_days": 30 if lasting else 0,
            "seed_file": f"{environment}.yaml",
        } | values

    @model_validator(mode="after")
    def _possible_together(self) -> Self:
        for name, impossible, fault in (
            (
                "environment",
                self.local != is_local(self.stack),
                f"{self.environment} is not what a stack called {self.stack!r} can be",
            ),
            (
                "architecture",
                not (self.architecture or self.local),
                f"must be {' or '.join(get_args(Architecture))}, or the tag would differ from machine to machine",
            ),
            (
                "kms_key",
                self.local and self.kms_key is not None,
                "is for stacks on AWS",
            ),
            (
                "permissions_boundary",
                self.local and self.permissions_boundary is not None,
                "is for stacks on AWS",
            ),
            (
                "issuer",
                (self.issuer is None) != (self.jwks_uri is None),
                f"and {stack_file.key('jwks_uri')} take each other",
            ),
            (
                "jwks_uri",
                (self.jwks_uri or "").startswith("http:") and not self.local,
                "must be https, or anybody on the way could give out keys",
            ),
            (
                "cors_origins",
                "*" in self.cors_origins and not self.local,
                "may hold `*` on a local stack only",
            ),
            (
                "throttle_burst",
                self.throttle_burst < self.throttle_rate,
                f"is under throttle_rate ({self.throttle_rate}), which could then never be reached",
            ),
            (
                "refresh_token_seconds",
                self.refresh_token_seconds < self.access_token_seconds,
                f"is under access_token_seconds ({self.access_token_seconds}), so none would ever be used",
            ),
        ):
            if impossible:
                raise ValueError(f"{stack_file.key(name)} {fault}")
        return self
