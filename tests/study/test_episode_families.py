"""Families of tasks as data of the study: what they take from it, and what is not resumed."""

import pytest
from tests.study.episode_rows import PROTO

import headstart as hs
from headstart.core import BadInput
from headstart.tasks import GaussianClasses


def test_another_family_is_not_resumed(tmp_path):
    how = {**PROTO, "out": tmp_path / "run"}
    hs.episodes(GaussianClasses(ways=2, shots=1, queries=3), **how)
    with pytest.raises(BadInput, match="holds another study"):
        hs.episodes(GaussianClasses(ways=2, shots=1, queries=3, spread=2.0), resume=True, **how)


def test_what_differs_from_a_family_that_is_resumed_is_named(tmp_path):
    how = {**PROTO, "out": tmp_path / "run"}
    hs.episodes("gaussian-classes", **how)
    with pytest.raises(BadInput, match=r"it differs in ways \(was None, is 2\), seed \(was 0, is 1\)\. Res"):
        hs.episodes("gaussian-classes", resume=True, ways=2, **{**how, "seed": 1})
    with pytest.raises(BadInput, match=r"it differs in the data\. "):
        hs.episodes("gaussian-classes:spread=2", resume=True, **how)


def test_a_family_gets_the_settings_of_the_study():
    made = hs.episodes(GaussianClasses(ways=3, seed=4), ways=2, shots=2, **PROTO)
    assert (made.result.ways, made.tasks.shots, made.tasks.seed) == (2, 2, 4)
