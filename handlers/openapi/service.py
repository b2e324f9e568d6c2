"""The routes that tell about the service itself."""

from collections.abc import Mapping
from typing import Final

from handlers import swagger_ui
from handlers.openapi.operation import Answer, Operation, Parameter
from handlers.openapi.samples import META
from models.responses import APIResponse, Health, Root
from utils.errors import NotFoundException
from utils.http import HTML_TYPE
from utils.version import VERSION

_HEALTH: Final = Health("ok", "20260101-120000-0123abcd", {"table": "ok"})
_DOWN: Final = Health("unavailable", "20260101-120000-0123abcd", {"table": "unavailable"})
_ROOT: Final = Root(
    "PSN Partner Emulator",
    VERSION,
    f"{VERSION}+0f3c9e1d2b4a",
    "dev",
    {"self": "https://api.example/", "players": "https://api.example/players"},
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "root": Operation(
        tag="Service",
        summary="Name, version and links",
        answers={200: Answer("What this is and where to go.", APIResponse[Root], APIResponse(_ROOT, META))},
    ),
    "healthz": Operation(
        tag="Service",
        summary="Whether the service works",
        answers={
            200: Answer("Every dependency answers.", Health, _HEALTH),
            503: Answer("A dependency does not answer.", Health, _DOWN),
        },
    ),
    "openapi": Operation(
        tag="Service",
        summary="This document",
        description="It is made of the routes and models that serve. In prod there is none.",
        answers={200: Answer("The OpenAPI 3.1 document.", dict[str, object], {"openapi": "3.1.1"})},
        errors=(NotFoundException,),
    ),
    "docs": Operation(
        tag="Service",
        summary="A page to read this document on, and to try it",
        answers={200: Answer("The page.", str, "<!doctype html>…", (HTML_TYPE,))},
        errors=(NotFoundException,),
    ),
    "docs-file": Operation(
        tag="Service",
        summary="What the page is made of",
        parameters=(Parameter("file", "path", "The file's name.", example="docs.css", required=True),),
        answers={
            200: Answer(
                "The file.", str, "header { color: #fff; }", tuple(sorted({*swagger_ui.FILES.values()}))
            )
        },
        errors=(NotFoundException,),
    ),
}
