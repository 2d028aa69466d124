"""What the page shows of single tasks: functions before and after some points, and an example of classes."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from headstart.core import Labelled
from headstart.core.label_kind import LabelKind
from headstart.data.dataset import Dataset
from headstart.learners.evaluation import drawn_for_tests
from headstart.learners.trained import TrainedLearner
from headstart.studies._pictures import write_picture
from headstart.studies.episodes import DrawnFunction, ExampleTask, FunctionLine, ShownRow
from headstart.studies.episodes.families import Part
from headstart.tasks.family import TaskFamily
from headstart.tasks.register import family_names

READ = (0, 1, 2, 5, 10)  # points
FINE = 120  # points of a drawn function
EACH = 2  # queries that are shown of a class
MOST = 3  # rows of the support that are shown of a class
FOLDER, SIDE, QUALITY = "pictures", 96, 90  # of pictures: pixels of the longer side, and WebP's quality


def is_drawn(part: Part) -> bool:
    """Whether tasks are functions of one number, of which any point can be drawn."""
    tasks = part.family
    kind: LabelKind = tasks.kind
    return kind == "numbers" and tasks.shape == (1,) and tasks.outputs == 1 and type(tasks) in _by_settings()


def _by_settings() -> set[type[TaskFamily]]:
    return set(family_names().values())


def functions(learners: Mapping[str, TrainedLearner], tasks: TaskFamily) -> list[DrawnFunction]:
    """The first test task, as learners draw it after some points."""
    some = replace(tasks, shots=max(READ), queries=FINE)
    (drawn,) = drawn_for_tests(some, 1)
    order = drawn.query.x[0, :, 0].argsort()
    x, truth = drawn.query.x[:, order], drawn.query.y[0, order, 0]
    found = []
    for read in READ:
        support = Labelled(drawn.support.x[:, :read], drawn.support.y[:, :read])
        lines = []
        for name, learner in learners.items():
            y = _drawn(learner, support, x)
            if y is not None:
                lines.append(FunctionLine(name, _rounded(y)))
        points = [
            [round(float(v), 4) for v in pair]
            for pair in zip(support.x.flatten(), support.y.flatten(), strict=True)
        ]
        found.append(DrawnFunction(read, _rounded(x[0, :, 0]), _rounded(truth), points, lines))
    return found


def example(learners: Mapping[str, TrainedLearner], part: Part, folder: Path | None) -> ExampleTask | None:
    """The first test task of labelled rows, and what learners say; pictures go into the folder."""
    numbered = part.numbered()
    if numbered is None or part.data is None:
        return None
    (drawn,), (places,) = drawn_for_tests(part.family, 1), drawn_for_tests(numbered, 1)
    said = {}
    for name, learner in learners.items():
        logits = learner.predict(learner.adapt(drawn.support.x, drawn.support.y), drawn.query.x)
        said[name] = logits[0].argmax(-1)
    support, queries = _places(places.support), _places(places.query)
    names = {int(y): part.data.said(row) for row, y in zip(support, drawn.support.y[0], strict=True)}
    shown = _Shown(part.data, folder)
    return ExampleTask(
        [shown.row(support[at], {}) for at in _some(drawn.support.y[0], MOST)],
        [
            shown.row(queries[at], {name: names[int(answer[at])] for name, answer in said.items()})
            for at in _some(drawn.query.y[0], EACH)
        ],
    )


class _Shown:
    """Rows of the data, whose pictures are written once each."""

    def __init__(self, data: Dataset, folder: Path | None) -> None:
        self.data, self.folder, self.count = data, folder, 0

    def row(self, row: int, answers: dict[str, str]) -> ShownRow:
        """A row with its picture, if there is one."""
        picture = self.data.picture(row) if self.folder is not None else None
        name = ""
        if picture is not None and self.folder is not None:
            name = f"{FOLDER}/row-{self.count:02d}.webp"
            self.count += 1
            (self.folder / FOLDER).mkdir(exist_ok=True)
            picture.thumbnail((SIDE, SIDE))
            write_picture(picture, self.folder / name, QUALITY)
        return ShownRow(self.data.named(row), self.data.said(row), name, answers)


def _some(y: Tensor, most: int) -> list[int]:
    """Places of the first rows of each class, class by class."""
    return [int(at) for number in range(int(y.max()) + 1) for at in (y == number).nonzero()[:most, 0]]


def _places(rows: Labelled) -> list[int]:
    return [int(place) for place in rows.x[0, :, 0]]


def _drawn(learner: TrainedLearner, support: Labelled, x: Tensor) -> Tensor | None:
    """A function after some points; None where a learner has none before it has read a point."""
    with suppress(RuntimeError, IndexError, ValueError):
        y = learner.predict(learner.adapt(support.x, support.y), x)[0, :, 0]
        return y if bool(y.isfinite().all()) else None
    return None


def _rounded(values: Tensor) -> list[float]:
    return [round(float(value), 4) for value in values]
