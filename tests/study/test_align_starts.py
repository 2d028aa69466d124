"""Training on the source alone is carried out once in `align`, and others go on from what it gives."""

from collections import Counter

import pytest
from tests.study.test_align import domain, net

import headstart as hs
from headstart.core import make
from headstart.run.progress import Progress
from headstart.session.session import Session
from headstart.studies.align.trial import starts_from

QUICK = {"seeds": 1, "epochs": 4, "evaluations": 2, "lr": 1e-2, "select": "im"}
STARTED = ("shot:weight=0.0", "adda")


@pytest.mark.parametrize(
    ("spec", "kind", "goes_on"),
    [
        ("shot", "classes", True),
        ("adda", "tags", True),
        ("adda", "numbers", False),
        ("shot:smoothing=0.2", "classes", False),
        ("shot:weight=0.5", "classes", True),
        ("dann", "classes", False),
        ("coral", "classes", False),
        ("cyclegan", "classes", False),
        ("cyclegan:first=source-only", "classes", True),
    ],
)
def test_who_goes_on_from_source_only(spec, kind, goes_on):
    assert starts_from(make(spec), make("source-only"), kind) == goes_on
    with_blocks = [make(name).limit_blocks(2) for name in (spec, "source-only")]
    assert starts_from(*with_blocks, kind) == goes_on


def run(monkeypatch, tmp_path, **more):
    """The result, and how often each stage was carried out."""
    stages, plain = Counter(), Session.fit

    def fit(self, method, *args, **kwargs):
        first = kwargs["options"].first
        stages.update(each.about.name for each in (method.stages()[1:] if first else method.stages()))
        return plain(self, method, *args, **kwargs)

    monkeypatch.setattr(Session, "fit", fit)
    out = tmp_path / "run"
    done = hs.align(domain(90, 0), domain(80, 1, 1.5), net(), methods=STARTED, out=out, **QUICK, **more)
    monkeypatch.undo()
    return done.result, stages


def test_it_is_trained_once_and_the_start_is_the_same_to_the_bit(monkeypatch, tmp_path):
    """SHOT without a weight leaves the model that it starts from as it is."""
    found, stages = run(monkeypatch, tmp_path)
    assert stages["source-only"] == 1
    looks = {(p.method, p.progress): (p.target, p.scores) for p in found.eval_points}
    assert looks["shot:weight=0.0", 1.0] == looks["source-only", 1.0]
    assert looks["adda", 1.0] != looks["source-only", 1.0]


@pytest.mark.slow
def test_a_run_that_was_stopped_after_it_starts_from_the_same(monkeypatch, tmp_path):
    whole, _ = run(monkeypatch, tmp_path / "whole")

    class Stop(Progress):
        def watch(self, ticks, run):
            for tick in ticks:
                yield tick
                if run.name == "adda":
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, tmp_path / "stopped", progress=Stop())
    again, stages = run(monkeypatch, tmp_path / "stopped", resume=True)
    assert stages["source-only"] == 1  # once more, to go on from
    assert again.table == whole.table


def test_how_long_it_takes_is_told_after_the_first_training(capsys):
    quick = QUICK | {"methods": ("coral", "dan:backbone_lr=1.0"), "progress": Progress("lines")}
    hs.align(domain(90, 0), domain(80, 1, 1.5), net(), **quick)
    said = capsys.readouterr().err
    assert "3 trainings to go, about" in said  # the probe's, and those of both methods
    assert said.find("try source-only") < said.find("to go, about") < said.find("try coral")
