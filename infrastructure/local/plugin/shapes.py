"""Declarations of properties: the kind of value, its rules, and its name in AWS's API.

A property has its name in the Pulumi schema (``retentionInDays``). Its name in the API follows by the ``Naming`` of
the type (``RetentionInDays``) unless the declaration gives another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

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


def string(
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    default: str | None = None,
    computed: bool = False,
    virtual: bool = False,
    autoname: bool = False,
    choices: tuple[str, ...] = (),
) -> Property:
    """A string."""
    return Property(
        kind="string",
        api=api,
        required=required,
        replaces=replaces,
        default=default,
        computed=computed,
        virtual=virtual,
        autoname=autoname,
        choices=choices,
    )


def number(
    api: str | None = None,
    *,
    required: bool = False,
    default: float | None = None,
    computed: bool = False,
    virtual: bool = False,
) -> Property:
    """An integer or a floating-point number."""
    return Property(
        kind="number", api=api, required=required, default=default, computed=computed, virtual=virtual
    )


def boolean(
    api: str | None = None,
    *,
    required: bool = False,
    default: bool = False,
    virtual: bool = False,
    choices: tuple[bool, ...] = (),
) -> Property:
    """A boolean."""
    return Property(
        kind="boolean", api=api, required=required, default=default, virtual=virtual, choices=choices
    )


def json_string(api: str | None = None, *, required: bool = False, replaces: bool = False) -> Property:
    """JSON text, compared by content."""
    return Property(kind="json", api=api, required=required, replaces=replaces)


def list_of(
    item: Property,
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    computed: bool = False,
    single: bool = False,
) -> Property:
    """A list."""
    return Property(
        kind="list",
        item=item,
        api=api,
        required=required,
        replaces=replaces,
        computed=computed,
        single=single,
    )


def set_of(
    item: Property,
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    computed: bool = False,
) -> Property:
    """A list whose order does not matter."""
    return Property(kind="set", item=item, api=api, required=required, replaces=replaces, computed=computed)


def string_map(
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    virtual: bool = False,
    pairs: tuple[str, str] | None = None,
) -> Property:
    """A map of strings."""
    return Property(
        kind="map",
        item=string(),
        api=api,
        required=required,
        replaces=replaces,
        virtual=virtual,
        pairs=pairs,
    )


def block(
    fields: Mapping[str, Property],
    api: str | None = None,
    *,
    required: bool = False,
    computed: bool = False,
    default: Value = None,
) -> Property:
    """An object with declared fields."""
    return Property(
        kind="block", fields=fields, api=api, required=required, computed=computed, default=default
    )


def pascal(name: str) -> str:
    """The naming of most APIs: ``retentionInDays`` → ``RetentionInDays``."""
    return name[:1].upper() + name[1:]


def camel(name: str) -> str:
    """The naming of ECR and CloudWatch Logs: ``retentionInDays`` as it is."""
    return name


def api_name(name: str, declared: Property, naming: Naming) -> str:
    """The name of property ``name`` in the API."""
    return declared.api or naming(name)
