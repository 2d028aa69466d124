"""Votes of classifiers on rows without labels, and how often one of them says what the others say."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.core import BadData
from headstart.metrics._validation import array
from headstart.metrics.scored_outputs import Floats, Ints


def count_votes(voters: Sequence[Sequence[Any]], classes: int) -> Floats:
    """Votes (n, c) for each class of n rows, in which every voter has one, in thirds if it has three answers.

    Args:
        voters: of each, one or more lists of answers (n,), classes in 0..c-1, such as those of a method
            that was trained with several seeds.
        classes: c.

    Raises:
        BadData: there is no voter, or one without an answer, or answers are of different numbers of rows.
    """
    if not voters or not all(len(answers) for answers in voters):
        raise BadData("A vote needs one voter or more, each with an answer.")
    columns = [[_answers(answers, classes) for answers in voter] for voter in voters]
    rows = {len(answers) for voter in columns for answers in voter}
    if len(rows) > 1:
        raise BadData(f"Voters answer for different numbers of rows: {sorted(rows)}.")
    votes = np.zeros((rows.pop(), classes))
    for voter in columns:
        for answers in voter:
            votes[np.arange(len(votes)), answers] += 1 / len(voter)
    return votes


def vote_agreement(answers: Any, votes: Floats) -> float:
    """Share of rows whose answer (n,) has the most of the votes (n, c), in [0, 1]; among k that tie, 1/k.

    Raises:
        BadData: there is no row, or as many answers as votes are not given.
    """
    found = _answers(answers, votes.shape[1])
    if len(found) != len(votes) or not len(found):
        raise BadData(f"There are {len(found)} answers and votes on {len(votes)} rows; both must be of one.")
    most = votes > votes.max(1, keepdims=True) - 1e-9  # sums of thirds are not exact
    return float((most[np.arange(len(found)), found] / most.sum(1)).mean())


def _answers(values: Any, classes: int) -> Ints:
    found = array(values)
    if found.ndim != 1 or found.dtype.kind not in "iu" or not ((found >= 0) & (found < classes)).all():
        raise BadData(
            f"Answers must be classes in 0..{classes - 1}, one a row, not {found.dtype} {found.shape}."
        )
    classes_of: Ints = found.astype(np.int64)
    return classes_of
