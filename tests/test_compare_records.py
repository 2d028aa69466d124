"""`tools/compare_records.py` finds what differs between records, and nothing else."""

import copy
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
RESULT = {
    "code": 0,
    "files": ["curve.html", "curve.json"],
    "tensors": ["F32 [2] 0123"],
    "printed": None,
    "records": {
        "curve.json": {
            "schema": 1,
            "points": [{"method": "knn", "title": "kNN", "mean": 0.5, "score": [0.4, 0.6]}],
            "notes": [""],
        }
    },
}


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(TOOLS))
    import compare_records

    yield compare_records
    for name in ("compare_records", "record_cases", "record_data", "record_rules"):
        sys.modules.pop(name, None)


def found(tool: Any, change: dict[str, Any]) -> list[str]:
    """The differences when fields of the point are others."""
    new = copy.deepcopy(RESULT)
    new["records"]["curve.json"]["points"][0].update(change)
    return list(tool.case_differences(tool.Case("curve-x", "curve digits"), RESULT, new))


def test_equal_results_do_not_differ(tool: Any) -> None:
    assert found(tool, {}) == []


def test_the_last_bit_of_a_number_is_a_difference(tool: Any) -> None:
    assert found(tool, {"score": [0.4, 0.6 + 2**-53]}) == [
        "curve.json.points[0].score[1]: 0.6 -> 0.6000000000000001"
    ]


def test_a_whole_number_in_place_of_a_fraction_is_a_difference(tool: Any) -> None:
    assert len(found(tool, {"score": [0.4, 1], "mean": 0.5})) == 1


def test_a_new_and_a_lost_field_are_differences(tool: Any) -> None:
    new = copy.deepcopy(RESULT)
    new["records"]["curve.json"]["points"][0] = {
        "method": "knn",
        "title": "kNN",
        "score": [0.4, 0.6],
        "m": 0.5,
    }
    lines = list(tool.case_differences(tool.Case("curve-x", "curve digits"), RESULT, new))
    assert [line.partition(":")[0] for line in lines] == [
        "curve.json.points[0].mean",
        "curve.json.points[0].m",
    ]


def test_a_renamed_field_is_none_once_it_is_declared(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    new = copy.deepcopy(RESULT)
    point = new["records"]["curve.json"]["points"][0]
    point["average"] = point.pop("mean")
    point["method"] = "nearest"
    case = tool.Case("curve-x", "curve digits")
    assert len(list(tool.case_differences(case, RESULT, new))) == 3
    monkeypatch.setattr(tool.rules, "RENAMED", {"curve.points.mean": "average"})
    monkeypatch.setattr(tool.rules, "VALUES", {"curve.points.method": {"knn": "nearest"}})
    assert list(tool.case_differences(case, RESULT, new)) == []
    assert list(tool.case_differences(case, RESULT, RESULT)) == []


def test_other_prose_is_no_difference_but_missing_prose_is(tool: Any) -> None:
    assert found(tool, {"title": "Nearest neighbours"}) == []
    assert found(tool, {"title": ""}) == ['curve.json.points[0].title: "kNN" -> ""']


@pytest.mark.parametrize("part", ["code", "files", "tensors", "printed"])
def test_all_parts_of_a_result_are_compared(tool: Any, part: str) -> None:
    case = tool.Case("curve-x", "curve digits")
    new = RESULT | {part: 1 if part == "code" else ["another"]}
    assert len(list(tool.case_differences(case, RESULT, new))) == 1


def test_options_are_spelled_as_the_checkout_spells_them(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tool.Command(TOOLS.parent, TOOLS)
    case = tool.Case("curve-x", "curve tags.csv --label-kind tags")
    command.shown = {"curve": "│ --task  <str>  Such as --target-free. │"}
    assert command.spelled(case) == ["curve", "tags.csv", "--task", "multilabel"]
    command.shown = {"curve": "│ --target  <str>  What it is. │"}
    assert command.spelled(case) == ["curve", "tags.csv", "--target", "tags"]
    command.shown = {"curve": "│ --targets <str> │"}
    with pytest.raises(SystemExit, match="none of --task"):
        command.spelled(case)


def test_the_data_are_the_same_every_time(tool: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        tool.write_data(tmp_path / name)
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two
    assert len(one) > 50
