"""Families of tasks by name."""

import pytest

from headstart.core import BadInput, Unknown
from headstart.tasks import Sinusoids
from headstart.tasks.register import family_names, make_family


def test_families_are_found_by_name():
    assert {"sinusoids", "gaussian-classes"} <= set(family_names())
    assert make_family("sinusoids") == Sinusoids()


def test_settings_of_a_spec_come_before_shared_ones():
    made = make_family("sinusoids:noise=0.5,amplitude=1/2,seed=3", shots=(1, 4), seed=9)
    assert made == Sinusoids(noise=0.5, amplitude=(1, 2), shots=(1, 4), seed=3)


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(Unknown, match=r"No family of tasks is called 'sinusoid'. Did you mean 'sinusoids'"):
        make_family("sinusoid")
    with pytest.raises(Unknown, match="nois"):
        make_family("sinusoids:nois=1")
    with pytest.raises(BadInput, match="amplitude"):
        make_family("sinusoids:amplitude=2/1")
