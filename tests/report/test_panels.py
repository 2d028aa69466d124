"""Panels of claims: their axes, how curves look, and the file of a picture."""

import re
from xml.etree.ElementTree import fromstring

import pytest

from headstart.records.claims import Curve, Mark, Panel
from headstart.records.record import Interval
from headstart.report.claims import show_panels
from headstart.report.drawing import draw_file
from headstart.report.panels import across, draw_curves, in_words, legend, looks, value_axes


def flat(*values):
    return [Interval(value, value, value) for value in values]


def spread(*values):
    return [Interval(value, value - 0.05, value + 0.05) for value in values]


CURVES = Panel(
    "On <shifted> pictures",
    "accuracy",
    "labels per class",
    curves=[
        Curve("fine-tuning", [1, 10, 100], spread(0.4, 0.6, 0.98)),
        Curve("linear probe", [1, 10, 100], spread(0.5, 0.6, 0.7)),
        Curve("chance", [1, 100], flat(0.2, 0.2), dashed=True),
    ],
    log=True,
    zero=0.2,
)
MARKS = Panel(
    "Gain",
    "gain in accuracy",
    marks=[
        Mark("linear probe", Interval(0.02, -0.01, 0.05)),
        Mark("LP-FT", Interval(0.1, 0.06, 0.14), True),
    ],
    zero=0.0,
)


def test_a_curve_looks_the_same_in_all_panels_and_like_no_other():
    other = Panel("Later", "accuracy", "epoch", curves=[Curve("linear probe", [0, 1], flat(0.3, 0.4))])
    look = looks([other, CURVES])
    assert [look[name].colour for name in ("linear probe", "fine-tuning", "chance")] == ["s1", "s2", "base"]
    assert len({one.marker for one in look.values()}) == 3
    assert [name for name, _ in legend(CURVES, look)] == ["fine-tuning", "linear probe", "chance"]
    assert legend(other, look) == []


def test_when_colours_are_used_up_a_panel_has_none_twice():
    many = Panel("", "y", "x", curves=[Curve(name, [0, 1], flat(0, 1)) for name in "abcdef"])
    more = Panel("", "y", "x", curves=[Curve(name, [0, 1], flat(0, 1)) for name in "agh"])
    look = looks([many, more])
    assert len({look[name].colour for name in "abcdef"}) == 6
    assert len({look[name].colour for name in "agh"}) == 3


def test_panels_of_one_quantity_have_one_axis():
    low = Panel("Before", "accuracy", "epoch", curves=[Curve("a", [0, 1], flat(0.1, 0.2))])
    high = Panel("After", "accuracy", "epoch", curves=[Curve("a", [0, 1], flat(0.8, 0.9))])
    one, other, alone = value_axes([low, high, MARKS])
    assert (one.low, one.high) == (other.low, other.high) != (alone.low, alone.high)
    assert one.low <= 0.1 < 0.9 <= one.high


def test_axes_of_shares_end_at_one_and_hold_the_zero_line():
    (axis,) = value_axes([CURVES])
    assert axis.high == 1.0  # though an interval goes on beyond
    assert axis.low <= 0.2
    (gain,) = value_axes([MARKS])
    assert gain.low < 0 < gain.high
    assert gain.title == "gain in accuracy, points"


def test_a_logarithmic_axis_is_one_and_its_texts_do_not_touch():
    axis = across(CURVES)
    assert axis.at(10) == pytest.approx(0.5)
    dense = Panel("", "y", "x", curves=[Curve("a", list(range(1, 9)), flat(*range(8)))], share=False)
    assert [text for _, text in across(dense, 300).ticks] == list("12345678")
    assert len(across(dense, 60).ticks) < 5


def test_intervals_of_shares_end_at_0_and_1_those_of_differences_do_not():
    wide = [Mark("a", Interval(0.9, 0.7, 1.1))]
    assert (
        in_words(Panel("", "accuracy", marks=wide, zero=0.1))
        .replace("\u00a0", " ")
        .endswith("a 90.0 % (70.0 to 100.0)")
    )
    assert "+90.0 points (+70.0 to +110.0)" in in_words(
        Panel("", "difference", marks=wide, zero=0.0)
    ).replace("\u00a0", " ")


def test_faint_lines_are_thin_and_without_markers():
    family = Panel(
        "", "y", "x", curves=[Curve("nets", [0, 1], flat(0, n), faint=True) for n in range(3)], share=False
    )
    shown = draw_curves(family, looks([family]), value_axes([family])[0]).figure("nets")
    assert shown.count("thin") == 3
    assert "circle" not in shown


def test_a_name_of_a_picture_has_one_colour():
    alone = Panel("Later", "accuracy", "epoch", curves=[Curve("linear probe", [0, 1], flat(0.3, 0.4))])
    root = fromstring(draw_file([CURVES, alone]))
    plots = [one for one in root.iter("{http://www.w3.org/2000/svg}svg") if one.get("class") == "plot"]
    lines = [[path.get("class") for path in plot.iter() if "line" in path.get("class", "")] for plot in plots]
    assert "line s2 d1" in lines[0]
    assert "line s2 d1" in lines[1]  # though it is the first there


def test_chance_is_left_out_where_it_would_hide_the_differences():
    good = Panel("", "accuracy", "epoch", curves=[Curve("a", [0, 1], flat(0.9, 0.95))], zero=0.1)
    (axis,) = value_axes([good])
    assert axis.low > 0.5
    assert "level" not in draw_curves(good, looks([good]), axis).figure("a")


@pytest.mark.parametrize("panels", [[CURVES], [MARKS], [CURVES, MARKS], [CURVES, CURVES, MARKS]])
def test_the_file_is_whole_and_needs_nothing(panels):
    text = draw_file(panels)
    root = fromstring(text)
    assert root.get("width") == "640"
    assert "var(" not in text
    assert "#c45500" in text or panels == [MARKS]  # the second colour of curves
    words = "".join(root.itertext())
    for panel in panels:
        assert panel.y in words
        assert all(mark.name in words for mark in panel.marks)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)


def test_a_notebook_shows_the_picture_with_its_words():
    shown = show_panels([MARKS])
    assert shown._repr_html_().startswith('<img src="data:image/svg+xml;base64,')
    assert "LP-FT +10.0" in repr(shown) == in_words(MARKS)
