"""The query parameters that all collections share, for the document."""

from __future__ import annotations

from collections.abc import Sequence

from cvat_lite.api.declare import Parameter, header, query
from cvat_lite.store.filters import Collection, Field, Kind

KINDS = {
    Kind.INTEGER: "integer",
    Kind.TEXT: "string",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "string",
    Kind.REAL: "number",
}

ORGANIZATION: tuple[Parameter, ...] = (
    header("X-Organization", "Organization unique slug"),
    query("org", description="Organization unique slug"),
    query("org_id", "integer", "Organization identifier"),
)


def list_parameters(
    collection: Collection,
    more: Sequence[Parameter] = (),
    organization: Sequence[Parameter] = ORGANIZATION,
) -> tuple[Parameter, ...]:
    """Organization, page, search, sort, filter, and the simple filters of a collection.

    A simple filter that is called as a parameter of the organization is that parameter.
    """
    found = list(organization)
    taken = {parameter["name"] for parameter in organization}
    if collection.filter:
        text = f"JSON Logic over: {', '.join(collection.filter)}"
        found.append(query("filter", description=text))
    found.append(query("page", "integer", "A page number within the paginated result set."))
    found.append(query("page_size", "integer", "Number of results to return per page."))
    if collection.search:
        found.append(query("search", description=f"Search in: {', '.join(collection.search)}"))
    if collection.ordering:
        text = f"Sort by: {', '.join(collection.ordering)}; with - in front, descending"
        found.append(query("sort", description=text))
    found.extend(
        simple_parameter(name, collection.fields[name])
        for name in collection.simple
        if name not in taken
    )
    found.extend(more)
    return tuple(sorted(found, key=lambda parameter: str(parameter["name"]).lower()))


def simple_parameter(name: str, field: Field) -> Parameter:
    """The parameter that keeps the rows with one value of a field."""
    if field.choices:
        return query(name, KINDS[field.kind], enum=[str(choice) for choice in field.choices])
    return query(name, KINDS[field.kind])
