"""Documents that sandboxes are reset to: kept in pieces beside the generations, ``<name>#seed#<id>``.

They are kept until their sandbox can have ended; a reset keeps its document again.
"""

from itertools import batched
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from services.sandboxes.content import Content
from utils import strict_json, table
from utils.writes import Delete, Key, Put

if TYPE_CHECKING:
    from utils.attributes import Item

_PIECE: Final = 300_000
"""Characters of a piece; an item has 400 KB at most ("Service quotas" in DynamoDB's guide)."""
_READ_AT_ONCE: Final = 40


def new_id() -> str:
    """The id of a document that is about to be kept."""
    return token_hex(8)


def number_of_pieces(content: Content) -> int:
    """How many pieces a document has."""
    return len(_pieces(content))


def keep(name: str, document_id: str, content: Content, purge_at: int | None) -> None:
    """Write the document of the sandbox ``name``, to be deleted at ``purge_at`` (seconds since 1970, ``None`` for
    never)."""
    pieces = _pieces(content)
    purge = {} if purge_at is None else {"purge_at": purge_at}
    table.write_many(
        Put({"pk": pk, "sk": sk, "text": piece, **purge})
        for (pk, sk), piece in zip(_keys(name, document_id, len(pieces)), pieces, strict=True)
    )


def read(name: str, document_id: str, pieces: int) -> Content | None:
    """The document; ``None`` if it has been replaced meanwhile and is not there any more."""
    keys = _keys(name, document_id, pieces)
    items: dict[Key, Item] = {}
    for some in batched(keys, _READ_AT_ONCE, strict=False):
        items |= table.get_many(some)
    if len(items) < len(keys):
        return None
    content: Content = strict_json.parse("".join(items[key]["text"] for key in keys))
    return content


def forget(name: str, document_id: str, pieces: int) -> None:
    """Delete a document."""
    table.write_many(map(Delete, _keys(name, document_id, pieces)))


def _pieces(content: Content) -> list[str]:
    text = strict_json.canonical(content)
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _keys(name: str, document_id: str, pieces: int) -> list[Key]:
    return [(f"{name}#seed#{document_id}", f"{piece:04}") for piece in range(pieces)]
