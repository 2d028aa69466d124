"""No page shows how Python writes a value: settings, guards and names are in words."""

import re
from dataclasses import dataclass, replace
from html import unescape

import pytest
from tests.report import alignments, example, experiments
from tests.report import test_confounding as confounding
from tests.report import test_probing as probing
from tests.report import test_shift_page as shifting
from tests.report import test_streaming as streaming

from headstart.streaming.guards import DEFAULT, Collapse, describe
from headstart.studies import build_page
from headstart.studies._spec import study_of

PYTHON = re.compile(
    r"\bNone\b(?! of)|\b(?:True|False|nan|inf)\b|[A-Za-z]\w*\(\w+=|<class |<\w+\.\w+ object|"
    r"[\[({,] ?'[^']*'|np\.\w+\("
)
SHOWN = re.compile(r"<(style|script|code|pre)\b.*?</\1>|<[^>]*>", re.DOTALL)
MADE = {
    "adapt": example.example,
    "align": alignments.alignment,
    "curve": experiments.size_curve,
    "probe": probing.record,
    "search": experiments.search_record,
    "shift": shifting.record,
    "shortcuts": confounding.record,
    "stream": streaming.record,
    "yosinski": experiments.transfer,
}


@pytest.mark.parametrize("name", MADE)
def test_a_page_has_no_value_as_python_writes_it(name, tmp_path):
    record = MADE[name]()
    spec = study_of(record)
    record = replace(record, settings=spec.settings().record() | {"flag": True, "some": ["a", None]})
    if name == "stream":
        record = replace(record, guards=[*map(describe, DEFAULT)])
    (tmp_path / spec.record_file).write_text(record.to_json(), "utf-8")
    said = unescape(SHOWN.sub(" ", build_page(tmp_path).read_text("utf-8")))
    assert "not set" in said
    assert not PYTHON.findall(said)


@pytest.mark.parametrize("said", ["size None", "Drift(most=0.25)", "['knn', 'shot']", "on True", "(nan)"])
def test_what_python_writes_would_be_noticed(said):
    assert PYTHON.search(said)


def test_a_guard_is_described_with_its_limits():
    assert describe(Collapse()) == "collapse (window 128, gap 0.1, then reset)"

    @dataclass(frozen=True)
    class Own:
        name = "own"

    assert describe(Own()) == "own"
