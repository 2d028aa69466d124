"""Votes on rows without labels: counted by hand."""

import numpy as np
import pytest

from headstart.core import BadData
from headstart.metrics.votes import count_votes, vote_agreement

ONE, TWO, THREE = np.array([0, 1, 2, 0]), np.array([0, 1, 1, 1]), np.array([0, 2, 1, 2])


def test_every_voter_has_one_vote():
    votes = count_votes([[ONE], [TWO], [THREE]], 3)
    assert votes.tolist() == [[3, 0, 0], [0, 2, 1], [0, 2, 1], [1, 1, 1]]


def test_several_seeds_share_the_vote_of_their_method():
    votes = count_votes([[ONE, TWO], [THREE]], 3)
    assert votes.tolist() == [[2, 0, 0], [0, 1, 1], [0, 1.5, 0.5], [0.5, 0.5, 1]]


def test_agreement_counts_the_rows_and_a_tie_of_k_as_one_kth():
    votes = count_votes([[ONE], [TWO], [THREE]], 3)
    assert vote_agreement(ONE, votes) == pytest.approx((1 + 1 + 0 + 1 / 3) / 4)
    assert vote_agreement(TWO, votes) == pytest.approx((1 + 1 + 1 + 1 / 3) / 4)
    thirds = count_votes([[ONE, TWO, THREE], [TWO, THREE, ONE]], 3)  # sums that are not exact tie, too
    assert vote_agreement(ONE, thirds[3:].repeat(4, 0)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("voters", "says"),
    [
        ([], "one voter or more"),
        ([[ONE], []], "one voter or more"),
        ([[ONE], [ONE[:2]]], "different numbers of rows"),
        ([[ONE + 1]], r"classes in 0\.\.2"),
        ([[ONE / 2]], r"classes in 0\.\.2"),
    ],
)
def test_mistakes_are_named(voters, says):
    with pytest.raises(BadData, match=says):
        count_votes(voters, 3)


def test_answers_and_votes_are_of_the_same_rows():
    with pytest.raises(BadData, match="2 answers and votes on 4 rows"):
        vote_agreement(ONE[:2], count_votes([[ONE]], 3))
