"""The record of labels that are probably wrong, `label_errors.json` in the run folder."""

from dataclasses import dataclass, field
from typing import Any

from headstart.records.record import Record

FILE = "label_errors.json"
SHOWN = 5  # rows in its `repr`


@dataclass(frozen=True)
class LabelError:
    """A row of the training part whose label is probably wrong."""

    item: str  # file name or row
    label: str  # as it is given: a class; several tags or numbers with ";" between them
    suggestion: str  # likewise, with what is probably wrong replaced
    quality: float  # of the label, in [0, 1]: the lower, the more probably it is wrong
    predicted: dict[str, float]  # probabilities of the likeliest classes or of the tags, or the numbers
    picture: str = ""  # file in the run folder, relative; "" if there is none
    text: str = ""  # what was read, if the samples are texts


@dataclass(frozen=True)
class ClassPair:
    """Rows of one class that are estimated to be of another."""

    label: str  # as they are given; of tags "red" or "not red"
    truth: str
    rows: int  # estimated


@dataclass(frozen=True)
class LabelErrors(Record):
    """Labels of the training part that are probably wrong, by out-of-fold predictions; worst first."""

    headstart: str  # version
    task: str  # name of the data
    kind: str  # what the samples are
    label_kind: str  # "classes", "tags" or "numbers"
    classes: list[str]
    method: str  # whose out-of-fold predictions they are, in words
    checked: int  # rows that have such a prediction
    estimated: int  # labels that are estimated to be wrong
    found: int  # rows with a label that is probably wrong; the worst of them are in `rows`
    decided: int = 0  # rows that label fixes have decided before; they are not listed again
    pairs: list[ClassPair] = field(default_factory=list)  # the most frequent ones
    rows: list[LabelError] = field(default_factory=list)  # at most 200

    def __repr__(self) -> str:
        """How many there are, and the worst."""
        several = "label is" if self.checked == 1 else "labels are" if self.found != 1 else "labels is"
        first = [
            f"\n{each.item}: {self._said(each.label)}, perhaps {self._said(each.suggestion)} "
            f"(quality {each.quality:.2f})"
            for each in self.rows[:SHOWN]
        ]
        more = [f"\nand {self.found - SHOWN:,} more"] if self.found > SHOWN else []
        return "".join([f"{self.found:,} of {self.checked:,} {several} probably wrong", *first, *more])

    def _said(self, label: str) -> str:
        """A label; numbers with four digits."""
        if self.label_kind != "numbers":
            return label
        return ";".join(f"{float(value):.4g}" for value in label.split(";"))

    def __len__(self) -> int:
        """The rows that are listed."""
        return len(self.rows)

    def columns(self) -> dict[str, list[Any]]:
        """The rows as columns by name, for `pandas.DataFrame(...)`."""
        names = ("item", "label", "suggestion", "quality")
        return {name: [getattr(row, name) for row in self.rows] for name in names}
