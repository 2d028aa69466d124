"""Records survive the trip to disk and back; sentences say what the numbers say."""

import doctest
import json
import os
from dataclasses import asdict, fields

import pytest
import torch
from tests.study import tiny

from headstart.core import BadInput, Mismatch
from headstart.records.record import Interval, Scores
from headstart.report import text
from headstart.report.metric import get_metric
from headstart.run import step_cache
from headstart.run.step_cache import StepCache
from headstart.studies import adapt as records
from headstart.studies._store import prepare_folder, remove_unstarted, saved_settings
from headstart.studies.adapt import AdaptSettings, Result, Timing, Timings
from headstart.studies.adapt.expected_steps import steps_by_method
from headstart.studies.adapt.summary import headline, warnings

ODD = os.fsdecode(b"caf\xe9")
DIGESTS = {"data": "0", "backbone": "1"}


@pytest.fixture(scope="module")
def run(tmp_path_factory, pictures, weights):
    return tiny.finished(tmp_path_factory.mktemp("records") / "run", pictures, weights)


# --- to disk and back


def test_a_result_comes_back_as_it_was(run):
    result = Result.read(run / "result.json")
    assert result.to_json().encode() == (run / "result.json").read_bytes()
    assert isinstance(result.candidates[0].scores["accuracy"], Interval)
    assert isinstance(result.tested[1].gain, Interval)
    assert result.tested[0].gain is None


def test_names_that_are_no_text_come_back_too(tmp_path):
    timings = Timings(f"machine {ODD}", 1.5, {ODD: Timing(0.1 + 0.2, 3.0), "日本": Timing(1, 2)})
    (tmp_path / "t.json").write_text(timings.to_json(), "utf-8")
    assert Timings.read(tmp_path / "t.json") == timings
    assert "日本" in timings.to_json()


def test_numbers_that_json_has_not_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Timings("machine", float("nan")).to_json()


def test_newer_fields_are_passed_over(run, tmp_path):
    values = json.loads((run / "result.json").read_text("utf-8"))
    values["of tomorrow"] = 1
    values["candidates"][0]["of tomorrow"] = 2
    (tmp_path / "result.json").write_text(json.dumps(values))
    assert Result.read(tmp_path / "result.json") == Result.read(run / "result.json")


def test_settings_come_back_as_they_were():
    settings = AdaptSettings(methods=("knn", "lp-ft"), size=64, fit="pad", curve=False, lr=0.1, abstain=0.25)
    assert AdaptSettings.from_record(json.loads(json.dumps(settings.record()))) == settings
    assert AdaptSettings.from_record(AdaptSettings().record() | {"of tomorrow": 1}) == AdaptSettings()
    assert set(settings.record()) == {field.name for field in fields(AdaptSettings)}


def test_a_setting_out_of_range_never_comes_to_be():
    with pytest.raises(BadInput, match=r"folds is 1; it must be a whole number >= 2\."):
        AdaptSettings.from_record(AdaptSettings().record() | {"folds": 1})


# --- the folder


def test_the_folder_remembers_the_study(tmp_path):
    out, settings = tmp_path / "run", AdaptSettings(seed=4)
    assert saved_settings(out, AdaptSettings) is None
    assert prepare_folder(out, settings, DIGESTS, False, "adapt x") == "adapt x"
    assert saved_settings(out, AdaptSettings) == settings
    # the first command is the one that counts
    assert prepare_folder(out, settings, DIGESTS, True, "other words") == "adapt x"
    with pytest.raises(BadInput, match=r"differs in the data, the backbone, seed \(was 4, is 0\)\. Resume"):
        prepare_folder(out, AdaptSettings(), {"data": "2", "backbone": "3"}, True, "")


def test_a_folder_is_given_back_only_while_nothing_was_tried(tmp_path):
    prepare_folder(tmp_path / "run", AdaptSettings(), DIGESTS, False, "")
    journal = StepCache(tmp_path / "run" / "steps")
    journal.once("plan", lambda: {"epochs": 1})
    journal.once("try knn fold 0", lambda: 1)
    remove_unstarted(tmp_path / "run")
    assert journal.done("plan")
    journal.path("try knn fold 0").unlink()
    remove_unstarted(tmp_path / "run")
    assert not any((tmp_path / "run").iterdir())


def test_steps_of_a_method_are_summed():
    steps = {"try-knn-fold-0": Timing(1, 10), "try-knn-fold-1": Timing(2, 30), "plan": Timing(5, 1)}
    steps |= {"try-knn-two-fold-0": Timing(100, 100)}
    assert steps_by_method(steps, ["knn", "lp-ft"]) == {"knn": Timing(3, 30), "plan": Timing(5, 1)}


# --- the journal


def test_a_step_is_computed_once(tmp_path):
    journal, computed = StepCache(tmp_path), []

    def compute():
        computed.append(1)
        return {"tensor": torch.arange(3), "text": ODD, 3: [None, (1.5, float("inf"))]}

    first, second = journal.once("A step: 1", compute), StepCache(tmp_path).once("A step: 1", compute)
    assert computed == [1]
    assert torch.equal(first.pop("tensor"), second.pop("tensor"))
    assert first == second == {"text": ODD, 3: [None, (1.5, float("inf"))]}
    assert journal.done("A step: 1")
    assert not journal.done("A step: 2")
    spent = journal.spent()["a-step-1"]
    assert 0 <= spent["seconds"] < 60
    assert spent["peak_megabytes"] > 10


def test_memory_is_released_for_a_twentieth_of_the_time_at_most(tmp_path, monkeypatch):
    """Of steps that take 1 s each where releasing takes 0.1 s, every other one is followed by it."""
    clock = [100.0]

    def release():
        released.append(round(clock[0]))
        clock[0] += 0.1

    def step():
        clock[0] += 1.0

    released: list[int] = []
    monkeypatch.setattr(step_cache.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(step_cache, "release_memory", release)
    journal = StepCache(tmp_path)
    for number in range(7):
        journal.once(f"step {number}", step)
    assert released == [101, 103, 105, 107]
    released.clear()
    untidy = StepCache(tmp_path / "untidy", tidy=False)
    untidy.once("step", step)
    assert not released


def test_a_step_that_fails_is_not_written_down(tmp_path):
    journal = StepCache(tmp_path)
    with pytest.raises(ZeroDivisionError):
        journal.once("step", lambda: 1 / 0)
    assert not journal.done("step")
    assert journal.once("step", lambda: 2) == 2


def test_the_checkpoint_goes_when_the_step_is_finished(tmp_path):
    journal = StepCache(tmp_path)
    journal.checkpoint("step").write_text("half of it")
    journal.once("step", lambda: 1)
    assert not journal.checkpoint("step").exists()


def test_a_damaged_step_is_named(tmp_path):
    journal = StepCache(tmp_path)
    journal.once("step", lambda: "a value")
    content = bytearray(journal.path("step").read_bytes())
    place = bytes(content).index(b"a value")
    content[place : place + 1] = b"X"
    journal.path("step").write_bytes(content)
    with pytest.raises(Mismatch, match=r"step.safetensors is damaged.*Delete it to start anew"):
        journal.once("step", lambda: "another")


# --- sentences


def scored(accuracy, low, high):
    return Scores(50, {"accuracy": Interval(accuracy, low, high)}, "accuracy")


def judged(name, title, *gain):
    return records.Tested(name, title, 10, scored(0.8751, 0.801, 0.93), Interval(*gain) if gain else None)


def test_shares_are_whole_per_cents():
    accuracy = get_metric("accuracy").plain()
    assert accuracy.value(0.8751) == "88 %"
    assert accuracy.value(1.0) == "100 %"
    assert accuracy.span(Interval(0.5, 0.404, 0.996)) == "40 to 100 %"


SELECTED = judged("selected", "Ridge probe")


def test_the_headline_counts_the_unseen_rows_and_what_transfer_brought():
    alone = headline([SELECTED], 50, "cats", 3)
    assert "88 %" in alone
    assert "50 unseen rows of cats" in alone
    assert "50 unseen pictures of cats" in headline([SELECTED], 50, "cats", 3, "picture")
    assert "(95 % interval 80 to 93 %)" in alone
    assert alone.endswith(").")
    more = headline([SELECTED, judged("from-scratch", "From scratch", 0.256, 0.1, 0.4)], 50, "cats", 3)
    assert more.startswith(alone.removesuffix("."))
    assert ", 26 points more than" in more
    fewer = headline([SELECTED, judged("from-scratch", "From scratch", -0.12, -0.2, -0.01)], 50, "cats", 3)
    assert ", 12 points fewer than" in fewer


def test_it_warns_when_transfer_hurts():
    (said,) = warnings([SELECTED, judged("from-scratch", "From scratch", -0.12, -0.2, -0.011)])
    assert said == (
        "Transfer hurts here: from scratch is better on the held-out test part (difference -20 to -1 "
        "points). Use it instead, or another backbone."
    )


def test_it_says_when_the_gain_may_be_chance():
    (said,) = warnings([SELECTED, judged("majority-class", "Always the largest class", 0.05, -0.01, 0.11)])
    assert said.startswith("No clear gain over always the largest class: the difference is -1 to +11 points")
    (said,) = warnings([SELECTED, judged("from-scratch", "From scratch", 0.0, 0.0, 0.0)])
    assert said == "No clear gain over from scratch: both are equally good on the test part."
    (same,) = warnings([SELECTED, judged("from-scratch", "From scratch", 0.0, -1e-9, 1e-9)])
    assert same == said


def test_it_is_silent_when_the_gain_is_clear():
    assert warnings([SELECTED, judged("from-scratch", "From scratch", 0.1, 0.001, 0.2)]) == []
    assert warnings([SELECTED]) == []


def test_the_written_sentences_are_those_of_the_numbers(run):
    result = Result.read(run / "result.json")
    assert result.headline == headline(result.tested, result.test_rows, result.task, 3, "picture")
    assert result.warnings == warnings(result.tested)
    accuracy = result.tested[0].scores["accuracy"].value
    assert accuracy == sum(result.confusion[i][i] for i in range(3)) / result.test_rows
    card = (run / "model" / "README.md").read_text("utf-8")
    for words in (result.headline, result.why, *result.warnings, *(f"`{name}`" for name in result.classes)):
        assert words in card
    assert asdict(result)["seed"] == 0


# --- sentences about tags and numbers


def off(name, r2, mae, *gain):
    one = {"r2": Interval(r2, r2 - 0.1, r2 + 0.1), "mae": Interval(mae, mae, mae)}
    return records.Tested(name, name, 1, Scores(50, one, "r2"), Interval(*gain) if gain else None)


def test_the_headline_of_numbers_tells_the_typical_error_in_their_units():
    tested = [
        off("selected", 0.7, 2.345),
        off("from-scratch", 0.8, 1.9, -0.1, -0.2, 0.05),
        off("mean", 0.0, 4.1, 0.7, 0.6, 0.8),
    ]
    assert headline(tested, 50, "houses", 1) == (
        "Off by 2.35 on average on 50 unseen rows of houses; always predicting the mean is off by 4.10. R² "
        "is 0.70 (95 % interval 0.60 to 0.80), 0.10 less than training from scratch."
    )
    for gain in (0.004, -0.004):
        alike = [tested[0], off("from-scratch", 0.7, 1.9, gain, -0.2, 0.2)]
        assert headline(alike, 50, "houses", 1).endswith("0.80), as much as training from scratch.")
    assert headline(tested[:1], 50, "houses", 3) == (
        "R² is 0.70 on average of 3 numbers on 50 unseen rows of houses (95 % interval 0.60 to 0.80)."
    )
    (said,) = warnings(tested)
    assert said.startswith("No clear gain over from-scratch: the difference is -0.20 to +0.05 of R², so it")


def test_the_headline_of_tags_is_their_average_precision():
    one = {"average_precision": Interval(0.75, 0.7, 0.82)}
    tested = records.Tested("selected", "kNN", 1, Scores(50, one, "average_precision"), None)
    assert headline([tested], 50, "cats", 4) == (
        "Average precision of 75 % for 4 tags on 50 unseen rows of cats (95 % interval 70 to 82 %)."
    )


def test_numbers_have_three_digits_that_count():
    assert doctest.testmod(text).failed == 0
    assert [text.significant(value, 4) for value in (0.00012346, 999.96, -12.0, 1e9)] == [
        *("0.0001235", "1,000", "-12.00", "1e+09")
    ]
