"""Prompt search: which of several prompts is best on labelled training rows, and whether they differ."""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.core import BadInput, Model
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import folds
from headstart.data.train_test_split import training_rows
from headstart.metrics.intervals import Interval, paired, score_one
from headstart.models.backbone import AnyBackbone
from headstart.session.inputs import fit_to_data
from headstart.session.session import Session

CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")


@dataclass(frozen=True)
class PromptScore:
    """A prompt on the training rows.

    Attributes:
        prompt: as it was given.
        score: of the metric, with its 95 % interval.
        behind: the chosen prompt's score less this one's, on the same rows in pairs.
    """

    prompt: str
    score: Interval
    behind: Interval


@dataclass(frozen=True)
class PromptSearch:
    """The prompts, the best first, and what the search is worth.

    Attributes:
        scores: of all prompts.
        model: of the chosen prompt, `scores[0]`.
        searched: score of the whole search: each fold is answered by the prompt that is best on the others,
            so that choosing the luckiest prompt does not count.
        rows: labelled rows.
        metric: of the scores.
    """

    scores: tuple[PromptScore, ...]
    model: Model
    searched: Interval
    rows: int
    metric: str

    @property
    def tied(self) -> tuple[str, ...]:
        """The prompts that are not clearly behind the chosen one, itself among them."""
        return tuple(each.prompt for each in self.scores if each.behind.low <= 0)

    def __str__(self) -> str:
        """A line for each prompt, and whether they differ."""
        lines = [
            f"{each.score.value:.3f} [{each.score.low:.3f}, {each.score.high:.3f}]  {each.prompt}"
            for each in self.scores
        ]
        name = self.metric.replace("_", " ")
        tied = len(self.tied)
        alone = f"The first prompt is ahead of all others on {self.rows} rows."
        lines.append(
            f"{tied} of {len(self.scores)} prompts do not differ clearly on {self.rows} rows."
            if tied > 1
            else alone
        )
        low, high = self.searched.low, self.searched.high
        lines.append(f"The search has {name} {self.searched.value:.3f} [{low:.3f}, {high:.3f}].")
        return "\n".join(lines)


def expand_prompts(grammar: str) -> tuple[str, ...]:
    """All prompts of a small grammar: of each part (one|other|) in parentheses one alternative, maybe empty.

    >>> expand_prompts("{} (It|That) was [MASK].")
    ('{} It was [MASK].', '{} That was [MASK].')
    """
    pieces = CHOICE.split(grammar)
    choices = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    return tuple(dict.fromkeys(" ".join("".join(some).split()) for some in itertools.product(*choices)))


def search_prompts(
    make: Callable[[str], Model],
    prompts: str | Sequence[str],
    data: Any,
    *,
    metric: str = "balanced_accuracy",
    k: int = 5,
    seed: int = 0,
) -> PromptSearch:
    """Compare models that differ in their prompt on labelled rows, without training any.

    Args:
        make: function from a prompt to its model, such as
            `lambda pattern: hs.models.cloze(folder, words, pattern)`; its classes are those of the data.
        prompts: two or more, or a grammar for `expand_prompts`.
        data: what `hs.data.load` takes, or what it gave. Rows that its own split keeps for a test are
            not read.
        metric: of classes, as `adapt` takes it.
        k: folds of the cross-validation, >= 2.
        seed: of the folds and of intervals that are drawn.

    Raises:
        BadInput: fewer than two prompts, or a model has other classes than the data.
        BadData: nothing readable.
    """
    given = expand_prompts(prompts) if isinstance(prompts, str) else tuple(dict.fromkeys(prompts))
    if len(given) < 2:
        raise BadInput(f"There are {len(given)} prompts to choose from. Give two or more.")
    dataset = data if isinstance(data, Dataset) else load(data)
    rows = training_rows(dataset)
    labels = dataset.labels[rows]
    models = [make(prompt) for prompt in given]
    answers = np.stack([_outputs(model, dataset, rows) for model in models])
    groups = dataset.groups_of(rows)

    def score(outputs: Any, some: Any) -> float:
        return score_one(outputs[some], labels[some], seed, metric=metric).value

    everything = np.arange(len(rows))
    order = np.argsort([-score(one, everything) for one in answers], kind="stable")
    fold = folds(labels, groups, k, seed)
    honest = np.empty_like(answers[0])
    for part in range(k):
        others, mine = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        honest[mine] = answers[int(np.argmax([score(one, others) for one in answers]))][mine]
    best = answers[order[0]]
    scores = tuple(
        PromptScore(
            given[place],
            score_one(answers[place], labels, seed, metric=metric, groups=groups),
            paired(best, answers[place], labels, seed, metric=metric, groups=groups),
        )
        for place in order
    )
    searched = score_one(honest, labels, seed, metric=metric, groups=groups)
    return PromptSearch(scores, models[order[0]], searched, len(rows), metric)


def _outputs(model: Model, data: Dataset, rows: Any) -> Any:
    """Probabilities (n, classes) of rows, with the classes in the order of the data."""
    if set(model.classes) != set(data.classes):
        raise BadInput(
            f"The model has the classes {', '.join(model.classes)}, the data {', '.join(data.classes)}. "
            "Give words or prompts for those of the data."
        )
    assert isinstance(model.backbone, AnyBackbone)
    session = Session(fit_to_data(model.backbone, data), data)
    outputs = session.logits(Model(session.backbone, model.head), rows).softmax(1).numpy()
    return outputs[:, [model.classes.index(name) for name in data.classes]]
