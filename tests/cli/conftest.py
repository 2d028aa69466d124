"""The real command line, called in this process or started as a program."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.study import tiny
from tests.study.conftest import pictures as pictures
from tests.study.conftest import weights as weights

from headstart.__main__ import main

BEGAN = Path.cwd()


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def away(monkeypatch, tmp_path_factory):
    """`away()` leaves the folder that the tests began in, where commands that name none would write."""

    def go() -> Path:
        if Path.cwd() == BEGAN:
            monkeypatch.chdir(tmp_path_factory.mktemp("away"))
        return Path.cwd()

    return go


@pytest.fixture
def headstart(monkeypatch, capsys, away):
    """`headstart(*words)` carries out a command in this process."""

    def call(*words) -> Said:
        monkeypatch.setattr(sys, "argv", ["headstart", *map(str, words)])
        capsys.readouterr()
        away()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def program(away):
    """`program(*words)` starts the command as a program."""

    def call(*words, **options) -> Said:
        env = os.environ | {"OMP_NUM_THREADS": "1"} | options.pop("env", {})
        done = subprocess.run(
            [sys.executable, "-m", "headstart", *map(os.fspath, words)],
            capture_output=True,
            timeout=120,
            env=env,
            check=False,
            **({"cwd": away()} | options),
        )
        return Said(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))

    return call


@pytest.fixture
def quick(weights):
    """Options of `adapt` that make it take seconds."""
    return [*tiny.options(weights), "--method", "ridge-probe", "--no-curve", "--quiet"]


@pytest.fixture(scope="session")
def finished(tmp_path_factory, pictures, weights) -> Path:
    """A finished run; not to be written to."""
    return tiny.finished(tmp_path_factory.mktemp("finished") / "run", pictures, weights)


@pytest.fixture
def operate(headstart, weights, tmp_path):
    """`operate(*words)` operates on the small backbone: what was said, and the file."""

    def call(*words):
        file = tmp_path / f"encoder{len(list(tmp_path.iterdir()))}.safetensors"
        said = headstart("surgery", tiny.BACKBONE, "--weights", weights, *words, "--out", file)
        assert said.code == 0, said.err
        return said, file

    return call
