"""The study in CONTRIBUTING.md is built as it stands there: function, command, record, page, resuming."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from tests.docs.pages import ROOT, Page

import headstart as hs
from headstart import studies
from headstart.cli.study_command import command
from headstart.core import Unknown
from headstart.run.progress import Progress
from headstart.studies import _spec, build_page

BLOCKS = {block.title: block.text for block in Page(ROOT / "CONTRIBUTING.md").blocks() if block.title}
FILES = {title: text for title, text in BLOCKS.items() if "studies/spread/" in title}
QUICK = {"seeds": 3, "epochs": 2, "lr": 0.01}


@pytest.fixture(scope="module", autouse=True)
def _study(tmp_path_factory):
    """The study, found by walking as if its folder lay in the package."""
    folder = tmp_path_factory.mktemp("studies")
    for title, text in FILES.items():
        file = folder / "spread" / title.rpartition("/")[2]
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "__path__", [*studies.__path__, str(folder)])
        importlib.invalidate_caches()
        studies.public_names.cache_clear()
        yield
    for name in [name for name in sys.modules if name.startswith("headstart.studies.spread")]:
        del sys.modules[name]
    _spec.study.cache_clear()
    studies.public_names.cache_clear()


def rows():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = rng.normal(size=(60, 4)).astype(np.float32)
    x[:, 0] += 2.0 * y
    return x, y


def network():
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))


def test_three_files_are_all_that_a_study_takes():
    assert [Path(title).name for title in FILES] == ["__init__.py", "run.py", "page.py"]
    assert "spread" in _spec.study_names()


def test_its_function_gives_the_record_and_its_mean_is_that_of_the_scores():
    record = hs.spread(network(), rows(), **QUICK)
    assert isinstance(record, hs.Spread)
    assert (record.task, record.method, record.schema) == ("arrays", "fine-tune", 1)
    assert len(record.scores) == 3
    assert record.mean.value == pytest.approx(sum(record.scores) / 3)
    assert record.settings["epochs"] == 2
    with pytest.raises(Unknown, match="option of spread"):
        hs.spread(network(), rows(), epoch=2)


class Stop(Progress):
    """Stops in the second training."""

    def step(self, name):
        if name.endswith("seed 1"):
            raise KeyboardInterrupt
        return super().step(name)


def test_interrupted_and_resumed_it_ends_in_the_same_bytes(tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    record = hs.spread(network(), rows(), out=whole, **QUICK)
    with pytest.raises(KeyboardInterrupt):
        hs.spread(network(), rows(), out=stopped, progress=Stop(), **QUICK)
    assert not (stopped / "spread.json").exists()
    kept = sorted(path.name for path in (stopped / "steps").glob("*.safetensors"))
    assert len(kept) == 1
    assert hs.spread(network(), rows(), out=stopped, resume=True, **QUICK) == record
    assert (stopped / "spread.json").read_bytes() == (whole / "spread.json").read_bytes()


@pytest.mark.slow
def test_its_page_and_its_command_show_the_same_rows(tmp_path, capsys):
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command("spread")(command(_spec.study("spread")))
    out = tmp_path / "out"
    words = [
        "spread",
        "digits",
        "--per-class",
        "6",
        "--seeds",
        "2",
        "--epochs",
        "1",
        "--size",
        "32",
        "--out",
        str(out),
    ]
    app([*words, "--quiet"], standalone_mode=False)
    record = hs.Spread.read(out / "spread.json")
    page = (out / "spread.html").read_text("utf-8")
    assert "on average over 2 seeds" in capsys.readouterr().out
    for score in record.scores:
        assert f"{100 * score:.1f}" in page
    (out / "spread.html").unlink()
    assert build_page(out) == out / "spread.html"
    assert (out / "spread.html").read_text("utf-8") == page


def test_it_is_tidy(tmp_path):
    for title, text in FILES.items():
        path = tmp_path / title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml")]
    ours = 'lint.isort.known-first-party=["headstart", "tests"]'
    for arguments in (["check", *config, "--config", ours], ["format", "--check", *config]):
        words = [sys.executable, "-m", "ruff", *arguments, "."]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout
