"""Each sentence follows from the numbers: for every one, a case that says the opposite."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headstart.records.record import Interval
from headstart.studies.adapt import Bin, Curve, DataCheck, Finding, Layer, Result, SizePoint
from headstart.studies.adapt.page import use
from headstart.studies.adapt.page_calibration import calibration
from headstart.studies.adapt.page_doubts import check, mistakes, smallprint
from headstart.studies.adapt.page_outputs import confusion, held_out
from headstart.studies.adapt.page_training import labels, layers, methods, training
from headstart.studies.adapt.summary import RunRecords

from .example import candidates, example, timings


def say(section: Callable[[RunRecords], dict[str, Any]], result: Result, run: str = "run") -> str:
    view = section(RunRecords(Path(run), result, None))
    return " ".join(view["say"]).replace("\u00a0", " ")


def test_methods_leader_and_runner_up() -> None:
    told = say(methods, example())
    assert "Probe, then fine-tune (LP-FT) had the highest cross-validated accuracy, 93.8 % (91.6 to" in told
    assert "The runner-up, Ridge probe, reached 92.7 %; their intervals overlap" in told
    assert "1 method was tried on fewer than 5 folds: Full fine-tuning on 2." in told


def test_a_winner_on_fewer_folds_is_not_said_to_lead_by_chance() -> None:
    """Its intervals are of fewer rows, and why it was selected is a comparison on the same ones."""
    (fewer,) = (c for c in candidates() if c.dropped and c.folds)
    told = say(methods, replace(example(), selected=fewer.name))
    assert "was selected all the same, on fewer folds; why stands below." in told
    assert "chance" not in told


def test_methods_when_another_was_selected_and_none_dropped() -> None:
    kept = [c for c in candidates() if not c.dropped]
    told = say(methods, replace(example(), candidates=kept, selected="prototypes"))
    assert "(LP-FT) had the highest" in told
    assert (
        "Nearest class mean was selected all the same, with 88.5 %; their intervals do not overlap." in told
    )
    assert "All 6 methods were tried on every fold." in told
    assert "dropped" not in told
    assert "only method tried on all folds: 93.8 %" in say(methods, replace(example(), candidates=[kept[1]]))


def test_a_dropped_method_never_leads() -> None:
    found = candidates()
    lucky = replace(found[1], dropped="too slow", folds=1)
    told = say(methods, replace(example(), candidates=[found[0], lucky], selected="ridge-probe"))
    assert "Ridge probe is the only method tried on all folds: 92.7 %" in told


@pytest.mark.parametrize(
    ("low", "high", "where"),
    [
        (0.90, 0.96, "93.3 %, inside that interval."),
        (0.92, 0.98, "93.3 %, inside that interval."),
        (0.94, 0.96, "93.3 %, below that interval"),
        (0.90, 0.92, "93.3 %, above that interval."),
    ],
)
def test_promise_of_cross_validation(low: float, high: float, where: str) -> None:
    result = example()
    found = result.candidates[1]
    assert found.scores
    scores = replace(found.scores, figures={"accuracy": Interval((low + high) / 2, low, high)})
    told = say(held_out, replace(result, candidates=[replace(found, scores=scores)]))
    assert where in told
    assert ("too good" in told) == ("harder than most by chance" in told) == (low == 0.94)
    assert "best of several" not in told  # one method was tried


def layer(block: str, value: float, half: float = 0.01) -> Layer:
    return Layer(block, 8, Interval(value, value - half, value + half))


def test_layers_name_the_best_block() -> None:
    early = [layer("stem", 0.4), layer("mid", 0.9), layer("head", 0.8)]
    told = say(layers, replace(example(), layers=early))
    assert "Block 2 of 3 (mid) knows most: 90.0 % (89.0 to 91.0). The last block (head) is not best" in told
    assert "reading earlier gains 10.0 points." in told
    assert "first whose interval reaches the best is block 2 (mid)." in told
    near = [layer("stem", 0.4), layer("mid", 0.9), layer("head", 0.885)]
    assert "the lead of 1.5 points may be chance" in say(layers, replace(example(), layers=near))
    last = [layer("stem", 0.4), layer("mid", 0.9), layer("head", 0.9)]
    told = say(layers, replace(example(), layers=last))
    assert "The last block (head) knows most: 90.0 %" in told
    assert "not best" not in told
    alone = replace(example(), layers=last[:1], readings=[])
    assert layers(RunRecords(Path("run"), alone, None)) is None  # a chart of one dot compares nothing


def test_long_block_names_keep_what_tells_them_apart() -> None:
    names = [f"encoder.layers.block_{i}.output" for i in range(12)]
    found = [layer(name, 0.5) for name in names]
    figure = layers(RunRecords(Path("run"), replace(example(), layers=found), None))["figure"]
    assert ">block_0</text>" in figure
    assert ">block_11</text>" in figure
    assert "encoder.layers.block_0.output: 50.0" in figure  # in full when pointed at


def point(method: str, size: int, *values: float) -> SizePoint:
    return SizePoint(method, method, size, list(values))


def test_label_curve_sentences() -> None:
    ours = [point("lp-ft", 1, 0.3, 0.5), point("lp-ft", 8, 0.9)]
    scratch = [point("from-scratch", 1, 0.1), point("from-scratch", 8, 0.39)]
    told = say(labels, replace(example(), size_curve=[*scratch, *ours]))
    assert "lp-ft is best on average both with 1 label a class, 40.0 %, and with 8, 90.0 %." in told
    assert "from scratch gets from 8 labels a class (39.0 %), lp-ft matches with 1." in told
    strong = [point("from-scratch", 1, 0.1), point("from-scratch", 8, 0.95)]
    told = say(labels, replace(example(), size_curve=[*strong, *ours]))
    assert "With 1 label a class, lp-ft is best on average, 40.0 %; with 8 it is from-scratch" in told
    assert "lp-ft nowhere reaches what training from scratch gets from 8 labels a class (95.0 %)" in told
    told = say(labels, replace(example(), size_curve=ours))
    assert told.strip() == "With 1 label a class, lp-ft has 40.0 % on average; with 8, 90.0 %."
    told = say(labels, replace(example(), size_curve=[*ours, point("probe", 8, 0.7)]))
    assert told.strip() == "With 8 labels a class, lp-ft is best on average: 90.0 %."
    one = replace(example(), size_curve=[point("lp-ft", 4, 0.5)])
    assert labels(RunRecords(Path("run"), one, None)) is None


def test_learning_curves_tell_which_rose() -> None:
    falls = Curve("a", "Method A", -1, [0, 10], [2.0, 0.5])
    rises = Curve("b", "Method B", 0, [0, 10], [1.0, 1.5])
    assert "each of the 2 trainings ended lower" in say(training, replace(example(), curves=[falls, falls]))
    told = say(training, replace(example(), curves=[falls, rises]))
    assert "In 1 of 2 trainings the loss ended clearly lower than it began; in the others" in told
    steady = Curve(
        "c", "Method C", 0, list(range(40)), [1 + 0.02 * step + 0.1 * (step % 2) for step in range(40)]
    )
    told = say(training, replace(example(), curves=[falls, steady]))
    assert "In 1 of 2 trainings the loss rose: Method C. Look at the learning rate there." in told
    panels = training(RunRecords(Path("run"), replace(example(), curves=[falls, rises]), None))["panels"]
    assert [p["caption"] for p in panels] == [
        "final training: 2 to 0.5 in 10 steps",
        "fold 1: 1 to 1.5 in 10 steps",
    ]


def confused(*rows: list[int]) -> str:
    return say(confusion, replace(example(), classes=["a", "b", "c"], confusion=list(rows)))


def test_no_pair_of_classes_is_named_for_single_mistakes() -> None:
    assert "2 of 5 test rows were misclassified; no two" in confused([1, 1, 0], [0, 1, 1], [0, 0, 1])
    assert "1 of 4 test rows was misclassified: \u201ca\u201d was" in confused(
        [1, 1, 0], [0, 1, 0], [0, 0, 1]
    )


def test_confused_pairs() -> None:
    told = confused([8, 1, 1], [4, 6, 0], [0, 0, 9])
    assert "6 of 29 test rows were misclassified." in told
    assert "and \u201ca\u201d, 5 times: \u201cb\u201d was predicted as \u201ca\u201d 4 times" in told
    assert "the other way round 1." in told
    assert "The hardest class is \u201cb\u201d: 6 of 10 rows classified correctly, 60.0 %." in told
    tie = confused([8, 2, 2], [0, 9, 0], [0, 0, 9])
    assert "2 times (1 other pair as often)" in tie
    assert "2 times, never the other way round." in tie
    clean = say(confusion, replace(example(), classes=["a", "b"], confusion=[[8, 0], [0, 9]]))
    assert clean.strip() == "None of 17 test rows was misclassified."


def test_mistakes_count_the_sure_ones() -> None:
    result = example()
    assert "Of these 8 mistakes 4 were made with a confidence of 90 %" in say(mistakes, result)
    doubtful = [m for m in result.mistakes if m.confidence < 0.9]
    told = say(mistakes, replace(result, mistakes=doubtful))
    assert "None of these 4 mistakes was made" in told
    assert "the highest is 87.4 %" in told
    assert "It took cat/cat_017.png for \u201cdog\u201d" in say(
        mistakes, replace(result, mistakes=result.mistakes[:1])
    )


@pytest.mark.parametrize(
    ("right", "verdict"),
    [
        (0.70, "it is over-confident by 20.0 points"),
        (0.98, "it is under-confident by 8.0 points"),
        (0.91, "neither over- nor under-confident"),
    ],
)
def test_calibration_verdict(right: float, verdict: str) -> None:
    told = say(calibration, replace(example(), bins=[Bin(0.9, right, 400)]))
    assert verdict in told
    assert f"The mean confidence is 90.0 % and the accuracy {100 * right:.1f} %" in told
    assert "expected calibration error is 3.0 % (1.8 to 4.5)" in told


def test_small_gap_needs_rows_to_be_clear() -> None:
    few, many = [Bin(0.9, 0.86, 50)], [Bin(0.9, 0.86, 5000)]  # two standard errors: 9.8 and 0.98 points
    assert "neither" in say(calibration, replace(example(), bins=few))
    assert "over-confident by 4.0 points" in say(calibration, replace(example(), bins=many))


def test_data_check_sizes_and_findings() -> None:
    found = DataCheck(30, {"a": 20, "b": 10}, [Finding("imbalance", "warning", "Uneven.", [], 0)])
    told = say(check, replace(example(), check=found))
    assert (
        "30 readable rows in 2 classes: from 10 (\u201cb\u201d) to 20 (\u201ca\u201d), 2.0 times as many."
        in told
    )
    assert "The check gave 1 warning." in told
    even = say(check, replace(example(), check=DataCheck(20, {"a": 10, "b": 10}, [])))
    assert even == "20 readable rows in 2 classes, 10 in each. The check found nothing to remark on."
    ordered = check(RunRecords(Path("run"), example(), None))["findings"]
    assert [finding.severity for finding, _, _ in ordered] == ["warning", "note", "note"]
    assert [more for _, _, more in ordered] == ["", "and 3 more", ""]


def test_code_to_copy_names_the_run_and_is_quoted(tmp_path: Path) -> None:
    view = use(RunRecords(tmp_path / "my run", example(), None))
    code = dict(view["blocks"])
    example_picture = f"my run/{example().mistakes[0].picture}"
    assert "hs.open('my run/model')" in code["In Python"]
    assert f"predict([{example_picture!r}])" in code["In Python"]
    assert code["On the command line"] == f"headstart predict 'my run/model' '{example_picture}'"
    assert view["own"] == f"with your own file in place of {example_picture}"
    right = dict(use(RunRecords(tmp_path / "run", replace(example(), mistakes=[]), None))["blocks"])
    assert right["On the command line"] == "headstart predict run/model photo.jpg"
    assert code["Why it answers so"] == f"headstart explain 'my run' '{example_picture}'"
    assert code["As ONNX, for other programs"] == "headstart export 'my run' model.onnx"
    compile(code["In Python"], "block", "exec")


def test_small_print_counts_the_rows_and_sorts_the_times() -> None:
    told = say(smallprint, example())
    assert "The test part, 195 rows, was set aside" in told
    assert "to score 4 models" in told
    times = smallprint(RunRecords(Path("run"), example(), timings()))["times"]
    assert [name for name, _, _ in times[:3]] == [
        "test",
        "Surgical fine-tuning of the last block",
        "Full fine-tuning",
    ]


def test_mistakes_in_words_and_how_to_use_a_model_of_texts():
    result = example()
    words = [replace(one, picture="", text="<b>words</b>") for one in result.mistakes]
    given = RunRecords(Path("run"), replace(result, mistakes=words, kind="texts"), None)
    assert mistakes(given)["mistakes"][0]["mistake"].text == "<b>words</b>"
    assert "--text 'A text.'" in use(given)["blocks"][1][1]
    assert 'model.predict(["A text."])' in use(given)["blocks"][0][1]
    plain = RunRecords(Path("run"), result, None)
    assert mistakes(plain)["mistakes"][0]["mistake"].text == ""
    assert use(plain)["blocks"][1][1].endswith(" run/pictures/00.webp")
