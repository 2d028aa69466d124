"""The figure of what a task adds to the backbone, its axis, and the sentence on a winner that adds little."""

import re
from dataclasses import replace

import pytest

from headstart.report.axis import powers
from headstart.report.text import SPACE, data_size
from headstart.studies.adapt.page_added import added_figure, comparable
from headstart.studies.adapt.summary import about_added, trained_share

from .example import candidate, example


def with_lora(**changed):
    lora = replace(candidate("lora", "LoRA", ("start", "mapping"), (0.9345, 0.22), 60_653), **changed)
    return replace(example(), candidates=[*example().candidates, lora], selected="lora")


def test_powers_of_ten_are_the_ticks():
    """sqrt(10) lies half-way between 1 and 10: a quarter of two decades."""
    axis = powers([3.0, 40.0], str)
    assert [value for value, _ in axis.ticks] == pytest.approx([1, 10, 100])
    assert axis.at(10**0.5) == pytest.approx(0.25)
    assert [value for value, _ in powers([10.0, 10.0], str).ticks] == pytest.approx([10, 100])


def test_methods_of_the_same_rows_are_drawn_once_each_and_named_where_there_is_room():
    result = with_lora()
    drawn = added_figure(result)
    assert [one.name for one in comparable(result)][-1] == "lp-ft"  # "full" has two folds of five
    assert len(re.findall("<circle", drawn)) == len(comparable(result)) == 7
    assert drawn.count('class="dot s1"') == 1
    names = re.findall(r'class="note"[^>]*>([^<]*)', drawn)
    assert names[0] == "LoRA"
    assert "Full fine-tuning" not in drawn
    assert f"LoRA: 93.5{SPACE}%, 243{SPACE}kB, 1.8{SPACE}% trained" in drawn
    alike = [replace(one, added_bytes=72) for one in result.candidates]
    assert added_figure(replace(result, candidates=alike)) == ""


def test_a_winner_that_adds_little_is_told():
    """60,653 of the backbone's parameters, four bytes each."""
    result = with_lora()
    share = trained_share(result.candidates[-1], result)
    whole = data_size(4 * result.backbone_parameters)
    assert share == f"{100 * 60_653 / result.backbone_parameters:.1f}{SPACE}%"
    said = f"LoRA trained {share} of the parameters: beside {result.backbone} a task needs 243{SPACE}kB"
    assert about_added(result) == [f"{said}, not {whole}."]
    assert about_added(with_lora(added_bytes=4 * result.backbone_parameters)) == []
    assert about_added(example()) == []
