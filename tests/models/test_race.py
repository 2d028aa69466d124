"""The engine that is fastest on a first batch goes on, if it agrees, and is taken again after that."""

import sys

import pytest
import torch
from tests.models.test_fast import lived, noise, relative

from headstart.models import backbone, fast, onnx_forward, race
from headstart.models.onnx_forward import ONNX, OnnxForward
from headstart.models.race import CHOICES, LEAST, ProcessChoices, agree, choose
from headstart.run.engine_choices import EngineChoices

timm = pytest.importorskip("timm")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


class Clock:
    """Tells the time that engines have taken."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Slow:
    """An engine that adds 1 and takes known times, each in its turn."""

    def __init__(self, made, clock, *seconds, error=0.0):
        self.made, self.clock, self.seconds, self.error, self.calls = made, clock, seconds, error, 0

    def __call__(self, x):
        self.clock.now += self.seconds[min(self.calls, len(self.seconds) - 1)]
        self.calls += 1
        return x + 1 + self.error


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    monkeypatch.setattr(CHOICES, "_kept", {})


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(race.time, "perf_counter", made)
    return made


X = torch.zeros(4, 2)


def chosen(usual, *others, choices=None):
    made = choose(usual, others, lambda: X + 1, X, "key", choices or ProcessChoices())
    return made.made, CHOICES.get("key")


def test_the_least_time_by_hand(clock):
    """First calls do not count; then 8, 12, 8 s against 30, 4, 9 s for 4 rows: 4 * 1.1 < 8."""
    found, kept = chosen(Slow("usual", clock, 99, 8, 12, 8), Slow("other", clock, 99, 30, 4, 9))
    assert found == "other"
    assert list(kept.items()) == [("other", 1.0), ("usual", 2.0)]


def test_a_lead_that_may_be_chance_is_none(clock):
    found, kept = chosen(Slow("usual", clock, 11.0), Slow("other", clock, 10.0))
    assert found == "usual"
    assert next(iter(kept)) == "usual"
    CHOICES._kept.clear()
    assert chosen(Slow("usual", clock, 11.01), Slow("other", clock, 10.0))[0] == "other"


def test_what_disagrees_is_out_however_fast(clock):
    """1e-5 of the largest feature, which is 1."""
    found, kept = chosen(Slow("usual", clock, 8), Slow("other", clock, 1, error=2e-5))
    assert found == "usual"
    assert list(kept) == ["usual"]
    CHOICES._kept.clear()
    assert chosen(Slow("usual", clock, 8), Slow("other", clock, 1, error=5e-6))[0] == "other"


def test_what_is_not_a_number_disagrees():
    assert not agree(torch.full((2, 2), float("nan")), torch.ones(2, 2))


def test_a_choice_is_kept_on_the_disk_and_taken_again_without_a_trial(clock, tmp_path):
    first = chosen(Slow("usual", clock, 8), Slow("other", clock, 1), choices=EngineChoices(tmp_path))
    CHOICES._kept.clear()  # another process
    usual, other = Slow("usual", clock, 1), Slow("other", clock, 8)  # now it is slower
    assert chosen(usual, other, choices=EngineChoices(tmp_path)) == first
    assert (usual.calls, other.calls) == (0, 1)  # one call to see that it still agrees
    assert str(EngineChoices(tmp_path)) == "other 2.5e+02, usual 2e+03 ms a row"


def test_one_that_no_longer_agrees_is_not_taken_again(clock, tmp_path):
    chosen(Slow("usual", clock, 8), Slow("other", clock, 1), choices=EngineChoices(tmp_path))
    again = chosen(Slow("usual", clock, 8), Slow("other", clock, 1, error=1), choices=EngineChoices(tmp_path))
    assert again[0] == "usual"


def test_a_choice_of_this_process_is_written_into_another_folder(clock, tmp_path):
    chosen(Slow("usual", clock, 8), Slow("other", clock, 1), choices=EngineChoices(tmp_path / "one"))
    chosen(Slow("usual", clock, 1), Slow("other", clock, 8), choices=EngineChoices(tmp_path / "two"))
    files = [(tmp_path / name / "engines.json").read_text() for name in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": []}', '{"key": {"other": NaN}}', '{"key": {}}'])
def test_a_file_that_cannot_be_read_is_no_choice(tmp_path, text):
    (tmp_path / "engines.json").write_text(text)
    choices = EngineChoices(tmp_path)
    assert choices.get("key") is None
    choices.put("key", {"usual": 1.0})
    assert EngineChoices(tmp_path).get("key") == {"usual": 1.0}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    EngineChoices(tmp_path / "file").put("key", {"usual": 1.0})


def net(name="tf_efficientnet_lite0", size=64):
    return backbone(lived(timm.create_model(name)), example=noise(2, 3, size, size))


@pytest.mark.parametrize(
    "name", ["tf_efficientnet_lite0", "resnet18", "mobilenetv3_small_100", "convnext_atto"]
)
@pytest.mark.parametrize("size", [64, 65])
def test_the_same_features_for_any_number_of_rows(name, size):
    made, x = net(name, size), noise(5, 3, size, size)
    exported = OnnxForward(made, x, made)
    with torch.no_grad():
        for rows in (x, x[:1], x[:3]):
            assert exported(rows).shape == (len(rows), made.width)
            assert relative(exported(rows), made(rows)) < race.TOLERANCE


def test_padding_as_by_tensorflow_is_no_operation_of_its_own():
    """A Pad copies its input, and takes a quarter of the time of EfficientNet-Lite0."""
    import onnx

    made = net()
    graph = onnx.load_from_string(onnx_forward._exported(made, noise(2, 3, 64, 64))).graph
    kinds = {node.op_type for node in graph.node}
    assert "Conv" in kinds
    assert "Pad" not in kinds


def test_other_shapes_and_types_go_through_the_other(monkeypatch):
    made = net()
    exported = OnnxForward(made, noise(2, 3, 64, 64), made)
    monkeypatch.setattr(exported, "_session", None)
    with torch.no_grad():
        for x in (noise(2, 3, 96, 96), noise(2, 3, 64, 64).double()[:0].float(), noise(2, 3, 64, 64)[:0]):
            assert torch.equal(exported(x), made(x))


def racing(monkeypatch, made, rows=1000):
    monkeypatch.setattr(race, "WORK", 1000)
    monkeypatch.setattr(race, "MARGIN", 0.0)  # all others win, however slow
    return fast(made, rows=rows)


@pytest.mark.slow
def test_the_winner_goes_on_from_the_first_batch_with_the_same_bytes(monkeypatch):
    made, x = net(), noise(LEAST, 3, 64, 64)
    quick = racing(monkeypatch, made)
    assert quick.made == fast(made).made != ONNX
    first = quick(x)
    assert quick.made == ONNX
    assert torch.equal(quick(x), first)
    with torch.no_grad():
        assert relative(first, made.eval()(x)) < race.TOLERANCE
    again = fast(made, rows=1000)  # remembered, with the margin as it was
    again(x)
    assert again.made == ONNX


@pytest.mark.parametrize("why", ["few rows", "small batch", "transformer", "absent", "not exportable"])
def test_where_it_does_not_pay_or_can_not_be_the_usual_copy_goes_on(monkeypatch, why):
    made = net()
    rows = 1 if why == "few rows" else 1000
    if why == "transformer":
        vit = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=2)
        made = backbone(vit.eval(), example=noise(2, 3, 64, 64))
    quick = racing(monkeypatch, made, rows)
    if why == "few rows":
        monkeypatch.setattr(race, "WORK", 15_000_000)
    if why == "absent":
        monkeypatch.setattr(sys.modules["headstart.models.fast"], "has_onnxruntime", lambda: False)
    if why == "not exportable":
        monkeypatch.setattr(onnx_forward, "LARGEST", 1)
    usual = quick.made
    quick(noise(LEAST - (why == "small batch"), 3, 64, 64))
    assert quick.made == usual


def test_the_backbone_is_as_it_was(monkeypatch):
    made = net().train()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    seed = torch.random.get_rng_state()
    racing(monkeypatch, made)(noise(LEAST, 3, 64, 64))
    assert made.training
    assert all(p.requires_grad for p in made.parameters())
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    assert torch.equal(seed, torch.random.get_rng_state())
    assert not any(isinstance(module, onnx_forward._SamePadded) for module in made.modules())


def test_a_key_tells_sizes_threads_and_models_apart(monkeypatch):
    one, other = net(), backbone(lived(timm.create_model("resnet18")), example=noise(2, 3, 64, 64))
    x = noise(2, 3, 64, 64)
    keys = {
        race.key_of(one, x),
        race.key_of(one, x[:1]),
        race.key_of(one, x[..., :32]),
        race.key_of(other, x),
    }
    monkeypatch.setattr(race.torch, "get_num_threads", lambda: 77)
    keys.add(race.key_of(one, x))
    assert len(keys) == 4  # rows do not count
