"""Which classes of a trained classifier stand for new ones, by hand."""

import pytest
import torch

from headstart.core import BadInput, Classifier, Unknown
from headstart.nn.label_assignment import assigned, mean_predictions, predicted_counts
from headstart.nn.label_map import LabelMap, SourceLogits, named_assignment

COUNTS = torch.tensor([[5.0, 9.0, 0.0, 1.0], [4.0, 8.0, 2.0, 0.0]])


def test_the_most_frequent_pair_comes_first_and_a_source_class_serves_one():
    """9 takes source 1 for new 0; so new 1, which wanted it too, gets its next: source 0."""
    assert assigned(COUNTS).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]


def test_several_source_classes_share_a_new_one():
    """9 and 5 are new 0's; new 1 has what is left: 2 and 0."""
    assert assigned(COUNTS, each=2).tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]


def test_too_few_source_classes_are_refused():
    with pytest.raises(BadInput, match="has 4 classes, and 2 new ones need 3 each for themselves: 6"):
        assigned(COUNTS, each=3)


LOGITS = torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 5.0, 0.0]])
Y = torch.tensor([0, 1, 1])


def test_predictions_are_counted_by_new_class_with_less_than_a_row_for_ties():
    counts = predicted_counts(LOGITS, Y, None, 3)
    assert counts.floor().tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 0]]
    torch.testing.assert_close(counts[0, 1] * 4, LOGITS[0].softmax(0)[1])
    weighed = predicted_counts(LOGITS, Y, torch.tensor([1.0, 3.0, 0.0]), 3)
    assert weighed.floor().tolist() == [[1, 0, 0], [0, 3, 0], [0, 0, 0]]


def test_the_mean_of_predictions_is_one_of_probabilities_and_weighs_rows():
    shares = LOGITS.softmax(1)
    found = mean_predictions(LOGITS, Y, None, 3)
    torch.testing.assert_close(found, torch.stack([shares[0], shares[1:].mean(0), shares.mean(0)]))
    weighed = mean_predictions(LOGITS, Y, torch.tensor([1.0, 3.0, 1.0]), 2)
    torch.testing.assert_close(weighed[1], 0.75 * shares[1] + 0.25 * shares[2])


def test_logits_and_map_make_one_linear_head():
    torch.manual_seed(0)
    source = SourceLogits(Classifier(torch.randn(4, 6), torch.randn(4), tuple("abcd")))
    matrix, bias, z = torch.randn(2, 4), torch.randn(2), torch.randn(3, 6)
    wanted = 2 * (source(z) @ matrix.T + bias)
    torch.testing.assert_close(source.mapped(matrix, bias, 2.0)(z), wanted)


def test_a_map_follows_the_last_rows():
    """Eight rows of memory: after batches of 8 others nothing is left of the first."""
    found = LabelMap(2, 3, rows=8)
    y = torch.arange(2).repeat(4)
    for sources in ([0, 1], [2, 0]):
        logits = 9.0 * torch.eye(3)[torch.tensor(sources)][y]
        found.follow(logits, y)
        assert found.matrix.argmax(1).tolist() == sources
    assert found(torch.tensor([[1.0, 2.0, 3.0]])).tolist() == [[3.0, 1.0]]


SOURCES = ("tench, Tinca tinca", "tabby, tabby cat", "Persian cat", "crane (1)", "crane (2)")


def test_classes_are_named_by_all_or_part_of_their_names():
    found = named_assignment("fish=tench; cat = tabby cat|Persian cat", ("cat", "fish"), SOURCES)
    assert found.tolist() == [[0, 0.5, 0.5, 0, 0], [1, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ("cat=tabbi;fish=tench", Unknown, r"No source class is called 'tabbi'. Did you mean .*tabby"),
        ("cats=tabby;fish=tench", Unknown, r"No new class is called 'cats'. Did you mean .*cat"),
        ("cat=tabby", BadInput, "no source class for fish"),
        ("cat:tabby", BadInput, "given is 'cat:tabby'; it must be as"),
        ("cat=", BadInput, "given is 'cat='; it must be as"),
    ],
)
def test_other_names_and_forms_are_refused(given, error, said):
    with pytest.raises(error, match=said):
        named_assignment(given, ("cat", "fish"), SOURCES)
