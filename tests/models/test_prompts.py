"""Prompts: places for classes, types, words of classes."""

import pytest

from headstart.core import BadInput, Unknown
from headstart.models.prompts import (
    ENSEMBLES,
    ensemble,
    fill,
    require_templates,
    with_type,
    words_of_classes,
)


def test_a_template_is_filled():
    assert fill("a {} and a {}.", ("cat", "kitten")) == ["a cat and a cat.", "a kitten and a kitten."]
    assert fill("a photo of a {}.", ("guacamole",), "food") == ["a photo of a guacamole, a type of food."]
    assert with_type("{}", "food") == "{}, a type of food"


def test_classes_and_their_words():
    assert words_of_classes("ice_cream, tea ") == {"ice_cream": ("ice cream",), "tea": ("tea",)}
    words = {"neg": ("bad", "poor"), "pos": ("good",)}
    assert words_of_classes("neg=bad|poor,pos=good") == words
    assert words_of_classes({"neg": ["bad", "poor"], "pos": "good"}) == words


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ("cat,dog,cat", "'cat' is named twice"),
        ("cat", "only the class 'cat'"),
        ("", "There is no class"),
        ("cat=,dog", "'cat' has no words"),
    ],
)
def test_classes_that_are_no_choice(classes, said):
    with pytest.raises(BadInput, match=said):
        words_of_classes(classes)


def test_every_template_has_a_place():
    assert require_templates(["{}", "a {}", "{}"]) == ("{}", "a {}")
    with pytest.raises(BadInput, match=r"'a photo' has no place for the class"):
        require_templates(["{}", "a photo"])
    with pytest.raises(BadInput, match="There is no template"):
        require_templates([])
    for name in ENSEMBLES:
        assert require_templates(ensemble(name)) == ensemble(name)
    with pytest.raises(Unknown, match="pictures"):
        ensemble("picture")
