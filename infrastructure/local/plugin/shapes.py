"""Declarations of properties: the kind of value, its rules, and its name in AWS's API.

A property has its name in the Pulumi schema (``retentionInDays``). Its name in the API follows by the ``Naming`` of
the type (``RetentionInDays``) unless the declaration gives another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack

from infrastructure.local.plugin.values import Value

type Kind = Literal["string", "number", "boolean", "json", "list", "set", "map", "block"]
type Naming = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property, or one item of a list.

    ``api``       its name in the API, where the naming does not give it.
    ``required``  the program has to set it, even where the official plugin does not demand it.
    ``replaces``  a change replaces the resource, as with the official plugin.
    ``default``   AWS's value where the program sets none; another one is then a change by hand.
    ``computed``  AWS chooses it where the program sets none, and then no value is a change by hand.
    ``virtual``   is for the plugin alone and never sent.
    ``autoname``  is made of the resource's name and a random suffix where the program sets none.
    ``choices``   the only supported values.
    ``single``    a list in the schema, its only item in the API.
    ``pairs``     a map in the schema, a list of objects with these two keys in the API.
    """

    kind: Kind
    api: str | None = None
    required: bool = False
    replaces: bool = False
    default: Value = None
    computed: bool = False
    virtual: bool = False
    autoname: bool = False
    choices: tuple[str | bool, ...] = ()
    single: bool = False
    pairs: tuple[str, str] | None = None
    item: "Property | None" = None
    fields: Mapping[str, "Property"] = field(default_factory=dict)


class Rules(TypedDict, total=False):
    """The optional fields of a ``Property``, whichever its kind."""

    required: bool
    replaces: bool
    default: Value
    computed: bool
    virtual: bool
    autoname: bool
    choices: tuple[str | bool, ...]
    single: bool
    pairs: tuple[str, str]


def string(api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """A string."""
    return Property(kind="string", api=api, **rules)


def number(api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """An integer or a floating-point number."""
    return Property(kind="number", api=api, **rules)


def boolean(api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """A boolean, ``False`` by default."""
    rules.setdefault("default", False)
    return Property(kind="boolean", api=api, **rules)


def json_string(api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """JSON text, compared by content."""
    return Property(kind="json", api=api, **rules)


def list_of(item: Property, api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """A list."""
    return Property(kind="list", item=item, api=api, **rules)


def set_of(item: Property, api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """A list whose order does not matter."""
    return Property(kind="set", item=item, api=api, **rules)


def string_map(api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """A map of strings."""
    return Property(kind="map", item=string(), api=api, **rules)


def block(fields: Mapping[str, Property], api: str | None = None, **rules: Unpack[Rules]) -> Property:
    """An object with declared fields."""
    return Property(kind="block", fields=fields, api=api, **rules)


def pascal(name: str) -> str:
    """The naming of most APIs: ``retentionInDays`` → ``RetentionInDays``."""
    return name[:1].upper() + name[1:]


def camel(name: str) -> str:
    """The naming of ECR and CloudWatch Logs: ``retentionInDays`` as it is."""
    return name


def api_name(name: str, declared: Property, naming: Naming) -> str:
    """The name of property ``name`` in the API."""
    return declared.api or naming(name)
