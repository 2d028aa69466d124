"""What is written down of a session when it is finished."""

from dataclasses import dataclass

from headstart.records.record import Interval, Record
from headstart.studies._spec import StudyRecord
from headstart.studies.evaluate import ClassFigures


@dataclass(frozen=True)
class LeftOut(Record):
    """An example that the model without it answers wrongly."""

    number: int  # of the example
    item: str  # its name
    picture: str  # a small copy, as a data URI; "" of texts
    text: str  # "" of pictures
    truth: str
    answer: str
    confidence: float  # the probability of the answer


@dataclass(frozen=True, kw_only=True)
class Lesson(StudyRecord):
    """A session's examples, and how good the model that learned them is."""

    task: str  # name of the folder
    kind: str  # of the examples: "pictures" or "texts"
    backbone: str
    method: str
    classes: list[str]  # in the order of the model's outputs
    rows: int  # examples
    copied: int  # examples that are near duplicates of another one
    accuracy: Interval | None  # leave-one-out; None where it can't be measured
    missing: str  # why not
    constant: float  # the share of the largest class
    confusion: list[list[int]]  # truth x answer
    per_class: list[ClassFigures]
    mistakes: list[LeftOut]  # the most confident ones first
    wrong: int  # examples that are answered wrongly
