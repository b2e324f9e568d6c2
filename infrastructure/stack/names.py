"""The names of a stack's resources in AWS."""

from dataclasses import dataclass
from hashlib import sha256

PROJECT = "psn-emulator"

LIVE = "live"
"""The alias of every function that callers go by."""

PUBLIC_KEYS = "public-keys"
SIGNING_KEYS = "signing-keys"
SEED = "seed"

INDEXES = ("by_country", "by_status", "by_country_status")
"""The table's local secondary indexes, each sorted by the attribute of its own name and holding whole items."""

_LONGEST_ROLE = 64
"""In "IAM and AWS STS quotas" of IAM's guide."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names in AWS of the resources of the stack ``stack``."""

    stack: str

    @property
    def base(self) -> str:
        """The name of the table, of the image repository and of the API."""
        return f"{PROJECT}-{self.stack}"

    @property
    def local_api_id(self) -> str:
        """The id that the local AWS gives the API, so that its URL stays the same from deploy to deploy."""
        return f"psn-{self.stack}"

    @property
    def access_log_group(self) -> str:
        """The log group of the API's access log; under ``/aws/vendedlogs/``, where the number of log groups does
        not run into the size limit of the account's resource policy."""
        return f"/aws/vendedlogs/{self.base}/access"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that can carry tags."""
        return {"Project": PROJECT, "Stack": self.stack}

    def function(self, name: str) -> str:
        """The name of a function; ``name`` is the route's."""
        return f"{self.base}-{name}"

    def role(self, name: str, permissions: str) -> str:
        """The name of a function's role for the permissions of that digest. One over 64 characters is cut, and ends
        with a hash of all of it."""
        whole = f"{self.function(name)}-{permissions}"
        if len(whole) <= _LONGEST_ROLE:
            return whole
        digest = sha256(whole.encode()).hexdigest()[:8]
        return f"{whole[: _LONGEST_ROLE - len(digest) - 1]}-{digest}"

    def function_log_group(self, name: str) -> str:
        """The log group of a function, where Lambda looks for it."""
        return f"/aws/lambda/{self.function(name)}"

    def alarm(self, name: str) -> str:
        """The name of an alarm, such as ``players-get-errors``."""
        return f"{self.base}-{name}"

    def secret(self, name: str) -> str:
        """The name of a secret such as ``signing-keys``."""
        return f"{PROJECT}/{self.stack}/{name}"
