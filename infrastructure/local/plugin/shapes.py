"""What a property may hold and how it is called on AWS's side.

A declaration names a property as the Pulumi schema does (``retentionInDays``); its name in the API follows by
rule (``RetentionInDays``, or the same where the API writes its names so too) unless the declaration says it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from infrastructure.local.plugin.values import Value

type Kind = Literal["text", "number", "flag", "document", "list", "set", "map", "block"]
type Naming = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property, or one item of a list.

    ``api``       its name in the API, where the rule does not give it.
    ``required``  the program has to say it; the official plugin may be content without.
    ``replaces``  a change of it makes a new resource, as with the official plugin.
    ``default``   what AWS has when the program says nothing; a change by hand away from it is drift.
    ``computed``  AWS chooses it when the program says nothing, and then nothing is drift.
    ``virtual``   steers the plugin and is never sent.
    ``autoname``  gets the resource's name and a random suffix when the program says nothing.
    ``choices``   the only values that this plugin supports.
    ``single``    a list here, its only item there.
    ``pairs``     a map here, a list of objects with these two names there.
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


def text(
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
        kind="text",
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


def flag(
    api: str | None = None,
    *,
    required: bool = False,
    default: bool = False,
    virtual: bool = False,
    choices: tuple[bool, ...] = (),
) -> Property:
    """A boolean, ``default`` when the program says nothing."""
    return Property(
        kind="flag", api=api, required=required, default=default, virtual=virtual, choices=choices
    )


def document(api: str | None = None, *, required: bool = False, replaces: bool = False) -> Property:
    """A JSON text; two that say the same are equal, however they are written."""
    return Property(kind="document", api=api, required=required, replaces=replaces)


def many(
    item: Property,
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    computed: bool = False,
    single: bool = False,
) -> Property:
    """A list whose order matters."""
    return Property(
        kind="list",
        item=item,
        api=api,
        required=required,
        replaces=replaces,
        computed=computed,
        single=single,
    )


def unordered(
    item: Property,
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    computed: bool = False,
) -> Property:
    """A list whose order says nothing."""
    return Property(kind="set", item=item, api=api, required=required, replaces=replaces, computed=computed)


def table(
    api: str | None = None,
    *,
    required: bool = False,
    replaces: bool = False,
    virtual: bool = False,
    pairs: tuple[str, str] | None = None,
) -> Property:
    """Strings by keys of the program's own."""
    return Property(
        kind="map",
        item=text(),
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
    """``retentionInDays`` → ``RetentionInDays``: how most of AWS's APIs write their names."""
    return name[:1].upper() + name[1:]


def camel(name: str) -> str:
    """``retentionInDays`` as it is: ECR's and CloudWatch Logs' way."""
    return name


def api_name(name: str, declared: Property, naming: Naming) -> str:
    """The name of property ``name`` in the API."""
    return declared.api or naming(name)
