"""`headstart search`: table, JSON, going on, and that `adapt` takes what it says."""

import json

import pytest
from tests.cli.telling import refused
from tests.study import tiny

from headstart.core import make
from headstart.study.search_record import Search
from headstart.study.session import Session


@pytest.fixture
def words(pictures, weights, tmp_path):
    small = ["--backbone", tiny.BACKBONE, "--weights", weights, "--size", 32, "--epochs", 1, "--folds", 2]
    return [pictures, *small, "--method", "ridge-probe", "--method", "fine-tune", "--out", tmp_path / "s"]


@pytest.mark.slow
def test_a_search_that_is_interrupted_goes_on_and_adapt_takes_the_best(
    headstart, words, tmp_path, monkeypatch
):
    left = [3]
    real = Session.fit

    def fit(self, *args, **more):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(self, *args, **more)

    space = ["--range", "fine-tune:last=1..3", "--range", "fine-tune:norm=frozen|train"]
    with monkeypatch.context() as patch:
        patch.setattr(Session, "fit", fit)
        said = headstart("search", *words, *space, "--trials", 5)
    assert said.code == 130
    assert "--resume" in said.err
    assert len(list((tmp_path / "s" / "steps").glob("*.safetensors"))) == 3  # each fold, as it was finished
    again = [*words[:5], "--out", tmp_path / "s", "--resume"]
    said = headstart("search", *again)  # with the settings that it was begun with
    assert said.code == 0, said.err
    record = Search.read(tmp_path / "s" / "search.json")
    assert len(record.trials) == 5
    assert record.space["fine-tune"] == {"last": "1..3", "norm": "frozen|train"}
    assert f"Cross-validation on the {record.train_rows} training rows of shapes" in said.out
    assert f"Best:   {record.method}, balanced accuracy {record.best.balanced_accuracy:.3f}" in said.out
    assert "Note: The" in said.out
    said = headstart("search", *again, "--trials", 6, "--json")
    assert (said.code, said.err) == (0, "")
    more = json.loads(said.out)
    assert [one["method"] for one in more["trials"][:5]] == [one.method for one in record.trials]
    assert len(more["trials"]) == 6
    run = tmp_path / "run"
    names = ["--backbone", tiny.BACKBONE, "--weights", words[4], "--no-curve", "--folds", 2, "--quiet"]
    said = headstart("adapt", words[0], *names, *record.adapt, "--out", run)
    assert said.code == 0, said.err
    result = json.loads((run / "result.json").read_text())
    made = make(record.method)
    assert [one["name"] for one in result["candidates"]] == [made.label]
    assert (result["train_rows"], result["test_rows"]) == (record.train_rows, record.test_rows)


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--trials", 1], 2, "--trials"),
        (["--budget", 0], 2, "--budget"),
        (["--method", "finetune"], 2, "'fine-tune'"),
        (["--range", "fine-tune:last"], 2, "METHOD:SETTING=RANGE"),
        (["--range", "fine-tune:last=6..1"], 2, "must be larger"),
        (["--range", "knn:k=1..6"], 2, "method of the search"),
        (["--device", "abacus"], 2, "abacus"),
    ],
)
def test_what_can_not_be_searched(headstart, words, more, code, said, tmp_path):
    assert refused(headstart("search", *words, *more), code, said)
    assert not list((tmp_path / "s").glob("*"))


def test_a_full_folder(headstart, words, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "mine.txt").write_text("")
    assert refused(headstart("search", *words), 8, "not empty")
