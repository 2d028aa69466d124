"""What to do next: each step follows from the records, and is not said without them."""

import re
from dataclasses import replace
from pathlib import Path

from headstart.records.record import Interval
from headstart.report.text import MINUS, typeset
from headstart.studies import build_page
from headstart.studies.adapt import Curve, Finding, Result, SizePoint
from headstart.studies.adapt.page_doubts import smallprint, step_words
from headstart.studies.adapt.page_next import next_steps
from headstart.studies.adapt.summary import RunRecords, warnings

from .example import example, scores, timings, write


def steps(result: Result) -> dict[str, str]:
    """The reasons by title."""
    return dict(next_steps(RunRecords(Path("run"), result, None))["steps"])


def bare() -> Result:
    """A run that has nothing to say."""
    result = example()
    sure = Interval(0.9, 0.89, 0.91)
    first, *others = result.tested
    figures = {**first.scores.figures, result.metric: sure}
    return replace(
        result,
        tested=[replace(first, scores=replace(first.scores, figures=figures)), *others],
        check=replace(result.check, findings=[]),
        mistakes=[],
        size_curve=[],
        curves=[],
        confusion=[],
        candidates=[replace(each, dropped="") for each in result.candidates],
    )


def test_texts_beside_columns_are_to_be_tried_alone() -> None:
    found = Finding("text-column", "note", "", ["post"], 1)
    mixed = replace(bare(), kind="tables", backbone="table", check=replace(bare().check, findings=[found]))
    assert "text_column='post'" in steps(mixed)["Try the texts alone"]
    assert "Try the texts alone" not in steps(replace(mixed, backbone="minilm+table"))


def test_where_nothing_speaks_new_data_are_the_next_step() -> None:
    assert list(steps(bare())) == ["Try it on new data"]


def test_more_labels_only_where_the_last_ones_brought_something() -> None:
    rising = [SizePoint("lp-ft", "LP-FT", size, [score]) for size, score in ((5, 0.5), (20, 0.6))]
    told = steps(replace(bare(), size_curve=rising))["Label more rows"].replace("\u00a0", " ")
    assert told.startswith("From 5 to 20 labels a class the accuracy of LP-FT went from 50.0 % to 60.0 %")
    flat = [rising[0], replace(rising[1], score=[0.515])]  # 0.75 points for twice as many
    assert list(steps(replace(bare(), size_curve=flat))) == ["Do not label more of the same"]


def test_without_a_curve_the_gap_between_training_and_test_speaks() -> None:
    result = bare()
    loss = result.tested[0].scores["log_loss"]
    learned = Curve(result.selected, "LP-FT", -1, [1, 2], [1.0, loss.low / 3])
    assert "which more labels change" in steps(replace(result, curves=[learned]))["Label more rows"]
    close = replace(learned, losses=[1.0, loss.value])
    assert "Label more rows" not in steps(replace(result, curves=[close]))


def test_the_hardest_class_is_named_where_that_is_no_chance() -> None:
    clear = [[40, 0, 0], [0, 40, 0], [0, 30, 10]]
    found = steps(replace(bare(), classes=["a", "b", "c"], confusion=clear))["Begin with the class c"]
    assert "10 of 40 test rows were right" in found
    assert "taken most often for \u201cb\u201d" in found
    close = [[38, 2, 0], [0, 38, 2], [3, 0, 37]]
    assert not [title for title in steps(replace(bare(), confusion=close)) if "class" in title]


def test_time_is_asked_for_by_the_methods_that_lacked_it() -> None:
    result = bare()
    first, *others = result.candidates
    idle = replace(first, folds=0, scores=None, dropped="the budget is too small")
    found = replace(result, candidates=[idle, *others], settings={"budget": 30.0})
    told = steps(found)["Give it more time"].replace("\u00a0", " ")
    assert told.startswith(f"In 30.0 s {first.title} was not tried.")
    assert "with resume=True and a larger budget goes on" in told
    planned = steps(replace(found, larger_budget=60.0))["Give it more time"]
    assert "with resume=True and budget=60 goes on" in planned  # as the terminal says
    lost = replace(idle, dropped="on fold 1 of 5 its loss stopped being a number")
    assert "Give it more time" not in steps(replace(found, candidates=[lost, *others]))


def test_a_wide_interval_asks_for_more_test_rows() -> None:
    result = bare()
    first, *others = result.tested
    wide = {**first.scores.figures, "accuracy": Interval(0.6, 0.5, 0.7)}
    unsure = replace(first, scores=replace(first.scores, figures=wide))
    told = steps(replace(result, tested=[unsure, *others]))["Measure on more rows"]
    assert "20.0" in told


def test_adapters_that_a_model_keeps_can_be_shipped_alone(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    run = RunRecords(tmp_path, example(), None)
    assert "Ship the adapters alone" not in dict(next_steps(run)["steps"])
    (tmp_path / "model" / "adapters.safetensors").write_bytes(b"")
    told = dict(next_steps(run)["steps"])["Ship the adapters alone"]
    assert "headstart export --to adapters writes them" in told


# --- said once, in words


def test_several_baselines_without_a_clear_gain_are_one_warning() -> None:
    first, *others = example().tested
    even = [replace(t, gain=Interval(0.0, -0.05, 0.05), scores=scores(0.5, 99, 1.0, 0.1)) for t in others]
    assert len(warnings([first, *even])) == 1
    assert len(warnings([first, even[0]])) == 1


def test_signs_of_records_are_real_minus_signs_on_the_page(tmp_path: Path) -> None:
    assert typeset("(-3 to +4)") == f"({MINUS}3 to +4)"
    assert typeset("-0.5") == f"{MINUS}0.5"
    for kept in ("lp-ft:last=-1", "--budget 30", "2026-01-02", "a -b", "row-3"):
        assert typeset(kept) == kept
    odd = replace(
        example(),
        headline="It is -3 points.",
        why="By -4 points.",
        notes=["A note of -5."],
        warnings=["The difference is -6 to +1 points."],
    )
    page = build_page(write(tmp_path / "run", odd, timings())).read_text("utf-8")
    text = re.sub(r"<(style|script|code|svg)\b.*?</\1>|<[^>]*>", " ", page, flags=re.S)
    assert not re.findall(r"(?:[\s(])-\d", text)


def test_reasons_and_steps_are_told_in_words_and_once() -> None:
    first, second, *others = example().candidates
    cut = "the budget is too small"
    idle = [replace(each, folds=0, scores=None, dropped=cut) for each in (first, second)]
    found = replace(example(), candidates=[*idle, *others])
    decisions = smallprint(RunRecords(Path("run"), found, None))["decisions"]
    assert f"{first.title} and {second.title}: {cut}." in decisions
    titles = {"lp-ft": "LP-FT", "fine-tune": "Fine-tuning"}
    assert (
        step_words("fit-lp-ft-on-the-whole-training-part", titles) == "fit LP-FT on the whole training part"
    )
    assert step_words("probe-every-block", titles) == "probe every block"
    assert step_words("fine-tune", titles) == "Fine-tuning"


def test_a_run_without_a_command_shows_none(tmp_path: Path) -> None:
    page = build_page(write(tmp_path / "run", replace(example(), command=""), timings()))
    assert "<h3>Command</h3>" not in page.read_text("utf-8")
