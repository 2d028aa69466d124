"""`headstart search`: table, JSON, going on, and that `adapt` takes what it says."""

import json
import shlex
from pathlib import Path

import pytest
from tests.cli.telling import refused
from tests.study import tiny
from tests.study.test_tables import rows, write

from headstart.core import make
from headstart.report.metric import get_metric
from headstart.session.session import Session
from headstart.studies.search import Search
from headstart.studies.search.trials import next_command


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
    score = get_metric(record.selection).value(record.best_score)
    assert f"Best:   {record.method}, accuracy {score}" in said.out
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


@pytest.mark.slow
def test_what_it_says_next_is_a_command_that_fits_and_tests_the_best_on_the_same_data(
    headstart, tmp_path, monkeypatch
):
    """A table with a column of numbers that are names, and a split of the user's."""
    monkeypatch.chdir(tmp_path)
    sides = ["train" if n % 10 < 7 else "test" for n in range(90)]
    body = [[*row[:4], str(n % 4), row[4], sides[n]] for n, row in enumerate(rows(90))]
    write(tmp_path / "my rows.csv", body, ["size", "colour", "noise", "flat", "code", "kind of", "part"])
    named = ["--label-column", "kind of", "--split-column", "part", "--categorical", "code"]
    small = ["--method", "ridge-probe", "--method", "lp-ft", "--folds", 2, "--trials", 5, "--epochs", 1]
    words = ["search", "my rows.csv", *named, *small, "--seed", 7, "--batch", 16, "--out", "s"]
    said = headstart(*words)
    assert said.code == 0, said.err
    record = Search.read("s/search.json")
    (line,) = [line for line in said.out.splitlines() if line.startswith("Next:")]
    assert line.removeprefix("Next:").strip() == record.next
    page = (tmp_path / "s/search.html").read_text("utf-8")
    assert f"<code>{record.next}</code>".replace("'", "&#39;") in page
    program, *rest = shlex.split(record.next)
    assert program == "headstart"
    done = headstart(*rest)
    assert done.code == 0, done.err
    result = json.loads((tmp_path / "s-adapt" / "result.json").read_text())
    assert (result["train_rows"], result["test_rows"]) == (record.train_rows, record.test_rows) == (63, 27)
    assert result["candidates"][0]["name"] == make(record.method).label
    assert (result["seed"], result["settings"]["batch"]) == (7, 16)
    again = headstart("report", "s")
    assert again.out.strip() == "s/search.html"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([], ["rows.csv"]),
        (["--backbone", "table"], ["rows.csv", "--backbone", "table"]),
        (
            ["--label-column", "colour", "--per-class", 9, "--device", "cpu"],
            ["rows.csv", "--label-column", "colour", "--per-class", "9", "--device", "cpu"],
        ),
        (["--label-column=kind of"], ["rows.csv", "--label-column=kind of"]),
        (
            ["--categorical", "noise", "--categorical", "size"],
            ["rows.csv", "--categorical", "noise", "--categorical", "size"],
        ),
    ],
)
def test_how_the_data_are_named_is_kept(more, found):
    own = ["--trials", "9", "--range", "knn:k=1..3", "--seed=3", "--json", "-q", "--out", "a b"]
    command = shlex.join(["headstart", "search", *own[:4], "rows.csv", *map(str, more), *own[4:]])
    following = next_command(command, ["--method", "knn"], Path("a b"))
    assert shlex.split(following) == ["headstart", "adapt", *found, "--method", "knn", "--out", "a b-adapt"]
    assert next_command(shlex.join(["pytest", "search", "rows.csv"]), [], Path("a")) == ""


@pytest.mark.slow
def test_backbones_are_repeated_and_the_next_command_names_the_best(
    headstart, pictures, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    names = ["--backbone", tiny.BACKBONE, "--backbone", "timm:test_resnet"]
    random = ["--weights", f"{tiny.BACKBONE}=random", "--weights", "timm:test_resnet=random"]
    small = [
        "--size",
        32,
        "--epochs",
        1,
        "--folds",
        2,
        "--trials",
        3,
        "--method",
        "ridge-probe",
        "--out",
        "s",
    ]
    said = headstart("search", pictures, *names, *random, *small)
    assert said.code == 0, said.err
    record = Search.read("s/search.json")
    assert record.backbones == [tiny.BACKBONE, "timm:test_resnet"]
    best = ["--backbone", record.best.backbone, "--weights", "random"]
    assert record.adapt[:4] == best
    words = shlex.split(record.next)
    assert [words[n + 1] for n, word in enumerate(words) if word == "--backbone"] == [record.best.backbone]
    done = headstart(*words[1:], "--no-curve", "--quiet")
    assert done.code == 0, done.err
    result = json.loads((tmp_path / "s-adapt" / "result.json").read_text())
    assert result["train_rows"] == record.train_rows
