"""Ways to train in phases: broken off in or between phases and resumed, they end in the same bytes."""

import pytest
import torch
from tests.study.test_checkpoints import data, net, watched_by

import headstart as hs
from headstart.session import session as fitting

STEPS = 6
RECIPE = hs.Recipe(steps=STEPS, batch=10, lr=0.05)
PHASES = {
    "lp-ft": hs.methods.LPFT(backbone_lr=1.0),
    "gradual": hs.methods.GradualUnfreezing(begin=0.2, full=0.7, backbone_lr=1.0),
    "surgical": hs.methods.Surgical(look=0.4, backbone_lr=1.0),
}


def fitted(method, **more):
    model = hs.fit(method, net(), data(), RECIPE, **more).model
    return {name: value.clone() for name, value in model.state_dict().items()}


def breaks_off_after(step):
    def watch(ticks, run):
        for tick in ticks:
            if tick.step == step and run.name != "logistic-probe":
                raise KeyboardInterrupt
            yield tick

    return watch


@pytest.mark.slow
@pytest.mark.parametrize("name", PHASES)
def test_broken_off_in_or_between_phases_it_ends_in_the_same_bytes(name, tmp_path, monkeypatch):
    method = PHASES[name]
    whole = fitted(method)
    for step in range(1, STEPS):
        file = tmp_path / f"{step}.safetensors"
        with monkeypatch.context() as patch:
            watched_by(patch, breaks_off_after(step))
            with pytest.raises(KeyboardInterrupt):
                fitted(method, checkpoint=file)
        again = fitted(method, checkpoint=file)
        assert all(torch.equal(value, again[key]) for key, value in whole.items()), step
    start = net().state_dict()
    assert any(
        not torch.equal(value, start[key.split("inner.")[1]])
        for key, value in whole.items()
        if "inner." in key
    )


def test_broken_off_between_the_probe_and_the_tuning(monkeypatch, tmp_path):
    """The second phase has not begun: what is resumed makes the probe again and ends in the same bytes."""
    method = PHASES["lp-ft"]
    whole, file = fitted(method), tmp_path / "between.safetensors"
    real, seen = fitting._train, []

    def carry_out(self, of, *more):
        seen.append(of.about.name)
        if of.about.name == "lp-ft":
            raise KeyboardInterrupt
        return real(self, of, *more)

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "_train", carry_out)
        with pytest.raises(KeyboardInterrupt):
            fitted(method, checkpoint=file)
    assert seen == ["logistic-probe", "lp-ft"]
    again = fitted(method, checkpoint=file)
    assert all(torch.equal(value, again[key]) for key, value in whole.items())
