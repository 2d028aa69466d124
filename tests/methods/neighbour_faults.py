"""Faults of nearest neighbours, for tests/test_faults.py."""

from tests.faults import Fault

NEIGHBOURS = (
    Fault(
        "methods/outputs/probing/knn.py",
        "similar.diagonal(start).fill_(-torch.inf)",
        "pass",
        "a row is its own nearest neighbour, so k is always 1",
        "methods/test_knn.py do_not_see_themselves",
    ),
    Fault(
        "methods/outputs/probing/knn.py",
        "similar.diagonal(start)",
        "similar.diagonal()",
        "of many rows all but the first see themselves",
        "methods/test_knn.py compared_at_once",
    ),
    Fault(
        "methods/outputs/probing/knn.py",
        "head.scale.fill_(self.scale or best_scale(held_out, labels, weights=weights))",
        "pass",
        "few neighbours make a vote too sure",
        "methods/test_knn.py least_smoothed",
    ),
)
