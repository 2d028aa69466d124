"""Killed at any moment and resumed, a study ends in the bytes of the uninterrupted one."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest
from tests.study import tiny
from tests.study.starter import STEPS

from headstart.predictor.predictor import UnfinishedWarning, open_model

pytestmark = [pytest.mark.slow, pytest.mark.many]

MOMENTS = 10
ENDS = ("result.json", "model/model.safetensors", "model/config.json", "ticks.jsonl")


@pytest.fixture(scope="module")
def start():
    """`start(here, words, ...)` carries out an order of the starter."""
    command = [sys.executable, "-m", "tests.study.starter"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as starter:

        def order(here, words, **when):
            here.mkdir(exist_ok=True)
            wanted = {"here": str(here), "words": [str(word) for word in words]} | when
            print(json.dumps(wanted), file=starter.stdin, flush=True)
            return json.loads(starter.stdout.readline())

        yield order
        starter.stdin.close()


@pytest.fixture(scope="module")
def words(pictures, weights):
    """A study with fine-tuning, LP-FT, training from scratch and a size curve."""
    tuned = ["--method", "lp-ft", "--method", "fine-tune", "--batch", 4, "--reading", "auto"]
    return ["adapt", pictures, *tiny.options(weights), *tuned, "--out", "run"]


def ends(here):
    return {name: (here / "run" / name).read_bytes() for name in ENDS}


@pytest.fixture(scope="module")
def smooth(start, words, tmp_path_factory):
    """What the uninterrupted study ends in, its number of steps, and the seconds of one."""
    here = tmp_path_factory.mktemp("smooth")
    answer = start(here, words)
    assert answer["code"] == 0
    steps = finished(here)
    return ends(here), steps, answer["seconds"] / steps


def finished(here):
    return len(list(here.glob(STEPS)))


def test_killed_at_any_moment(start, words, smooth, tmp_path):
    """Moments in all steps of the study; every other resumed run is killed as well.

    They are counted from the end of a step, so that it doesn't matter how busy the machine is.
    """
    wanted, steps, seconds = smooth
    chance = random.Random(7)
    where = set()
    for number in range(MOMENTS):
        here = tmp_path / str(number)
        kill = {"signal": signal.SIGKILL, "steps": number * steps // MOMENTS}
        killed = start(here, words, after=chance.random() * seconds, **kill)["code"] == -signal.SIGKILL
        where |= {finished(here)} if killed else set()
        if number % 2:
            kill["steps"] = chance.randrange(steps)
            start(here, [*words, "--resume"], after=chance.random() * seconds, **kill)
        assert start(here, [*words, "--resume"])["code"] == 0, (number, (here / "err.txt").read_text())
        assert ends(here) == wanted, f"killed in step {kill['steps']} of {steps}"
    assert len(where) >= MOMENTS // 2  # the moments were in many places


def test_killed_in_the_middle_of_a_training(start, words, smooth, tmp_path):
    """As soon as a checkpoint of a training is there; the resumed run takes it up."""
    wanted, _, _ = smooth
    kill = {"signal": signal.SIGKILL, "after": 120, "seen": "run/steps/*.checkpoint"}
    assert start(tmp_path, words, **kill)["code"] == -signal.SIGKILL
    assert list((tmp_path / "run" / "steps").glob("*.checkpoint"))
    assert start(tmp_path, [*words, "--resume"])["code"] == 0, (tmp_path / "err.txt").read_text()
    assert ends(tmp_path) == wanted


def test_interrupted_by_ctrl_c(start, words, smooth, tmp_path):
    wanted, steps, seconds = smooth
    models = 0
    for share in (0.25, 0.5, 0.75):
        here = tmp_path / str(share)
        moment = {"steps": int(share * steps), "after": seconds / 4}
        answer = start(here, words, signal=signal.SIGINT, **moment)
        said = (here / "err.txt").read_text()
        assert answer["code"] == 130, said
        assert "headstart: Interrupted. What was finished is kept" in said
        assert "--resume" in said
        assert "Traceback" not in said
        assert not (here / "run" / "result.json").exists()
        if (here / "run" / "model").is_dir():
            models += 1
            assert "A first model lies in run/model." in said
            with pytest.warns(UnfinishedWarning):
                assert open_model(here / "run").training.unfinished
    assert models
    assert start(here, [*words, "--resume"])["code"] == 0
    assert ends(here) == wanted
