"""The result at the head of the page: its sentences follow from the numbers."""

from dataclasses import replace
from pathlib import Path

import pytest

from headstart.records.record import Interval
from headstart.report.metric import tone
from headstart.studies.adapt import SPEC
from headstart.studies.adapt.page import headline
from headstart.studies.adapt.summary import RunRecords

from .example import example, timings
from .test_sentences import say


def test_headline_accuracy_and_gains() -> None:
    told = say(headline, example())
    assert "On 195 test rows that it had never seen, Probe, then fine-tune (LP-FT) classified 93.3 %" in told
    assert "correctly; the 95 % interval is 88.9 to 96.1 %." in told
    assert (
        "It is clearly better than training from scratch, always predicting the largest class "
        "and learning from the raw pixels." in told
    )


def test_headline_says_when_transfer_hurts_or_is_unclear() -> None:
    result = example()
    chosen, scratch, majority, raw = result.tested
    scratch = replace(scratch, gain=Interval(-0.031, -0.05, -0.01))
    raw = replace(raw, gain=Interval(0.01, -0.02, 0.04))
    result = replace(result, tested=[chosen, scratch, majority, raw])
    told = say(headline, result)
    assert "It is clearly better than always predicting the largest class; it is clearly worse" in told
    assert "clearly worse than training from scratch; there is no clear difference from learning" in told
    cards = headline(RunRecords(Path("run"), result, None))["gains"]
    assert [card["verdict"] for card in cards] == ["worse", "better", "no clear difference"]
    assert cards[0]["value"] == "\u22123.1\u00a0points"
    assert cards[0]["detail"] == "\u22125.0 to \u22121.0"


def test_gain_whose_interval_touches_zero_is_not_clear() -> None:
    assert tone(Interval(0.1, 0.0, 0.2)) == "even"
    assert tone(Interval(-0.1, -0.2, 0.0)) == "even"


def test_facts_have_no_time_without_timings() -> None:
    def facts(times: object) -> list[str]:
        found = headline(RunRecords(Path("run"), example(), times))["facts"]  # type: ignore[arg-type]
        return [name for name, _, _ in found]

    assert facts(None) == ["rows", "classes", "backbone"]
    assert facts(timings()) == ["rows", "classes", "backbone", "time"]


@pytest.mark.parametrize("newer", [0, 1])
def test_newer_schema_is_a_warning(newer: int) -> None:
    schema = SPEC.schema + newer
    found = headline(RunRecords(Path("run"), replace(example(), schema=schema), None))["warnings"]
    assert len(found) == newer
    assert all(f"schema {schema}" in warning for warning in found)


def test_a_long_headline_goes_on_in_smaller_letters() -> None:
    long = replace(example(), headline="Off by 3.1 on average. R² is 0.87. No transfer: it learned alone.")
    view = headline(RunRecords(Path("run"), long, None))
    assert (view["headline"], view["lede"]) == (
        "Off by 3.1 on average.",
        ["R² is 0.87. No transfer: it learned alone."],
    )
