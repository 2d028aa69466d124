"""Why a model gave an answer, as plain data."""

from dataclasses import dataclass, field

from headstart.records.record import Record

EXAMPLES = "examples.safetensors"  # file of a run: the training rows that it keeps
EXPLANATIONS = "explanations.json"  # likewise: a few answers on the test part, explained


@dataclass(frozen=True)
class Contribution(Record):
    """What a word or a column contributes to the value that is explained."""

    name: str  # the word, or the name of the column
    value: str  # of the column in this row; "" of words
    contribution: float  # in the unit of the value
    error: float | None = None  # standard error over what was drawn; None if nothing was


@dataclass(frozen=True)
class HeatMap(Record):
    """What the places of a picture contribute to the value that is explained."""

    contributions: list[list[float]]  # rows from the top, columns from the left
    tops: list[int]  # first pixel of each row
    lefts: list[int]  # first pixel of each column
    size: list[int]  # height and width of a place in pixels
    picture: list[int]  # height and width of the picture as the model takes it


@dataclass(frozen=True)
class Neighbour(Record):
    """A training example that the model takes for similar."""

    item: str  # its name
    label: str
    similarity: float  # cosine of the features, in [-1, 1]
    text: str = ""  # the first words of a text, or a few cells of a table
    path: str = ""  # of its file, if it has one; in an archive such as "/data/pets.zip/cat/1.png"


@dataclass(frozen=True)
class Explanation(Record):
    """Why a model gave an answer for one item."""

    item: str  # its name
    predicted: str  # in words
    output: str  # the class, tag or number that is explained
    value: float  # its log-odds, log(p / (1 - p)) of the probability p, or the number
    base: float | None  # what the contributions add up from to the value; None if they do not add up
    attribution: str  # how contributions were computed
    parts: list[Contribution] = field(default_factory=list)  # words in their order, or columns
    map: HeatMap | None = None  # of pictures
    neighbours: list[Neighbour] = field(default_factory=list)  # the most similar first
    probability: float | None = None  # of the output; None of numbers, and where `value` is one (schema 1)

    def strongest(self, count: int) -> list[Contribution]:
        """The words or columns that contribute most, either way."""
        return sorted(self.parts, key=lambda part: -abs(part.contribution))[:count]

    @property
    def peak(self) -> tuple[int, int] | None:
        """The row and column of the map that contributes most; None if there is no map."""
        if self.map is None:
            return None
        places = [
            (value, -i, -j) for i, row in enumerate(self.map.contributions) for j, value in enumerate(row)
        ]
        _, i, j = max(places)
        return -i, -j


@dataclass(frozen=True)
class ColumnImportance(Record):
    """How much the metric loses if a column is permuted among the labelled rows."""

    name: str
    mean: float  # what is lost, in the unit of the metric; > 0: the model needs the column
    deviation: float  # standard deviation over the permutations


@dataclass(frozen=True)
class RunExplanations(Record):
    """A few answers of a run's model on the test part, and what columns are worth there."""

    kind: str  # of the rows
    label_kind: str
    explanations: list[Explanation]
    truths: list[str]  # their labels
    metric: str  # of the importance; "" where no columns were permuted
    score: float | None  # of the test part
    importance: list[ColumnImportance]  # the most important first
