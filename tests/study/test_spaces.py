"""Ranges: how they are read, what they propose, and that every method has some that it takes."""

import optuna
import pytest

from headstart.core import make, walk
from headstart.studies.search import SearchSettings
from headstart.studies.search.ranges import Choices, Range, parsed
from headstart.studies.search.spaces import OWN, joint_space


def test_text_and_python_values_are_the_same_ranges():
    settings = SearchSettings(
        space={"fine-tune": {"last": (1, 6), "lr": (1e-4, 1e-2), "norm": ["frozen", "train"]}}
    )
    assert settings.space == {"fine-tune": {"last": "1..6", "lr": "0.0001..0.01", "norm": "frozen|train"}}
    assert SearchSettings.from_record(settings.record()) == settings
    row = joint_space([make("fine-tune")], settings.space, 8).spaces[""]["fine-tune"]
    assert row == {"last": Range(1, 6), "lr": Range(1e-4, 1e-2), "norm": Choices(("frozen", "train"))}
    assert parsed("x", "1|None|True|a", 0) == Choices((1, None, True, "a"))
    assert parsed("x", "1..blocks", 7) == Range(1, 7)


@pytest.mark.parametrize(
    ("range_", "whole", "log"),
    [
        (Range(1, 6), True, False),
        (Range(1, 10), True, True),
        (Range(0.5, 1.0), False, False),
        (Range(0.0, 99.0), False, False),
    ],
)
def test_the_scale_follows_from_the_bounds(range_, whole, log):
    assert (range_.whole, range_.log) == (whole, log)


def test_proposals_lie_within_and_have_three_digits():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    values = [Range(1e-4, 1e-2).suggest(study.ask(), "lr") for _ in range(50)]
    assert all(1e-4 <= value <= 1e-2 and value == float(f"{value:.3g}") for value in values)
    assert sum(value < 1e-3 for value in values) > 10  # on a linear scale it would be one in ten
    assert Range(0.99999, 1.0).suggest(study.ask(), "x") <= 1.0
    assert {type(Range(1, 3).suggest(study.ask(), "n")) for _ in range(5)} == {int}


@pytest.mark.parametrize(
    "kind", sorted(walk(), key=lambda kind: kind.about.name), ids=lambda kind: kind.about.name
)
def test_every_method_takes_what_is_proposed_for_it(kind):
    """Both ends of every range, and the label makes the same method."""
    method = kind()
    space = joint_space([method], {}, 5)
    for end in (0, -1):
        study = optuna.create_study()
        values = {f"{method.label}.{k}": row.ends()[end] for k, row in space.spaces[""][method.label].items()}
        study.enqueue_trial({"method": method.label, **values})
        config = space.suggest(study.ask(), lambda name: None)
        assert make(config.method.label) == config.method
        assert (config.lr is None) == method.about.closed_form
        for name, value in values.items():
            setting = name.rpartition(".")[2]
            assert (config.lr if setting == "lr" else getattr(config.method, setting)) == value


def test_the_table_names_methods_that_there_are():
    assert set(OWN) <= {kind.about.name for kind in walk()}


def test_adapters_are_searched_by_their_sizes():
    """Each has its own setting of size or kind beside the rate, and what is named stays as it is."""
    names = ("lora:rank=4", "lora", "bottleneck-adapters", "conv-adapters")
    found = joint_space([make(name) for name in names], {}, 5).record()
    assert {name: set(row) for name, row in found.items()} == {
        "lora:rank=4": {"lr"},
        "lora": {"lr", "rank"},
        "bottleneck-adapters": {"lr", "size"},
        "conv-adapters": {"lr", "how"},
    }


def test_blocks_are_counted():
    assert joint_space([make("fine-tune")], {}, 5).record()["fine-tune"]["last"] == "1..5"
    assert "last" not in joint_space([make("fine-tune")], {}, 1).spaces[""]["fine-tune"]
    assert "last" not in joint_space([make("fine-tune:last=2")], {}, 5).spaces[""]["fine-tune:last=2"]
