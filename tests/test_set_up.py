"""`make demo` and `make test` take the newest Python that is there, and keep a torch that is there."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "constraints.txt").read_text("utf-8")
HERE = sys.version_info[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def constraints(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import constraints

    return constraints.constraints


def names(lines):
    """The packages that lines pin, once each."""
    pinned = [line for line in lines.splitlines() if not line.startswith("#")]
    return sorted({re.split(r"==", line)[0].lower() for line in pinned})


def test_the_lock_pins_all_that_is_needed_and_names_no_host():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = {
        re.split(r"[\[<>=,;]", one)[0].strip().lower().replace("_", "-")
        for group in (project["dependencies"], *extras)
        for one in group
    }
    assert wanted - {"headstart"} <= set(names(LOCK))
    assert {"pip", "setuptools", "wheel"} <= set(names(LOCK))
    assert all("==" in line for line in LOCK.splitlines() if not line.startswith("#"))
    assert "://" not in LOCK
    assert "--hash" not in LOCK


@pytest.mark.parametrize("torch", [None, "2.6.0", "2.14.1"])
def test_without_a_build_of_torch_from_elsewhere_it_is_the_lock(constraints, torch):
    assert constraints(LOCK, lambda name: torch) == LOCK


@pytest.mark.parametrize(
    ("torch", "vision"), [("2.99.0+cpu", "0.99.0+cpu"), ("2.14.1+cu126", "0.29.1+cu126")]
)
def test_a_build_of_torch_that_is_there_is_kept(constraints, torch, vision):
    pins = constraints(LOCK, {"torch": torch, "torchvision": vision}.get)
    assert f"torch=={torch}\n" in pins
    assert f"torchvision=={vision}\n" in pins
    assert len(re.findall(r"^torch(?:vision)?==", pins, re.M)) == 2
    assert names(pins) == names(LOCK)


def test_a_build_of_torch_without_its_torchvision_is_refused(constraints):
    """The torchvision of the registry does not go with it: it fails when it is imported."""
    with pytest.raises(SystemExit, match=r"torch 2\.14\.1\+cpu is here without its torchvision"):
        constraints(LOCK, {"torch": "2.14.1+cpu"}.get)


def program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def pythons(*folders):
    command = ["sh", str(ROOT / "tools" / "find_python.sh")]
    path = os.pathsep.join([*map(str, folders), "/usr/bin", "/bin"])
    done = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if any(line.startswith(str(one)) for one in folders)]


@pytest.mark.slow
def test_the_newest_python_that_runs_comes_first(tmp_path):
    for minor in (11, 12, 13, 14):  # shims of versions that are not there, as pyenv's
        program(tmp_path / "shims" / f"python3.{minor}", "exit 127")
    program(tmp_path / "other" / "python3", f'exec "{sys.executable}" "$@"')
    program(tmp_path / "own" / f"python3.{HERE}", f'exec "{sys.executable}" "$@"')
    program(tmp_path / "old" / "python3.10", f'exec "{sys.executable}" "$@"')
    assert pythons(tmp_path / "shims") == []
    assert pythons(tmp_path / "old") == []
    assert pythons(tmp_path / "shims", tmp_path / "own") == [str(tmp_path / "own" / f"python3.{HERE}")]
    assert pythons(tmp_path / "shims", tmp_path / "other") == [str(tmp_path / "other" / "python3")]


def make(*words):
    return subprocess.run(
        ["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_without_a_python_it_says_what_to_install(tmp_path):
    done = make("PYTHON=", f"VENV={tmp_path / 'new'}", "demo")
    assert done.returncode != 0
    assert "headstart needs Python 3.11, 3.12, 3.13 or 3.14" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr
    assert not (tmp_path / "new").exists()


def test_the_demo_takes_what_it_needs_and_the_tests_the_rest(tmp_path):
    demo, test = (
        make("-n", "PYTHON=python3", f"VENV={tmp_path / 'new'}", name).stdout for name in ("demo", "test")
    )
    extras = [re.findall(r'-e "\.\[([\w,]+)\]"', said) for said in (demo, test)]
    assert extras[0] == ["vision,report"]
    assert extras[1][0] == "vision,report"
    assert {"vision", "report", "text", "tables", "export", "dev"} <= set(extras[1][1].split(","))
    assert all(f"-c {tmp_path / 'new'}/constraints.txt" in line for line in demo.splitlines() if "-e" in line)


def test_the_second_time_nothing_is_installed(tmp_path):
    new = tmp_path / "new"
    (new / "bin").mkdir(parents=True)
    for file in ("bin/python", ".demo", ".ready"):
        (new / file).touch()
    for name in ("demo", "quick"):
        said = make("-n", f"VENV={new}", name).stdout
        assert "pip" not in said
        assert str(new) in said


def test_tests_of_a_file_share_a_process_and_its_fixtures(request):
    """A pytest-xdist that groups in silence no more repeats every fixture of a file in every process."""
    grouped = request.config.getoption("loadgroup", default=False)
    assert not grouped or request.node.nodeid.endswith("@tests/test_set_up.py")
