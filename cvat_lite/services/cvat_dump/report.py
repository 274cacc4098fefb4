"""What an import has done, what it left out and what it did not understand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cvat_lite.services.cvat_dump.models import LEFT_OUT

#: What people count their work by, in the order of the first line.
COUNTED = {
    "auth.user": "user",
    "organizations.organization": "organization",
    "engine.project": "project",
    "engine.task": "task",
    "engine.job": "job",
    "engine.labeledimage": "tag",
    "engine.labeledshape": "shape",
    "engine.labeledtrack": "track",
    "engine.labeledinterval": "interval",
}


@dataclass(slots=True)
class Report:
    """Objects by model, and whatever a person has to know.

    ``unknown_models`` and ``unknown_fields`` were not understood; ``homeless`` are fields that are
    known and held something for which there is no place; ``notes`` are sentences.
    """

    models: Counter[str] = field(default_factory=Counter)
    unknown_models: Counter[str] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    homeless: Counter[str] = field(default_factory=Counter)
    files: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether everything in the dump was understood."""
        return not self.unknown_models and not self.unknown_fields

    def lines(self) -> Iterator[str]:
        """The report in lines for a terminal."""
        parts = [counted(self.models[name], word) for name, word in COUNTED.items()]
        yield f"Imported {', '.join(parts)} and {counted(self.files, 'file')}."
        yield from self.notes
        for name, reason in LEFT_OUT.items():
            if self.models[name]:
                yield f"left out: {name} ({counted(self.models[name], 'object')}): {reason}"
        for name, count in sorted(self.homeless.items()):
            yield f"left out: field {name} ({counted(count, 'object')}): there is no place for it"
        for name, count in sorted(self.unknown_models.items()):
            yield f"not understood: model {name} ({counted(count, 'object')})"
        for name, count in sorted(self.unknown_fields.items()):
            yield f"not understood: field {name} ({counted(count, 'object')})"


def counted(count: int, word: str) -> str:
    """A number with its word: ``1 task``, ``2 tasks``."""
    return f"{count} {word}{'' if count == 1 else 's'}"
