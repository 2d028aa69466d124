"""Learning to learn: what is refused before anything is trained, and what it says."""

import numpy as np
import pytest
from tests.cli.conftest import Said
from tests.docs.stage import run as command
from tests.study.episode_rows import PROTO, SMALL, TEXTS, rows

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.learners.learner import Problem
from headstart.studies.episodes.chosen import choose, named


def test_names_of_learners_with_commas_and_beginnings():
    assert list(named(["proto,maml:steps=5,order=1,neural"])) == [
        "protonet",
        "maml:steps=5,order=1",
        "neural-process",
    ]
    with pytest.raises(Unknown, match=r"No learner is called 'prot0net'. Did you mean 'protonet'"):
        list(named(["prot0net"]))
    with pytest.raises(BadInput, match="protonet learns classes, and the tasks' answers are numbers"):
        choose(["protonet"], Problem((1,), 1, "numbers", 1))


@pytest.mark.parametrize(
    ("data", "how", "says"),
    [
        (
            rows(),
            {"ways": 5},
            r"5 to train on and 5 others to test with, .* has 8 such classes of 8",
        ),
        (rows(), {"ways": 3, "shots": 12}, "has 0 such classes of 8. 'c0', .* have fewer rows"),
        (rows(), {"test_classes": 2, "ways": 3}, "a task has 3 classes, so test tasks need as many"),
        (rows(), {"encoder": "conv4", "ways": 3}, "not inputs of shape"),
        (rows(), {"train_shots": (3, 1)}, "the least and the most"),
        ("sinusoids", {"ways": 3, "learners": ["maml"]}, "have no classes"),
        ("sinusoids", {"backbone": "table"}, "is a family of tasks"),
        ("sinusoid", {}, "Did you mean the family 'sinusoids'"),
        ("sinusoids", {"test_data": rows()}, "must be labelled data, or a family"),
        (rows(), {"test_data": (rows()[0][:, :2], rows()[1])}, r"shape \(2,\) .* of shape \(3,\)"),
        (
            "sinusoids",
            {"test_data": "gaussian-classes", "learners": ["maml"]},
            "2,.* 5 classes, .* 1 numbers",
        ),
        ("sinusoids", {"at_shots": 5, "learners": ["maml"]}, "at_shots is 5; it must be a list of whole"),
        (TEXTS, {"test_data": TEXTS}, "give all rows of tables and texts in one"),
    ],
)
def test_what_cannot_be_done_is_refused_before_training(data, how, says, tmp_path):
    with pytest.raises(BadInput, match=says):
        hs.episodes(data, out=tmp_path / "out", **{**PROTO, **how})
    assert not (tmp_path / "out").exists()


def test_numbers_without_groups_make_no_tasks(tmp_path):
    x, _ = rows()
    with pytest.raises(BadData, match=r"are numbers, .* With group_column=... each group is a task"):
        hs.episodes((x, np.linspace(0, 1, len(x))), out=tmp_path / "out", **SMALL)


def test_mistakes_on_the_command_line_are_one_sentence(tmp_path):
    for words, says in (
        (["sinusoids", "--learner", "malm"], "Did you mean 'maml'"),
        (["digits", "--ways", "6"], "Fewer --ways"),
        (["sinusoids", "--train-shots", "x"], "--train-shots is 'x'"),
        (["digits", "--weights", "random"], "--weights are of a backbone"),
    ):
        said = command(["episodes", *words, "--out", "out"], tmp_path)
        assert isinstance(said, Said)
        assert said.code == 2
        assert says in said.err
        assert "Traceback" not in said.err


def test_groups_that_there_are_not():
    with pytest.raises(
        BadInput, match=r"has no groups to hold out: .* group_column=\.\.\., or leave new_groups out"
    ):
        hs.episodes(rows(), new_groups=True, **PROTO)
