"""What a sandbox is reset to, as its item notes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.sandbox import SeedName
from services.sandboxes import named_seeds, seed_documents
from services.sandboxes.content import Content

DOCUMENT: Final = "document"


@dataclass(frozen=True, slots=True)
class Seed:
    """The seed ``name``, and the ``number`` that generated data follows from; a document has an id and pieces
    (``services.sandboxes.seed_documents``)."""

    name: SeedName = "default"
    number: int = 0
    document_id: str | None = None
    pieces: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Seed":
        """The seed in a sandbox's item."""
        return cls(
            item.get("seed", "default"),
            item.get("seed_number", 0),
            item.get("seed_document"),
            item.get("seed_pieces", 0),
        )

    def to_attributes(self) -> dict[str, Any]:
        """The seed as attributes of the sandbox's item."""
        return {
            "seed": self.name,
            "seed_number": self.number,
            "seed_document": self.document_id,
            "seed_pieces": self.pieces,
        }

    @property
    def mark(self) -> str:
        """What is the same of equal seeds; a document that is given again is another."""
        return f"{self.name}#{self.number}#{self.document_id or ''}"

    def content(self, sandbox_name: str) -> Content | None:
        """What it holds; ``None`` for a document that has just been replaced."""
        if self.name == DOCUMENT:
            return seed_documents.read(sandbox_name, self.document_id or "", self.pieces)
        return named_seeds.content(self.name, self.number)

    def keep(self, sandbox_name: str, content: Content, purge_at: int | None) -> None:
        """Have its document kept until ``purge_at`` (seconds since 1970, ``None`` for ever); no other seed needs it."""
        if self.document_id is not None:
            seed_documents.keep(sandbox_name, self.document_id, content, purge_at)

    def forget(self, sandbox_name: str) -> None:
        """Delete its document."""
        if self.document_id is not None:
            seed_documents.forget(sandbox_name, self.document_id, self.pieces)
