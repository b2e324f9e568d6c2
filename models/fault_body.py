"""The body that makes a rule of faults, and the query of the list of them."""

from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from models.examples import Examples
from models.fault import KINDS, Fault, Malformation, Then
from models.match_body import HeaderName, MatchBody
from models.players_query import DEFAULT_LIMIT, MAX_LIMIT, Limit

LONGEST_DELAY: Final = 30_000
"""Milliseconds: the most that a gateway waits ("Quotas for HTTP APIs" in API Gateway's guide)."""
LONGEST_EXPIRY: Final = 30 * 86400
"""Seconds: the longest life of a generation of a sandbox."""
_WITHOUT_CONTENT: Final = (204, 205, 304)
"""Statuses whose answers have no content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5)."""
_NOT_TO_BE_SET: Final = frozenset(
    {
        *("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("date", "traceparent", "x-correlation-id", "x-emulator-fault-applied", "x-request-id", "x-sandbox"),
        *("alt-svc", "clear-site-data", "content-security-policy", "content-security-policy-report-only"),
        *("expect-ct", "feature-policy", "link", "nel", "origin-agent-cluster", "permissions-policy"),
        *("public-key-pins", "public-key-pins-report-only", "refresh", "report-to", "reporting-endpoints"),
        *(
            "service-worker-allowed",
            "set-cookie",
            "set-cookie2",
            "set-login",
            "sourcemap",
            "speculation-rules",
        ),
        *(
            "strict-transport-security",
            "supports-loading-mode",
            "use-as-dictionary",
            "x-content-type-options",
        ),
        *("x-dns-prefetch-control", "x-frame-options", "x-sourcemap", "x-xss-protection"),
    }
)
"""The headers that are the gateway's, that say what the answer is to, or that have a browser do or allow something on
the whole origin, which is the login page's and the console's too."""
_FAMILIES_NOT_TO_BE_SET: Final = ("access-control-", "cross-origin-", "document-policy")
"""What the names of others of these begin with."""

type Milliseconds = Annotated[int, Field(ge=0, le=LONGEST_DELAY)]
type GivenHeader = Annotated[str, Field(max_length=4096, pattern=r"^([!-~]([ -~]*[!-~])?)?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _ascending(bounds: list[int]) -> list[int]:
    if bounds[0] > bounds[1]:
        raise PydanticCustomError("bounds", "The first number should not be more than the second")
    return bounds


def _settable(headers: dict[str, str]) -> dict[str, str]:
    names = [name.lower() for name in headers]
    if len(set(names)) < len(names) or any(
        name in _NOT_TO_BE_SET or name.startswith(_FAMILIES_NOT_TO_BE_SET) for name in names
    ):
        families = (f"{family}*" for family in _FAMILIES_NOT_TO_BE_SET)
        raise PydanticCustomError(
            "headers",
            "Input should be headers that the emulator leaves to others, each name once: none of {names}",
            {"names": ", ".join(sorted((*_NOT_TO_BE_SET, *families)))},
        )
    return headers


class UniformBody(_Part):
    """A delay of anything between two numbers of milliseconds."""

    uniform: Annotated[list[Milliseconds], Field(min_length=2, max_length=2), AfterValidator(_ascending)]


class NormalParameters(_Part):
    """Mean and standard deviation in milliseconds."""

    mean: Annotated[float, Field(ge=0, le=LONGEST_DELAY)]
    sd: Annotated[float, Field(ge=0, le=LONGEST_DELAY)]


class NormalBody(_Part):
    """A delay by a normal distribution; one that would be negative is none."""

    normal: NormalParameters


def _form(delay: Any) -> str:
    if isinstance(delay, dict):
        return "uniform" if "uniform" in delay else "normal"
    if isinstance(delay, UniformBody | NormalBody):
        return "uniform" if isinstance(delay, UniformBody) else "normal"
    return "fixed"


class FaultBody(_Part):
    """What happens to a request: one of ``status``, ``malformed``, ``timeout``, ``stale`` and ``lost_response``, and
    ``delay_ms`` before it, or that alone.

    ``status`` is answered in the route's place, in the form of its errors unless a ``body`` is given, as text or JSON;
    ``retry_after`` is in seconds. Browsers run nothing of it: the answer always has ``Content-Security-Policy: sandbox;
    default-src 'none'`` and ``X-Content-Type-Options: nosniff``, as a malformed one has. ``headers`` are none of those
    that act on a whole origin, such as ``Set-Cookie``, and ``Location`` stays within this API's. With ``malformed``,
    ``stale`` and ``lost_response`` the request is carried out.
    """

    status: Annotated[int, Field(ge=200, le=599)] | None = None
    headers: (
        Annotated[dict[HeaderName, GivenHeader], Field(max_length=20), AfterValidator(_settable)] | None
    ) = None
    body: JsonValue = None
    retry_after: Annotated[int, Field(ge=0, le=86400)] | None = None
    malformed: Malformation | None = None
    timeout: Literal[True] | None = None
    stale: Literal[True] | None = None
    lost_response: Literal[True] | None = None
    delay_ms: (
        Annotated[
            Annotated[Milliseconds, Tag("fixed")]
            | Annotated[UniformBody, Tag("uniform")]
            | Annotated[NormalBody, Tag("normal")],
            Discriminator(_form),
        ]
        | None
    ) = None

    @field_validator("headers", "body", "retry_after")
    @classmethod
    def _of_a_status(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None or "status" not in info.data:
            return value
        status = info.data["status"]
        if status is None:
            raise PydanticCustomError("without_status", "It goes with a status")
        if info.field_name == "body" and status in _WITHOUT_CONTENT:
            raise PydanticCustomError("without_content", "An answer of this status has no body")
        if info.field_name == "retry_after" and any(
            name.lower() == "retry-after" for name in info.data.get("headers") or ()
        ):
            raise PydanticCustomError("repeated", "The headers say it already")
        return value

    @field_validator("malformed", "timeout", "stale", "lost_response")
    @classmethod
    def _alone(cls, value: Any, info: ValidationInfo) -> Any:
        before = [kind for kind in KINDS if info.data.get(kind)]
        if value and before:
            raise PydanticCustomError("together", "It excludes {before}", {"before": before[0]})
        return value

    @field_validator("delay_ms")
    @classmethod
    def _before_an_answer(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("timeout"):
            raise PydanticCustomError("together", "It excludes {before}", {"before": "timeout"})
        return value

    @model_validator(mode="after")
    def _something(self) -> "FaultBody":
        if self.delay_ms is None and not any(getattr(self, kind) for kind in KINDS):
            raise PydanticCustomError(
                "no_fault", "One of status, malformed, timeout, stale, lost_response and delay_ms is needed"
            )
        return self

    def to_fault(self) -> Fault:
        """The fault, without pydantic."""
        return Fault.from_json(self.model_dump())


def _step(step: Any) -> str:
    return "pass" if isinstance(step, str) else "fault"


class FaultRuleBody(_Part):
    """The body of ``POST /_emulator/faults``.

    Without a ``match`` every route of the partner's is meant. Of ``faults`` each request takes the next, and ``pass``
    lets it through; ``then`` says what follows the last: the first again (``repeat``, by default where there is one),
    the same again (``last``), or nothing more (``pass``, by default where there are several). The rule acts ``times``
    times at most, each time with a ``probability``, for ``expires_in`` seconds by the sandbox's clock.
    """

    match: MatchBody = MatchBody()
    faults: Annotated[
        list[
            Annotated[
                Annotated[Literal["pass"], Tag("pass")] | Annotated[FaultBody, Tag("fault")],
                Discriminator(_step),
            ]
        ],
        Field(min_length=1, max_length=100),
    ]
    then: Then | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] | None = None
    expires_in: Annotated[int, Field(ge=1, le=LONGEST_EXPIRY)] | None = None


class FaultsQuery(_Part):
    """The parameters of ``GET /_emulator/faults``."""

    limit: Limit = Field(
        DEFAULT_LIMIT,
        description=f"How many rules a page has at the most, up to {MAX_LIMIT}; {DEFAULT_LIMIT} when left out.",
    )
    cursor: str | None = Field(
        None, max_length=32, description="Where the page before ended: its `next_cursor`."
    )


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        FaultRuleBody: {
            "503 twice, then as ever": {
                "match": {"method": "GET", "path": "/players/{player_id}", "header": {"X-Run": "7"}},
                "faults": [{"status": 503, "retry_after": 2}, {"status": 503}],
            },
            "A slow partner": {
                "match": {"client_id": "slow-client"},
                "faults": [{"delay_ms": {"normal": {"mean": 800, "sd": 200}}}],
            },
            "The answer to one in ten creations is lost": {
                "match": {"method": "POST", "path": "/players", "header": {"X-Run": "7"}},
                "faults": [{"lost_response": True}],
                "probability": 0.1,
            },
            "A route that the emulator does not have": {
                "match": {"method": "GET", "path": "/trophies/*"},
                "faults": [{"status": 200, "body": {"trophies": []}}],
                "expires_in": 3600,
            },
        }
    }
