"""What a page calls better, worse or chance follows the intervals of the record, in every study."""

import re
from dataclasses import fields, replace

import pytest
from tests.report.alignments import DANN, alignment
from tests.report.example import example
from tests.report.experiments import gained, search_record, size_curve, transfer
from tests.report.targets import with_numbers
from tests.report.test_confounding import about, change, group
from tests.report.test_confounding import record as shortcuts
from tests.report.test_confounding import said as said_of_shortcuts
from tests.report.test_shift_page import drifted
from tests.report.test_shift_page import record as shift
from tests.report.test_streaming import method
from tests.report.test_streaming import record as stream
from tests.report.verdicts import between, page_of, tones

from headstart.records.record import Interval
from headstart.studies.shortcuts import Conflict
from headstart.studies.translate import Guard, TranslationReport

CASES = [  # the 95 % interval of a difference, and what may be said of it
    ((0.01, 0.2), "good"),
    ((-0.2, -0.01), "bad"),
    ((0.0, 0.2), "even"),
    ((-0.2, 0.0), "even"),
    ((-0.1, 0.3), "even"),
    ((-0.3, 0.1), "even"),
]
by_interval = pytest.mark.parametrize(("ends", "tone"), CASES)


@by_interval
def test_of_a_curve(ends, tone, tmp_path):
    record = size_curve()
    points = [
        replace(p, gain=between(*ends)) if (p.method, p.labels_per_class) == ("fine-tune", 5) else p
        for p in record.points
    ]
    found = tones(page_of(replace(record, points=points), "curve", tmp_path))
    assert found["Fine-tuning"] == ["bad", tone, "good"]
    assert found["Logistic probe"] == []


@by_interval
def test_of_an_experiment_by_depth(ends, tone, tmp_path):
    record = transfer()
    cuts = [replace(c, gain=between(*ends)) if (c.series, c.cut) == ("AnB", 2) else c for c in record.cuts]
    found = tones(page_of(replace(record, cuts=cuts), "yosinski", tmp_path))
    assert found["2"] == ["bad", "even", tone, "even"]


@by_interval
def test_of_an_alignment(ends, tone, tmp_path):
    record = alignment()
    table = [replace(row, gain=between(*ends)) if row.method == DANN else row for row in record.table]
    found = list(tones(page_of(replace(record, table=table), "align", tmp_path)).values())
    assert found == [[], [tone], ["bad"], ["even"]]


@by_interval
def test_of_a_stream(ends, tone, tmp_path):
    one = method(gains={"source": between(*ends)})
    page = page_of(stream(one, method("source")), "stream", tmp_path)
    assert tones(page) == {"TENT": [tone], "Source model": []}
    words = {"good": "adapting helped", "bad": "adapting hurt", "even": "there is no clear difference"}
    assert [word for word in words.values() if word in page] == [words[tone]]


@by_interval
def test_of_a_search(ends, tone, tmp_path):
    page = page_of(replace(search_record(), gain=between(*ends)), "search", tmp_path)
    words = {"good": "transfer helps", "bad": "Negative transfer", "even": "transfer is not clearly better"}
    assert [word for word in words.values() if word in page] == [words[tone]]
    marked = {name: found for name, found in tones(page).items() if found}
    assert marked == {"Fine-tuning (last = 2)": ["good"]}


@by_interval
def test_of_a_baseline(ends, tone, tmp_path):
    run = example()
    record = replace(run, tested=[run.tested[0], replace(run.tested[1], gain=between(*ends))])
    page = page_of(record, "result", tmp_path)
    words = {"good": "better", "bad": "worse", "even": "no clear difference"}
    verdicts = re.findall(r'<span class="verdict (\w+)">([^<]*)</span>', page)
    assert verdicts
    assert set(verdicts) == {(tone, words[tone])}
    clear = [word for word in ("clearly better", "clearly worse", "no clear difference from") if word in page]
    assert clear == [{"good": "clearly better", "bad": "clearly worse"}.get(tone, "no clear difference from")]


@pytest.mark.parametrize(
    ("accuracy", "tone"),
    [
        ((0.86, 0.95), "good"),  # all rows: 0.75 to 0.85
        ((0.60, 0.74), "bad"),
        ((0.85, 0.95), "even"),
        ((0.60, 0.75), "even"),
        ((0.72, 0.90), "even"),
    ],
)
def test_of_a_group(accuracy, tone, tmp_path):
    one = replace(group("cow, sand", 0.5), accuracy=between(*accuracy))
    page = page_of(shortcuts(groups=[group("cow, grass", 0.8), one], changes=[]), "shortcuts", tmp_path)
    assert tones(page)["cow, sand"] == [tone]
    assert tones(page)["cow, grass"] == ["even"]
    away = 100 * (sum(accuracy) / 2 - 0.8)
    assert f">{away:+.1f}</span>".replace("-", "\u2212") in page


@by_interval
def test_of_a_change_of_the_samples(ends, tone, tmp_path):
    """A drop is a loss, so what is above zero is bad."""
    one = replace(change("grey", "cue", 0.1), drop=between(*ends))
    page = page_of(shortcuts(changes=[one]), "shortcuts", tmp_path)
    assert tones(page)["grey"] == [{"good": "bad", "bad": "good", "even": "even"}[tone]]


@by_interval
@pytest.mark.parametrize("name", ["grey", "edges", "silhouette"])
def test_only_a_sure_loss_of_colour_or_inside_is_told(ends, tone, name):
    """What is bad in a drop is told as a loss, of the two changes that take one cue alone."""
    one = replace(change(name, "cue", 0.1), drop=between(*ends), plain=0.83, accuracy=about(0.71))
    told = "Without colour it loses" in said_of_shortcuts(shortcuts(changes=[one]))
    assert told == (tone == "good" and name != "silhouette")


@pytest.mark.parametrize(
    ("share", "follows"), [((0.2, 0.49), True), ((0.2, 0.5), False), ((0.4, 0.6), False), (None, False)]
)
def test_a_model_follows_a_cue_only_beyond_chance(share, follows):
    interval = None if share is None else between(*share)
    record = shortcuts(gap=None, changes=[], conflicts=[Conflict("texture", 50, 10, 30, interval)])
    assert ("relies on texture" in said_of_shortcuts(record).split(".")[0]) == follows


def test_the_gravest_of_several_tags_is_named_first():
    tags = [change("red tag", "tag", 0.1), change("blue tag", "tag", 0.3), change("dot", "tag", 0.01)]
    text = said_of_shortcuts(shortcuts(gap=None, conflicts=[], changes=tags))
    assert text.startswith("A blue tag")
    assert text.index("A blue tag in the corner costs 30.0 points") < text.index(
        "A red tag in the corner costs"
    )
    assert "A dot in the corner" not in text
    assert "No tag is seen" not in text


def test_answers_with_neither_class_are_counted():
    text = said_of_shortcuts(shortcuts(conflicts=[Conflict("texture", 50, 10, 30, about(0.25))]))
    assert "(10 to 30, 10 predictions with neither)" in text


@pytest.mark.parametrize(("p", "says"), [(0.0001, "differs"), (0.5, "not clearly")])
def test_of_a_quantity_that_drifted(p, says, tmp_path):
    page = page_of(shift(drift=[drifted(p=p)]), "shift", tmp_path)
    table = page[page.index('id="numbers"') :]
    assert [word for word in ("differs", "not clearly") if f">{word}</span>" in table] == [says]
    assert ('class="verdict bad"' in table) == (says == "differs")


@pytest.mark.parametrize(
    ("auc", "explains"), [((0.45, 0.6), True), ((0.5, 0.6), True), ((0.51, 0.7), False), (None, None)]
)
def test_whether_the_shares_of_the_classes_explain_a_shift(auc, explains, tmp_path):
    record = shift()
    labels = replace(record.labels, auc=None if auc is None else between(*auc))
    page = page_of(replace(record, labels=labels), "shift", tmp_path)
    assert ("the shares explain the difference" in page) == (explains is True)
    assert (re.search("they don(&#39;|')t explain all of the difference", page) is not None) == (
        explains is False
    )


@pytest.mark.parametrize(("low", "clear"), [(0.01, True), (0.0, False)])
def test_a_gap_of_groups(low, clear):
    text = said_of_shortcuts(shortcuts(gap=Interval(0.3, low, 0.5)))
    assert ("is more than chance" in text) == clear
    assert ("may be chance" in text) == (not clear)
    assert text.startswith("Cow, sand: only") == clear


def test_blocks_carry_over_up_to_the_last_cut_before_a_loss(tmp_path):
    page = page_of(gained(transfer(), "AnB", (0.0, -0.01, -0.2)), "yosinski", tmp_path)
    assert "without a clear loss up to cut 2 of 3" in page


@pytest.mark.parametrize(("mean", "says"), [(3.0, "50.0 % less"), (1.2, "25.0 % more"), (1.5, "0.0 % less")])
def test_an_error_beside_that_of_the_mean(mean, says, tmp_path):
    """The error is 1.5: half of 3, a quarter more than 1.2."""
    record = with_numbers()
    (column,) = record.columns
    column = replace(column, mae=Interval(1.5, 1.4, 1.6), mean_mae=mean)
    page = page_of(replace(record, columns=[column]), "result", tmp_path).replace("\u00a0", " ")
    assert f"{says} than by always" in page


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ([0, 0, 100, 0], "too large, by about 0.50"),
        ([0, 100, 0, 0], "too small, by about 0.50"),
        ([0, 50, 50, 0], "not clearly too large or too small"),
        ([0, 45, 55, 0], "not clearly too large or too small"),  # by 0.05, a tenth of the mean error: no word
    ],
)
def test_errors_to_one_side(errors, says, tmp_path):
    """Four bars from -2 to 2, whose middles are -1.5, -0.5, 0.5 and 1.5."""
    record = with_numbers()
    column = replace(record.columns[0], low=-2.0, high=2.0, errors=errors)
    column = replace(column, mae=Interval(0.5, 0.4, 0.6), rmse=Interval(0.01, 0.01, 0.01))
    page = page_of(replace(record, columns=[column]), "result", tmp_path).replace("\u00a0", " ")
    assert says in page


def translation(**changes):
    """A translation with a model, of which nothing went wrong."""
    plain = dict.fromkeys(field.name for field in fields(TranslationReport))
    texts = dict.fromkeys(("headstart", "command", "source", "target", "method", "title", "model"), "x")
    lists = {name: [] for name in ("classes", "cycle", "guards", "to_target", "to_source", "notes")}
    counts = dict.fromkeys(("schema", "rows", "target_rows", "tries", "seed"), 1)
    given = {"learned": True, "diversity_target": 1.0, "settings": {}, "versions": {}, "title": "CycleGAN"}
    shares = {"accuracy_target": 0.4, "accuracy_through": 0.7}
    return TranslationReport(**plain | texts | lists | counts | given | shares | changes)


def test_a_translation_is_told_from_before_to_after(tmp_path):
    page = page_of(translation(), "translate", tmp_path).replace("\u00a0", " ")
    assert "CycleGAN brings the model from 40.0 % to 70.0 % on target rows." in page


def test_a_guard_that_found_something_comes_first(tmp_path):
    guards = [Guard("collapse", 0.3, 0.5, False, "It collapsed."), Guard("labels", 0.0, 0.1, True, "Kept.")]
    page = page_of(translation(guards=guards), "translate", tmp_path)
    assert "not to be used as it is; guards that raised an alarm: collapse." in page
    assert "brings the model" not in page
