"""Every command of the pages runs on the default backbone, as it stands there, on small data of its names."""

import importlib.util
import json
import re
import shlex
from dataclasses import replace

import pytest
from tests.docs.commands import OBSTACLES, Command, all_distinct, obstacle_of
from tests.docs.pages import ROOT, Page
from tests.docs.stage import Stage
from tests.docs.test_docs import parse

from headstart.cli.tools import IMPORTED
from headstart.core import MissingPackage, make

DISTINCT = [*all_distinct().values()]
QUICK = ("methods", "show", "datasets", "doctor", "download", "--help", "--version")
PLACE = re.compile(r"^(?:Page|Record|Model|Encoder): +(\S+)$", re.MULTILINE)
NEXT = re.compile(r"^Next: +headstart (.+)$", re.MULTILINE)


def each(commands):
    """A parameter a command; slow but for those that compute nothing."""
    return [
        pytest.param(
            one, id=str(one), marks=[] if one.name in QUICK or "--help" in one.words else pytest.mark.slow
        )
        for one in commands
    ]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    return Stage(tmp_path_factory.mktemp("commands"))


@pytest.mark.parametrize("command", each(DISTINCT))
def test_it_runs(stage, command):
    said, place, _ = stage.carry_out(command)
    assert "Traceback" not in said.err
    if said.code == MissingPackage.code:
        (package,) = re.findall(r"needs the package '([^']+)', which is not installed", said.err)
        assert importlib.util.find_spec(IMPORTED.get(package, package.replace("-", "_"))) is None
        return
    if (obstacle := obstacle_of(command)) is not None:
        assert said.code == obstacle.code, said.err
        assert re.search(obstacle.says, " ".join(said.err.split())), said.err
        return
    assert said.code == 0, said.err
    assert said.out.strip() or "--out" in command.words
    for file in PLACE.findall(said.out):
        assert (place / file).exists(), file
    for words in NEXT.findall(said.out):
        parse(shlex.split(words))
    if command.methods() and command.made:
        folder = place / command.made
        (record,) = [*folder.glob("result.json"), *folder.glob("align*.json")]
        for method in replace(command, words=command.small()).methods():
            assert json.dumps(make(method).label) in record.read_text("utf-8"), method


def test_they_are_many_and_every_obstacle_is_met():
    assert len(DISTINCT) > 120
    for obstacle in OBSTACLES:
        assert any(map(obstacle.meets, DISTINCT)), obstacle.reason
    assert sum(obstacle_of(one) is None for one in DISTINCT) > 0.9 * len(DISTINCT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("adapt photos/ --method surgical:block=99", "nothing can learn in blocks 99"),
        ("adapt opinions.csv --label-column mood", "mood"),
        ("predict runs/photos new.csv", "new.csv"),
    ],
)
def test_one_that_fails_would_be_noticed(stage, words, says):
    said, _, _ = stage.carry_out(Command(Page(ROOT / "README.md"), tuple(words.split())))
    assert said.code != 0
    assert says in said.err
