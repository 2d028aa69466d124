"""What `adapt` and `shift` name to go on with runs as it stands there."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import headstart as hs
from headstart.studies.adapt import next_commands as ways_on
from headstart.studies.adapt.next_commands import next_commands, predict_pushed, predict_target, typed
from headstart.studies.shift.page import rows


def ways(command, kind="texts", mistakes=()):
    return next_commands(record(command, kind, mistakes))


def record(command, kind="pictures", mistakes=(), larger_budget=0.0, findings=(), backbone="table"):
    check = SimpleNamespace(findings=findings)
    told = {"command": command, "kind": kind, "mistakes": mistakes, "check": check, "backbone": backbone}
    return SimpleNamespace(**told, larger_budget=larger_budget)


def test_where_a_larger_budget_has_room_for_more_the_run_goes_on_first():
    typed = "headstart adapt 'my photos' --budget 60 --folds=3 --overwrite --out runs/a"
    first, *_ = next_commands(record(typed, larger_budget=240.0))
    assert first == "headstart adapt 'my photos' --folds=3 --out runs/a --resume --budget 240"
    again = next_commands(record("headstart adapt photos --budget=1h --resume", larger_budget=7200.0))
    assert again[0] == "headstart adapt photos --out FOLDER --resume --budget 7200"
    assert next_commands(record("walk.py", larger_budget=240.0)) == next_commands(record("walk.py"))


@pytest.mark.parametrize(
    ("command", "data", "options"),
    [
        ("headstart adapt", "clipart", []),
        ("headstart adapt photos/ --out run", "photos/", ["--out", "run"]),
        ("headstart adapt --out run --no-curve -q photos/", "photos/", ["--out", "run", "--no-curve", "-q"]),
        ("headstart adapt --label-column=a 'my rows.csv'", "my rows.csv", ["--label-column=a"]),
        ("headstart curve photos/", "", []),
        ("walk.py", "", []),
    ],
)
def test_the_data_of_a_command_are_found_wherever_they_stand(command, data, options):
    assert typed(command) == (data, options)


def test_columns_of_the_file_go_along():
    command = "headstart adapt 't w.csv' --label-column mood --encoding latin-1 --budget 9 --categorical x"
    assert ways(command)[2] == "headstart evaluate FOLDER 't w.csv' --label-column mood --encoding latin-1"
    predicted, explained, *_ = ways(command, "tables")
    assert predicted == "headstart predict FOLDER 't w.csv' --encoding latin-1"
    assert explained == "headstart explain FOLDER 't w.csv' --encoding latin-1"


def test_of_a_part_of_the_rows_no_evaluation_on_all_is_named():
    """It would be on rows that the model has learned from."""
    found = ways("headstart adapt reviews --per-class 9")
    assert [way.split()[1] for way in found] == ["predict", "explain", "export"]


def test_where_nothing_was_typed_words_stand_for_files():
    found = ways("walk.py", "tables")
    assert found[::2] == ["headstart predict FOLDER rows.csv", "headstart evaluate FOLDER DATA"]


def test_the_target_of_a_command_is_predicted_if_it_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my scans").mkdir()
    for words in (
        "photos --target 'my scans' --seeds 2",
        "photos 'my scans'",
        "--target='my scans' a --quiet",
    ):
        assert predict_target(f"headstart align {words}", "pictures") == "headstart predict FOLDER 'my scans'"
    assert predict_target("headstart align photos scans", "pictures") == "headstart predict FOLDER photo.jpg"
    assert predict_target("", "texts") == "headstart predict FOLDER --text 'A text.'"


def test_a_pushed_model_predicts_what_its_run_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "a run"
    run.mkdir()
    assert predict_pushed(run, "copy") == ""
    (run / "result.json").touch()
    mistakes = [SimpleNamespace(picture="pictures/0.webp", item="a.png")]
    kept = record("headstart adapt photos/", "pictures", mistakes)
    monkeypatch.setattr(ways_on, "read_record", lambda kind, file: kept)
    assert predict_pushed(run, "my copy") == f"headstart predict 'my copy' '{run}'/pictures/0.webp"


def test_texts_whose_words_were_counted_are_tried_alone():
    found = SimpleNamespace(kind="text-column", items=["my post"])
    command = "headstart adapt posts.csv --label-column topic --out runs/a --overwrite"
    table = record(command, "tables", findings=[found])
    alone = "headstart adapt posts.csv --label-column topic --text-column 'my post' --out FOLDER-texts"
    assert next_commands(table)[0] == alone
    read = record(command, "tables", findings=[found], backbone="minilm+table")
    assert not any("FOLDER-texts" in one for one in next_commands(read))


def test_a_picture_of_the_run_is_predicted():
    mistakes = [SimpleNamespace(picture="pictures/0.webp", item="a/b c.png")]
    found = ways("headstart adapt photos/", "pictures", mistakes)
    assert found[0] == "headstart predict FOLDER FOLDER/pictures/0.webp"


def test_the_whole_picture_is_predicted_where_it_is_there(tmp_path):
    """The copy in the run folder is smaller, and the model answers it otherwise than the page says."""
    whole = tmp_path / "a" / "b c.png"
    whole.parent.mkdir()
    whole.touch()
    mistakes = [SimpleNamespace(picture="pictures/0.webp", item="a/b c.png")]
    found = ways(f"headstart adapt {tmp_path}", "pictures", mistakes)
    assert found[0] == f"headstart predict FOLDER '{whole}'"


def test_files_that_shift_read_are_read_by_the_commands_it_prints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    days = np.datetime64("2024-01-01") + np.arange(80).astype("timedelta64[D]")
    for name, later in (("old", 0), ("new", 366)):
        frame = pd.DataFrame({"day": (days + later).astype(str), "size": np.arange(80) % 7})
        frame.assign(kind=["a", "b"] * 40).to_csv(f"{name}.csv", index=False)
    found = hs.shift("old.csv", "new.csv", label_column="kind", categorical=["size"])
    options = "--label-column kind --categorical size"
    assert found.next == [f"headstart align --source old.csv --target new.csv {options}"]
    (day,) = [row for row in rows(found) if row[0] == "day"]
    assert day[1:3] == ["2024-02-09", "2025-02-09"]  # the means, not days since 1970


def test_adapters_that_a_model_keeps_are_exported_last(tmp_path):
    assert not any("--to adapters" in one for one in next_commands(record("walk.py"), tmp_path))
    (tmp_path / "adapters.safetensors").touch()
    *_, last = next_commands(record("walk.py"), tmp_path)
    assert last == "headstart export --to adapters FOLDER FOLDER/adapters.safetensors"
