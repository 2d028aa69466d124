"""`headstart distil`: a run of a table, its data found again, its model opened, and what is refused."""

import json

from tests.cli.telling import refused
from tests.study import evaluated


def test_a_table_is_distilled_from_the_data_of_its_run(headstart, tmp_path):
    file, run, out = (tmp_path / name for name in ("rows.csv", "run", "small"))
    evaluated.frame(120, 0).to_csv(file, index=False)
    quick = ["--budget", "5", "--folds", "2", "--no-curve", "--method", "gradient-boosting"]
    made = headstart("adapt", file, *quick, "--out", run)
    assert made.code == 0, made.err
    few = ["--epochs", "1", "--seeds", "1", "--repeats", "1"]
    said = headstart("distil", run, "--student", "table", *few, "--json", "--out", out)
    assert said.code == 0, said.err
    record = json.loads(said.out)
    assert (record["teachers"], record["test_rows"], record["shipped"]) == (["run"], 24, "table")
    result = json.loads((run / "result.json").read_text("utf-8"))
    boosted = next(one for one in result["tested"] if one["name"] == "selected")
    teacher = next(row for row in record["rows"] if row["role"] == "teacher")
    assert teacher["figure"]["value"] == boosted["scores"]["figures"]["accuracy"]["value"]  # on the same rows
    told = headstart("predict", out, file, "--json")
    assert told.code == 0, told.err
    assert len(json.loads(told.out)) == 120
    assert refused(headstart("distil", run, "--student", "hidden=x", *few), 2, "whole number >= 1")
