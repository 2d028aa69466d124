"""The page of an alignment: its sentences, its table, what it says of the choice, and that it is quiet."""

import json
import re
from dataclasses import replace

import pytest

from headstart.report.text import SPACE
from headstart.studies import build_page
from headstart.studies.align import page as aligning
from headstart.studies.align.page import cells, headings, rows
from headstart.studies.align.page_parts import ordered_pairs
from headstart.studies.align.results import card
from headstart.studies.align.short_titles import shortened

from .alignments import CORAL, DANN, MCC, TITLES, about, alignment, crowded, row, unjudged
from .test_shift_page import record as shift

EVIL = "<script>alert('x')</script>"


def plain(text):
    return str(text).replace(SPACE, " ").replace("\u2212", "-")


def written(folder, made):
    (folder / "align.json").write_text(made.to_json(), "utf-8")
    page = build_page(folder)
    assert page == folder / "align.html"
    return page.read_text("utf-8")


def parts(made):
    return {part["id"]: part for part in aligning.view(made)["more"]}


def test_the_terminal_says_what_its_star_and_its_columns_are():
    (told,) = aligning.terminal(alignment()).sentences
    assert told.startswith("* is the shipped model. Selected, with the gain over the baseline")
    assert aligning.terminal(unjudged()).sentences == ["* is the shipped model."]


def test_the_headline_and_what_is_shipped():
    view = aligning.view(alignment())
    assert view["headline"] == (
        f"Domain-adversarial training (DANN) helps: 80{SPACE}% accuracy on 1300 target rows."
    )
    assert view["say"] == [
        "The shipped model is Domain-adversarial training (DANN), after 20 steps of seed 0.",
        "It was selected by information maximisation; no label of the target was read for it.",
    ]
    assert view["task"] == "digits \u2192 scans"
    assert [detail for _, detail, _ in view["rows"]] == ["", "shipped", "", ""]


def test_cells_of_the_table():
    made = alignment()
    assert headings(made) == ["method", "selected", "last", "oracle", "information maximisation", "source"]
    dann = cells(made, made.row(DANN))
    assert [plain(one.value) for one in dann] == ["80.0 %", "75.0 %", "85.0 %", "0.600", "90.0 %"]
    assert (plain(dann[0].interval), plain(dann[0].gain), dann[0].tone) == ("75.0 to 85.0", "+30.0", "good")
    tones = [cells(made, one)[0].tone for one in made.table]
    assert tones == ["", "good", "bad", "even"]
    assert [plain(cell) for cell in rows(made)[2]] == [
        "Correlation alignment (CORAL)",
        "80.0 % (75.0 to 85.0) -10.0 worse",
        "75.0 %",
        "85.0 %",
        "0.500",
        "90.0 %",
    ]
    assert rows(made)[1][0] == f"{TITLES[DANN]} *"  # whole in the terminal, which has no small print
    assert all(len(line) == len(headings(made)) for line in rows(made))


def test_agreement_stands_beside_the_score_and_the_shipped_model_has_its_own_figure():
    made = alignment(chosen_by="consensus", shipped=about(0.82))
    table = [replace(one, agreement=0.9, baseline_agreement=0.85) for one in made.table]
    table[2] = replace(table[2], agreement=0.7)
    made = replace(made, table=table)
    assert headings(made)[4:6] == ["information maximisation", "agreement"]
    shown = [cells(made, one)[4] for one in made.table]
    assert [plain(one.value) for one in shown] == ["90.0 %", "90.0 %", "70.0 %", "90.0 %"]
    assert [plain(one.interval) for one in shown] == ["", *["source-only 85.0 %"] * 3]
    assert [one.tone for one in shown] == ["", "good", "bad", "good"]
    view = aligning.view(made)
    assert [plain(detail) for _, detail, _ in view["rows"]] == ["", "shipped: seed 0, 82.0 %", "", ""]
    assert any(text.startswith("Agreement: on how many") for text in view["smallprint"])


def test_a_regression_is_told_in_its_own_figures():
    made = alignment(metric="r2", label_kind="numbers")
    assert [plain(one.value) for one in cells(made, made.row(DANN))] == [
        "0.800",
        "0.750",
        "0.850",
        "0.600",
        "0.900",
    ]
    assert "column source is the same on held-out" in aligning.view(made)["reading"]


def test_settings_that_most_share_are_said_once():
    made = alignment()
    view = aligning.view(made)
    assert [name for name, _, _ in view["rows"]] == [
        "Source only",
        "Domain-adversarial training (DANN)",
        "Correlation alignment (CORAL)",
        "Minimum class confusion (MCC)",
    ]
    assert view["smallprint"][-1] == (
        "Titles leave out settings that most methods here share: "
        "backbone_lr = 1.0 and norm = train (all but Correlation alignment (CORAL))."
    )
    assert view["notes"] == [
        "Negative transfer: Minimum class confusion (MCC) is clearly worse than the source alone."
    ]
    assert [one.title for one in made.table] == [TITLES[one.method] for one in made.table]


@pytest.mark.parametrize(
    ("titles", "short"),
    [
        (("A (x = 1)", "B (x = 1)"), ("A", "B")),
        (("A (x = 1)", "B (x = 2)", "C (x = 1)"), None),  # another value
        (("A", "B", "C (x = 1)", "D (x = 1)"), None),  # no more than half
        (("A", "A (x = 1)", "B (x = 1)"), None),  # two would be called the same
        (("A (x = (0, 1), y = 2)", "B (x = (0, 1), y = 3)"), ("A (y = 2)", "B (y = 3)")),
        (("A (SHOT)", "B (SHOT)"), None),  # not a setting
    ],
)
def test_which_settings_are_left_out(titles, short):
    names = ["source-only", "b", "c", "d"]
    table = [row(name, title, 0.5) for name, title in zip(names, titles, strict=False)]
    found, said = shortened(alignment(table=table, headline=f"{titles[0]} helps."))
    assert tuple(one.title for one in found.table) == (short or titles)
    assert found.headline == f"{(short or titles)[0]} helps."
    assert bool(said) == (short is not None)


def test_the_share_of_pairs_in_the_right_order():
    assert ordered_pairs([(1, 1), (2, 2), (3, 3)]) == 1.0
    assert ordered_pairs([(3, 1), (2, 2), (1, 3)]) == 0.0
    assert ordered_pairs([(1, 1), (3, 2), (2, 3)]) == pytest.approx(2 / 3)
    assert ordered_pairs([(1, 1), (1, 2), (2, 3)]) == pytest.approx(2.5 / 3)  # a tied score: half
    assert ordered_pairs([(1, 1), (2, 1), (3, 2)]) == 1.0  # a tied accuracy says nothing
    assert ordered_pairs([(1, 1)]) == 0.5


def test_whether_the_choice_can_be_trusted():
    """Looks by hand: of 21 pairs one ties in accuracy; 13 are in order, one ties in score: 13.5 of 20."""
    trust = parts(alignment())["trust"]
    assert "the better one in 68 % of all pairs; a coin has 50 %" in trust["say"][0]
    assert trust["figure"].count("<circle") == 7
    assert parts(alignment())["path"]["figure"].count("<circle") == 7


def test_the_path_is_a_mean_over_seeds():
    made = alignment()
    other = [
        replace(look, seed=1, target=look.target - 0.1) for look in made.eval_points if look.method == DANN
    ]
    figure = plain(parts(replace(made, eval_points=[*made.eval_points, *other]))["path"]["figure"])
    assert "Domain-adversarial training (DANN), 50 %: 55.0 %" in figure
    assert "Domain-adversarial training (DANN), 100 %: 75.0 %" in figure


def test_each_style_is_of_one_method_but_the_last():
    made = crowded()
    legend = parts(made)["path"]["legend"]
    assert [style for style, _ in legend] == ["base", "s1", "s2", "s3", "s4", "s5", "s6", "rest"]
    assert legend[-1][1] == "the other 6 methods"
    fewer = [one for one in made.table if "strength = 1" not in one.title]
    assert parts(replace(made, table=fewer))["path"]["legend"][-1][1] == (
        "A method of alignment with a rather long name (strength = 7), "
        "A method of alignment with a rather long name (strength = 8) and "
        "A method of alignment with a rather long name (strength = 9)"
    )


def test_without_labels_of_the_target(tmp_path):
    made = unjudged()
    assert headings(made) == ["method", "information maximisation", "source"]
    assert [plain(one.value) for one in cells(made, made.row(DANN))] == ["0.600", "90.0 %"]
    view = aligning.view(made)
    assert view["more"] == []
    assert view["caption"] == "Information maximisation of the selected models: it is no accuracy."
    assert ("tested on", "no labels", "of the target were given") in view["facts"]
    page = written(tmp_path, made)
    assert "nobody knows how good a model is there" in page
    for absent in ("oracle", "Can the selection be trusted?", "On the way", "Oracle", "intervals hold"):
        assert absent not in page


def test_without_a_source_there_is_no_column_of_it():
    made = alignment(source_rows=0, held_rows=0)
    assert headings(made)[-1] == "information maximisation"
    assert [len(cells(made, one)) for one in made.table] == [4] * 4
    view = aligning.view(made)
    assert "column source" not in view["reading"]
    assert view["facts"][0][:2] == ("source", "a saved model")
    assert view["smallprint"][0].startswith("Batches hold rows of the target without labels")


def test_a_score_that_could_not_be_computed_is_left_out():
    made = unjudged()
    table = [replace(one, score=float("-inf")) if one.method == CORAL else one for one in made.table]
    figure = aligning.view(replace(made, table=table))["figure"]
    assert "Domain-adversarial" in figure
    assert "Correlation" not in figure
    judged = alignment(eval_points=[replace(look, scores={}) for look in alignment().eval_points])
    assert "trust" not in parts(judged)


def test_the_shift_is_part_of_the_page():
    assert list(parts(alignment(shift=shift()))) == [
        "path",
        "trust",
        "shift",
        "quantities",
        "classes",
        "unlike",
    ]


def test_nothing_breaks_out_of_the_page(tmp_path):
    made = alignment()
    table = [replace(one, title=f"{EVIL} {n} (norm = {EVIL})") for n, one in enumerate(made.table)]
    evil = replace(
        made,
        table=table,
        source=EVIL,
        target=EVIL,
        backbone=EVIL,
        headline=EVIL,
        notes=[EVIL],
        command=EVIL,
        settings={"methods": [EVIL]},
    )
    page = written(tmp_path, evil)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"""(src|href|action|poster)\s*=\s*["']?\s*(?!data:|\#)[\w/.]""", page)
    assert written(tmp_path, evil) == page


def test_the_heavy_line_is_the_selected_model_of_the_source():
    """At 50 %, on an axis that does not change with it."""
    low = [replace(one, selected=about(0.3)) if one.method == MCC else one for one in alignment().table]
    found = alignment(table=low)
    moved = [replace(one, selected=about(0.6)) if one.method == "source-only" else one for one in found.table]
    lines = [
        re.findall(r'class="zero" x1="([\d.]+)%"', aligning.view(made)["figure"])
        for made in (found, replace(found, table=moved))
    ]
    assert all(len(set(one)) == 1 for one in lines)
    assert float(lines[1][0]) > float(lines[0][0])


def test_the_model_card_has_what_hubs_read():
    """The front matter is that of `adapt`: licence, task, the figure on the target, and the domains' tag."""
    result = alignment(shipped=about(0.8))
    front = card(result).split("---\n")[1]
    said = {name: json.loads(value) for name, value in (line.split(": ", 1) for line in front.splitlines())}
    assert said["tags"] == ["transfer-learning", result.kind, "domain-adaptation"]
    assert said["license"]
    (model,) = said["model-index"]
    (measured,) = model["results"]
    assert measured["dataset"]["name"] == result.target
    assert measured["metrics"][0]["value"] == result.shipped.value
    assert "model-index" not in card(unjudged())
    assert "## Licences" in card(result)
