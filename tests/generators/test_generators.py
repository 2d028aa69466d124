"""Generative models: what they learn, draw, fill in and keep."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadData, BadInput, Ctx, Mismatch, SeededLabelled, Unknown
from headstart.generators.flow import Flow
from headstart.generators.generative_model import make_generator, walk_generators
from headstart.generators.generator import Generator, open_generator
from headstart.generators.spaces.columns import code_of
from headstart.generators.spaces.space import space_of
from headstart.generators.training import average_decay, train_generator
from headstart.generators.variational_autoencoder import VariationalAutoencoder
from headstart.run.engine import One
from headstart.run.recipe import Recipe

MODELS = (Flow(width=8, steps=4), VariationalAutoencoder(width=8, latent=2))
CTX = Ctx(0, 0.0, lambda x: x)


def numbers(n=60):
    """Two classes of pairs of numbers: around (-5, 10) and (5, 20)."""
    draw, y = np.random.default_rng(0), np.arange(n) % 2
    x = draw.normal(size=(n, 2)) + np.array([[-5, 10], [5, 20]])[y]
    return hs.data.load((x.astype(np.float32), np.array(["low", "high"])[y]))


def trained(model, data, steps=100, **how):
    space = space_of(data)
    recipe = Recipe(steps=steps, batch=32, lr=5e-3, ema=average_decay(steps))
    parts, losses = train_generator(model, space, data, recipe, One(), **how)
    counts = tuple(np.bincount(data.labels).tolist())
    return Generator(model, space, data.classes, parts, data.name, counts, data.digests), losses


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.name)
def generator(request):
    return trained(request.param, numbers())[0]


def test_samples_are_where_their_class_is(generator):
    found = generator.draw(40, seed=3)
    means = [found.array[found.labels == label].mean(0) for label in (0, 1)]
    by_name = dict(zip(found.classes, means, strict=True))
    assert by_name["low"] == pytest.approx([-5, 10], abs=1.5)
    assert by_name["high"] == pytest.approx([5, 20], abs=1.5)


def test_samples_stay_in_the_range_of_the_data(generator):
    data, found = numbers(), generator.draw(100)
    assert (found.array >= data.array.min(0)).all()
    assert (found.array <= data.array.max(0)).all()


def test_a_draw_is_a_function_of_seed_class_and_place(generator):
    few, more = generator.draw(3, seed=1), generator.draw({"high": 5, "low": 3}, seed=1)
    for label in (0, 1):
        mine, others = (data.array[data.labels == label] for data in (few, more))
        np.testing.assert_allclose(mine, others[:3], rtol=1e-5)
    assert not np.allclose(generator.draw(3, seed=2).array, few.array)


def test_saved_and_opened_it_draws_the_same(generator, tmp_path):
    generator.save(tmp_path / "model")
    again = open_generator(tmp_path)
    assert again.model == generator.model
    assert again.learned == generator.learned
    np.testing.assert_array_equal(again.draw(4).array, generator.draw(4).array)
    (tmp_path / "model" / "generator.json").write_text("{}")
    with pytest.raises(Mismatch, match="no generator that can be opened"):
        open_generator(tmp_path)


def test_refusals(generator, tmp_path):
    with pytest.raises(BadInput, match="rows is 0"):
        generator.draw(0)
    for bad in (1.5, "3", None, True, {"low": 1.5}):
        with pytest.raises(BadInput, match="must be a whole number >= 1"):
            generator.draw(bad)
    with pytest.raises(Unknown, match="Did you mean 'low'"):
        generator.draw({"lo": 1})
    with pytest.raises(BadInput, match="There is no generator in"):
        open_generator(tmp_path / "none")
    with pytest.raises(BadInput, match="folder of a generator is 3"):
        open_generator(3)
    with pytest.raises(BadInput, match=r"takes a labelled table, as .* gives it, and not int"):
        generator.fill(3)
    with pytest.raises(BadInput, match="Only cells of tables"):
        generator.fill(numbers())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_stopped_and_resumed_is_the_same(model, tmp_path):
    whole, losses = trained(model, numbers(), 12)

    def stop(ticks, run):
        for tick in ticks:
            yield tick
            if tick.step == 5:
                raise KeyboardInterrupt

    file = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        trained(model, numbers(), 12, checkpoint=file, watch=stop)
    again, resumed = trained(model, numbers(), 12, checkpoint=file)
    assert resumed == losses
    for name, value in whole.parts.state_dict().items():
        assert torch.equal(value, again.parts.state_dict()[name])


def test_guidance_of_one_is_the_class_alone():
    """v_none + 1 * (v_class - v_none) is v_class, and guidance of 0 does not hear the class."""
    generator, _ = trained(MODELS[0], numbers(), 60)
    low, high = torch.zeros(8, dtype=torch.int64), torch.ones(8, dtype=torch.int64)
    seed = torch.arange(8)

    def draw(y, guidance):
        return replace(generator.model, guidance=guidance).draw(generator.parts, (2,), y, seed)

    assert torch.equal(draw(low, 0.0), draw(high, 0.0))
    torch.testing.assert_close(draw(low, 1.0), draw(low, 1.0 + 1e-6), atol=1e-4, rtol=1e-4)
    centre = [(draw(high, w) - draw(low, w)).norm(dim=1).mean() for w in (0.0, 1.0, 2.0)]
    assert centre[0] < centre[1] < centre[2]


def test_loss_of_an_untrained_flow():
    """It says 0 at first, so the loss is the mean square of data minus noise, of the row's seed alone."""
    parts = MODELS[0].parts((2,), 2)
    x, seed = torch.zeros(2000, 2), torch.arange(2000)
    loss = MODELS[0].loss(parts, SeededLabelled(x, torch.zeros(2000, dtype=torch.int64), None, seed), CTX)
    assert loss.total.item() == pytest.approx(1, abs=0.05)


def test_a_hidden_class_is_that_of_none():
    """Where all classes are hidden, the loss does not depend on them; where none is, it does."""
    losses = []
    for unlabelled in (0.0, 0.9999):
        model = replace(MODELS[0], unlabelled=unlabelled)
        parts = model.parts((2,), 2)
        torch.nn.init.eye_(parts["velocity"].last.weight)
        for layer in parts["velocity"].layers:
            torch.nn.init.eye_(layer.modulation.both.weight)
        x, seed = torch.ones(50, 2), torch.arange(50)
        both = torch.zeros(50, dtype=torch.int64), torch.ones(50, dtype=torch.int64)
        batches = [SeededLabelled(x, y, None, seed) for y in both]
        losses += [model.loss(parts, batch, CTX).total.item() for batch in batches]
    assert losses[0] != losses[1]
    assert losses[2] == losses[3]


def table(n=80):
    draw = np.random.default_rng(0)
    y = np.arange(n) % 2
    age = (40 + 20 * y + draw.integers(-5, 6, n)).astype(object)
    age[::9] = None
    rows = {
        "age": age,
        "ward": np.where(draw.random(n) < np.where(y, 0.9, 0.1), "a", "b"),
        "seen": [f"2024-0{1 + i % 9}-1{i % 10}" for i in range(n)],
        "cost": (10 + 5 * y + draw.normal(size=n)).round(2),
    }
    return hs.data.load((rows, np.where(y, "ill", "well")))


@pytest.fixture(scope="module")
def tabled():
    return trained(Flow(width=16, steps=4), table(), 150)[0]


def test_a_table_is_drawn_in_its_own_form(tabled, tmp_path):
    data, found = table(), tabled.draw(60, seed=5)
    assert found.table.names == data.table.names
    assert found.table.kinds == data.table.kinds
    age, cost = found.table.values[:, 0], found.table.values[:, 3]
    assert set(age[~np.isnan(age)]) <= set(data.table.values[:, 0])  # few numbers: they alone
    np.testing.assert_allclose(cost, cost.round(2), atol=1e-9)
    assert cost.min() >= data.table.values[:, 3].min()
    name = tabled.write(found, tmp_path)
    again = hs.data.load(tmp_path / name)
    assert again.table.names == data.table.names
    assert again.table.kinds == data.table.kinds
    assert again.classes == data.classes
    np.testing.assert_allclose(again.table.values[:, 3], cost)


def test_columns_of_a_table_keep_their_class(tabled):
    found = tabled.draw(200, seed=6)
    ill = found.labels == found.classes.index("ill")
    ward = np.array(found.table.words["ward"])[found.table.values[:, 1].astype(int)]
    assert (ward[ill] == "a").mean() > (ward[~ill] == "a").mean() + 0.3  # 0.9 and 0.1


@pytest.mark.parametrize("kind", ["flow", "vae"])
def test_missing_cells_are_filled_in_and_others_kept(kind, tabled):
    data = table()
    model = tabled if kind == "flow" else trained(VariationalAutoencoder(width=16, latent=4), data, 150)[0]
    filled = model.fill(data)
    before, after = data.table.values, filled.table.values
    there = ~np.isnan(before)
    np.testing.assert_array_equal(after[there], before[there])
    assert not np.isnan(after).any()
    ill = (data.labels == data.classes.index("ill")) & np.isnan(before[:, 0])
    well = (data.labels == data.classes.index("well")) & np.isnan(before[:, 0])
    assert after[ill, 0].mean() > after[well, 0].mean() + 8  # 60 and 40


def test_what_is_filled_in_is_asked_for_as_a_cell_that_is_there():
    """The number that says whether a cell is missing is known, and says that it is not."""
    column = code_of("age", "numeric", np.array([1.0, np.nan, 3.0]), (), "people")
    asked, known = column.ask(np.array([1.0, np.nan]), ())
    assert asked[:, 1].tolist() == [-1, -1]
    assert known.tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize(("values", "levels"), [(np.arange(30) / 7, False), (np.arange(30) % 5, True)])
def test_numbers_are_levels_only_if_they_come_again(values, levels):
    """A few rows of a measured column are not all there is to it: its samples would be copies."""
    assert code_of("age", "numeric", values, (), "people").levels == levels


@pytest.mark.parametrize("data", [numbers(), table(), hs.data.load("digits").subset(np.arange(20))])
def test_encoded_and_decoded_rows_are_the_same(data):
    space = space_of(data)
    x = space.encode(data)
    assert tuple(x.shape[1:]) == space.shape
    found = space.decode(x)
    assert not found.clipped.any()
    rows = data.table.values if data.table is not None else data.array
    made = found.samples.values if data.table is not None else found.samples.array
    np.testing.assert_allclose(made, rows, atol=1e-4)


def test_what_leaves_the_range_is_brought_back_and_counted():
    data = numbers()
    space = space_of(data)
    x = space.encode(data)[:3]
    x[1] = 50
    found = space.decode(x)
    assert found.clipped.tolist() == [False, True, False]
    np.testing.assert_allclose(found.samples.array[1], data.array.max(0), rtol=1e-6)


def test_large_pictures_are_resized_and_it_is_said():
    pictures = np.random.default_rng(0).integers(0, 256, (6, 80, 160, 3), np.uint8)
    space = space_of(hs.data.load((pictures, ["a", "b"] * 3)))
    assert space.shape == (3, 32, 64)
    assert "160 x 80 pixels as a rule and were resized to 64 x 32" in space.notes[0]


def test_what_is_refused():
    with pytest.raises(BadInput, match="holds texts, which no generative model here draws"):
        space_of(hs.data.load((["good film", "bad film"] * 4, ["x", "y"] * 4)))
    counts = table()
    with pytest.raises(BadInput, match="holds raw counts"):
        space_of(replace(counts, samples=replace(counts.table, counts=True)))
    with pytest.raises(BadData, match="'lonely' has fewer than 2 rows to learn from"):
        trained(MODELS[0], hs.data.load((np.eye(5, dtype=np.float32), ["a", "a", "b", "b", "lonely"])))
    with pytest.raises(BadData, match="labels that are numbers"):
        trained(MODELS[0], hs.data.load((np.eye(4, dtype=np.float32), [0.1, 0.2, 0.3, 0.4])))
    with pytest.raises(BadInput, match="guidance is 2; it must be 1 where no class is hidden"):
        make_generator("flow:guidance=2,unlabelled=0")
    with pytest.raises(Unknown, match="No generative model is called 'flaw'"):
        make_generator("flaw")
    with pytest.raises(Unknown, match="No setting of vae"):
        make_generator("vae:guidance=2")


def test_the_register_finds_both():
    assert sorted(kind.name for kind in walk_generators()) == ["flow", "vae"]


def test_settings_survive_json():
    for data in (numbers(), table()):
        space = space_of(data)
        again = type(space).from_settings(json.loads(json.dumps(space.settings)))
        assert torch.equal(again.encode(data), space.encode(data))
