"""Every method is one of its own stages, and decides only what a recipe has."""

from dataclasses import fields, replace

import pytest
from tests.contract.runs import METHODS

from headstart.core import SourceLabelled
from headstart.run.recipe import Recipe

every = pytest.mark.parametrize("kind", METHODS, ids=lambda m: m.about.name)


@every
def test_it_is_one_of_its_own_stages_and_the_last_one_answers_for_the_target(kind):
    stages = kind().stages()
    assert kind() in stages
    assert stages[-1].about.needs is not SourceLabelled
    read_after = stages[-2:-1] == (kind(),) and stages[-1].about.closed_form  # a probe of what was tuned
    assert stages[-1] == kind() or read_after or kind.about.needs is SourceLabelled


@every
def test_what_it_decides_is_in_the_recipe(kind):
    known = {field.name for field in fields(Recipe)}
    assert set(kind().recipe_overrides()) <= known


def test_replace_makes_another_record():
    for kind in METHODS:
        for field in fields(kind):
            assert replace(kind(), **{field.name: getattr(kind(), field.name)}) == kind()
