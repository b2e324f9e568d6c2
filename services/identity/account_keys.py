"""Where a sandbox's registered users and clients are. Apart from ``accounts``, so that who asks only whether a token is
alive loads no seed."""

from services import keys
from utils.sandbox import Sandbox
from utils.writes import Key

USERS = "user#"
"""What the sort keys of users' entries by name begin with; they are the last of the partition."""
CLIENTS = "client#"
"""What the sort keys of clients' entries begin with."""


def accounts(sandbox: Sandbox) -> str:
    """The partition of what was registered in a sandbox."""
    return keys.partition(sandbox, "accounts")


def user_account_key(sandbox: Sandbox, folded_username: str) -> Key:
    """The key of the entry of a user by the name, casefolded."""
    return accounts(sandbox), f"{USERS}{folded_username}"


def subject_account_key(sandbox: Sandbox, subject: str) -> Key:
    """The key of the same entry by the user's subject."""
    return accounts(sandbox), f"subject#{subject}"


def client_account_key(sandbox: Sandbox, client_id: str) -> Key:
    """The key of the entry of a client. Its item has also the ``basis`` of a grant of the client to itself, which
    nothing that was granted on another basis outlives."""
    return accounts(sandbox), f"{CLIENTS}{client_id}"
