"""What is done and asked when all rows are there: attributes, references, contradictions."""

from __future__ import annotations

from cvat_lite.domain.annotations import AttributeValue
from cvat_lite.services.cvat_dump.errors import DumpError
from cvat_lite.services.cvat_dump.known import Known
from cvat_lite.services.cvat_dump.labeled import VALUES, specs_of
from cvat_lite.services.cvat_dump.models import MODELS
from cvat_lite.services.cvat_dump.report import Report, counted
from cvat_lite.store.importing import BATCH, Filling

#: The model whose objects are the rows of a table.
MODEL_OF = {table.name: one.name for one in MODELS.values() for table in one.tables}


def finish_attributes(store: Filling, known: Known, report: Report) -> None:
    """Lay the attribute values over the defaults, so that each annotation has all of its own."""
    for changing, specs in known.attributes.mutable.items():
        if specs.defaults:
            store.set_defaults(changing, specs.default_text)
    store.sort_values()
    for table, model in VALUES.items():
        strange = 0
        ready: list[tuple[str, int]] = []
        for owner, label_id, values in store.values(table):
            if label_id is None:
                raise DumpError(f"{model.name} {values[0][0]}: its object {owner} is not there")
            own = specs_of(known.attributes, table, label_id)
            strange += sum(spec not in own.defaults for _, spec, _ in values)
            text = own.filled([AttributeValue(spec, value) for _, spec, value in values])
            ready.append((text, owner))
            if len(ready) >= BATCH:
                store.set_attributes(table, ready)
                ready.clear()
        store.set_attributes(table, ready)
        if strange:
            report.notes.append(
                f"left out: {counted(strange, 'object')} of {model.name}, whose attribute is none "
                "that such an annotation of that label has"
            )


def check(store: Filling) -> None:
    """DumpError for the first object that refers to nothing or contradicts another."""
    lost = store.connect_related()
    if lost is not None:
        raise DumpError(f"engine.relatedfile {lost[0]}: its image {lost[1]} is not in the dump")
    for broken in store.broken_references():
        model = MODEL_OF.get(broken.table, broken.table)
        parent = MODEL_OF.get(broken.parent, broken.parent)
        key = f" {broken.key}" if broken.key is not None else ""
        value = f" {broken.value}" if broken.value is not None else ""
        raise DumpError(f"{model}{key}: its {broken.column}, {parent}{value}, is not in the dump")
    for flawed, number, why in store.flaws():
        raise DumpError(f"{flawed} {number}: {why}")
