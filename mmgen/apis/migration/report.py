"""What a migration did, line by line, and what is left for a person."""
from dataclasses import dataclass, field

# The migration notes of MMGeneration 1.x, by their headings.
SECTIONS = ('New dependencies', 'Runner and schedule',
            'Evaluation and testing', 'Distributed training', 'Optimizer',
            'Learning rate schedule', 'Visualization', 'AMP training',
            'Data settings', 'Runtime setting')

# Exit codes of the tools.
ALL_DONE = 0
REFUSED = 2
MUST_LOOK = 3

MODELS = 'models and losses'
FAULTS = 'faults of 1.x'

DONE = 'Translated'
LEFT = 'Left out, nothing is lost'
LOOK = 'A person must look'


@dataclass(frozen=True)
class Entry:
    """A line of the report.

    Attributes:
        kind: One of `DONE`, `LEFT` and `LOOK`.
        section: Number of the section that says so, or what it is about where
            none does.
        text: What became of what, and why.
    """

    kind: str
    section: int | str
    text: str

    def __str__(self) -> str:
        where = self.section
        if isinstance(where, int):
            where = f'section {where}, {SECTIONS[where]}' if where \
                else SECTIONS[0]
        return f'[{where}] {self.text}'


@dataclass
class Report:
    """The lines, and the comments that belong into the new file.

    Attributes:
        entries: In the order in which they were found.
        comments: Dotted path of a setting of the new config to the texts that
            stand above it.
    """

    entries: list[Entry] = field(default_factory=list)
    comments: dict[str, list[str]] = field(default_factory=dict)

    def done(self, section: int | str, text: str) -> None:
        """Something has its equal now."""
        self._add(Entry(DONE, section, text))

    def left(self, section: int | str, text: str) -> None:
        """Something has no equal and needs none."""
        self._add(Entry(LEFT, section, text))

    def look(self, section: int | str, text: str, at: str) -> None:
        """Something a person must decide; ``at``, the new setting."""
        self._add(Entry(LOOK, section, text))
        texts = self.comments.setdefault(at, [])
        if text not in texts:
            texts.append(text)

    def rest(self, section: int | str, where: str, settings: dict,
             at: str) -> None:
        """Name what nothing has asked for in a dict of the old config."""
        for key, value in settings.items():
            self.look(section, f'{where}.{key}={value!r} is not known and is '
                      'not taken over.', at)

    def _add(self, entry: Entry) -> None:
        if entry not in self.entries:
            self.entries.append(entry)

    @property
    def status(self) -> int:
        """The exit code."""
        looked = any(entry.kind == LOOK for entry in self.entries)
        return MUST_LOOK if looked else ALL_DONE

    def __str__(self) -> str:
        lines = []
        for kind in (DONE, LEFT, LOOK):
            found = [entry for entry in self.entries if entry.kind == kind]
            lines += [f'{kind}: {len(found)}', *(f'  {e}' for e in found)]
        return '\n'.join(lines)
