"""The model that is there while a run goes on, and that an interrupted one leaves."""

import pytest
from tests.study import tiny

import headstart as hs
from headstart.predictor.predictor import UnfinishedWarning, open_model
from headstart.studies.adapt import first_model, first_steps
from headstart.studies.adapt import run as adapt_run


@pytest.mark.slow
def test_the_first_model_is_there_while_the_run_goes_on(base, shapes, tmp_path, monkeypatch):
    """An interrupted run leaves it; the finished one has the selected model."""
    real = adapt_run.plan_study

    def interrupt(*_):
        raise KeyboardInterrupt

    how = {"out": tmp_path / "run", "methods": ("fine-tune", "knn", "ridge-probe"), **tiny.QUICK}
    monkeypatch.setattr(adapt_run, "plan_study", interrupt)
    with pytest.raises(KeyboardInterrupt):
        hs.adapt(base, shapes, **how)
    with pytest.warns(UnfinishedWarning, match="first model of a run that was not finished"):
        first = open_model(tmp_path / "run")
    assert first.training.title in ("kNN", "Ridge probe")
    assert "first model" in repr(first)
    assert first.predict(list(shapes[0][:2]))[0].label in first.classes
    monkeypatch.setattr(adapt_run, "plan_study", real)
    hs.adapt(base, shapes, resume=True, **how)
    assert not open_model(tmp_path / "run").training.unfinished


def test_a_probe_of_some_rows_is_there_before_anything_is_compared(base, shapes, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(first_model, "SOME", 6)
    real = first_steps.choose_reading
    monkeypatch.setattr(first_steps, "choose_reading", interrupt)
    how = {"out": tmp_path / "run", "methods": ("ridge-probe",), **tiny.QUICK}
    with pytest.raises(KeyboardInterrupt):
        hs.adapt(base, shapes, **how)
    with pytest.warns(UnfinishedWarning):
        first = open_model(tmp_path / "run")
    assert first.training.rows == 6  # two of each class
    assert first.predict(list(shapes[0][:2]))[0].label in first.classes
    monkeypatch.setattr(first_steps, "choose_reading", real)
    done = hs.adapt(base, shapes, resume=True, **how)
    assert open_model(tmp_path / "run").training.rows == done.result.train_rows > 6
