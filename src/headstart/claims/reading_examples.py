"""A recurrent network that reads examples is a learner: its error falls as it reads."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from headstart.claims._claim import Claim, Effect, Numbers, difference, means_of
from headstart.claims._lab import Lab
from headstart.claims._tasks import with_others_answers
from headstart.core import Episodes, Labelled
from headstart.learners.trained import TrainedLearner
from headstart.learners.training import meta_train
from headstart.records.claims import Curve, Panel
from headstart.records.record import Interval
from headstart.run.recipe import Recipe
from headstart.tasks.family import TaskFamily
from headstart.tasks.lines import Lines

READ = list(range(1, 11))  # examples
SHOWN = (1, 2, 10)  # of the line that is drawn
GRID = torch.linspace(-5, 5, 21)[None, :, None]
UNIT = "units of y"


def reader(lab: Lab, seed: int, tasks: TaskFamily) -> TrainedLearner:
    """A recurrent network that has been trained to read examples and then to predict."""
    steps = lab.pick(quick=500, full=4000, tiny=5)
    recipe = Recipe(steps=steps, lr=3e-3, weight_decay=0.0, seed=lab.derive("reader", seed))
    return meta_train("recurrent:units=64", replace(tasks, seed=lab.derive("lines", seed)), None, recipe)


def first(drawn: Episodes, rows: int) -> Episodes:
    """The same tasks with the first rows of their supports."""
    return Episodes(Labelled(drawn.support.x[:, :rows], drawn.support.y[:, :rows]), drawn.query)


def answers(trained: TrainedLearner, tasks: Episodes) -> Tensor:
    """What it says of the queries (tasks, q, 1) once it has read the supports; no weight changes."""
    return trained.predict(trained.adapt(tasks.support.x, tasks.support.y), tasks.query.x)


def measure(lab: Lab, seed: int) -> Numbers:
    """Errors on new lines after 1 to 10 examples: of the reader, of its control and of the best answers."""
    lines = Lines(shots=(1, 10), queries=10, tasks=16)
    control = reader(lab, seed, with_others_answers(lines))
    trained = control if lab.null else reader(lab, seed, lines)
    count = lab.pick(quick=300, full=1000, tiny=10)
    new = replace(lines, shots=10, queries=20, tasks=count, seed=lab.derive("new lines", seed))
    drawn = new.draw(0)
    found: Numbers = {}
    ways = {
        "reader": lambda tasks: answers(trained, tasks),
        "control": lambda tasks: answers(control, tasks),
        "best": new.best_answers,
    }
    for name, say in ways.items():
        errors = [float((say(some) - some.query.y).square().mean().sqrt()) for some in _each(drawn)]
        found |= {name: errors} | {f"{name} {rows}": errors[rows - 1] for rows in READ}
    found["x"], found["y"] = (one[0, :, 0].tolist() for one in (drawn.support.x, drawn.support.y))
    for rows in SHOWN:
        one = Episodes(Labelled(drawn.support.x[:1, :rows], drawn.support.y[:1, :rows]), Labelled(GRID, GRID))
        found[f"line {rows}"] = answers(trained, one).flatten().tolist()
        found["truth"] = new.best_answers(Episodes(Labelled(*_whole(drawn)), one.query)).flatten().tolist()
    return found


def _each(drawn: Episodes) -> list[Episodes]:
    return [first(drawn, rows) for rows in READ]


def _whole(drawn: Episodes) -> tuple[Tensor, Tensor]:
    """All rows of the first task, support and queries: the line that they give is as good as the true one."""
    support, query = drawn.support, drawn.query
    return torch.cat([support.x[:1], query.x[:1]], 1), torch.cat([support.y[:1], query.y[:1]], 1)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """A new line as it is read, and the errors by examples read."""
    grid = GRID.flatten().tolist()
    curves = [
        _line(f"after {rows} example{'s' * (rows > 1)}", grid, seeds[0][f"line {rows}"]) for rows in SHOWN
    ]
    curves.append(_line("best fit of 30 points", grid, seeds[0]["truth"], dashed=True))
    x, y = seeds[0]["x"], seeds[0]["y"]
    assert isinstance(x, list)
    assert isinstance(y, list)
    points = [list(one) for one in zip(x, y, strict=True)]
    errors = [
        Curve("recurrent network", [*map(float, READ)], means_of(seeds, "reader")),
        Curve("trained with answers of other lines", [*map(float, READ)], means_of(seeds, "control")),
        Curve("best possible", [*map(float, READ)], means_of(seeds, "best"), dashed=True),
    ]
    return [
        Panel("A new line as it is read", "y", "x", curves=curves, points=points, share=False),
        Panel(
            "Error on 300 new lines", f"root mean squared error, {UNIT}", "examples read", errors, share=False
        ),
    ]


def _line(name: str, x: list[float], y: object, dashed: bool = False) -> Curve:
    assert isinstance(y, list)
    return Curve(name, x, [Interval(value, value, value) for value in y], dashed=dashed)


CLAIM = Claim(
    number=25,
    name="reading-examples",
    title="A recurrent network that reads examples is a learner",
    statement=(
        "A recurrent network reads examples (x, y) of a new line, one after the other, and no weight of it "
        "changes. Its error on other points of the line falls as it reads, and falls below that of a network "
        "that was trained with answers of other lines."
    ),
    paper="doi:10.1007/3-540-44668-0_13",
    data="Made up: lines of random slope and intercept with noise; new ones to test, 20 points of each.",
    compared=(
        "The same network after 1, 3 and 10 examples; and one that was trained in the same way on lines "
        "whose examples have the answers of another line, so that reading tells nothing."
    ),
    null="trained with answers of other lines",
    holds="Where tasks come in great numbers, train a network to learn: a new one then needs no gradient.",
    fails="It was trained on too few tasks or steps to use what it reads: learn each task by gradients.",
    effects=(
        Effect("Error after 1 example, less that after 3", difference("reader 1", "reader 3"), unit=UNIT),
        Effect("Error after 3 examples, less that after 10", difference("reader 3", "reader 10"), unit=UNIT),
        Effect(
            "Error after 10 examples of a network trained with answers of other lines, less its own",
            difference("control 10", "reader 10"),
            unit=UNIT,
        ),
    ),
    measure=measure,
    draw=draw,
)
