"""`pretrain_pairs`: what it learns, holds out, keeps and refuses; and its folder as a pair of encoders."""

import numpy as np
import pytest
import torch
from tests.study.paired import SIDE, halves, pairs

import headstart as hs
from headstart.core import BadData, BadInput, Task
from headstart.models.readout import FeatureSource, Readout
from headstart.run.engine import One
from headstart.run.progress import Progress
from headstart.run.recipe import Recipe
from headstart.session.inputs import loader_of
from headstart.session.pair_training import PairSession
from headstart.studies.pretrain_pairs import PretrainPairsSettings
from headstart.studies.pretrain_pairs.encoders import image_encoder, text_encoder
from headstart.studies.pretrain_pairs.rows import readable_pairs, split_pairs

SMALL = {"epochs": 30, "batch": 12, "lr": 3e-3, "size": SIDE, "crop": 1.0}
ENCODERS = ("small-convnet", "words")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs") / "run"
    return hs.pretrain_pairs(pairs(), *ENCODERS, out=folder, **SMALL)


def test_held_out_pairs_find_each_other(trained):
    record = trained.result
    assert (record.pairs, record.train_pairs + record.test_pairs, record.groups) == (30, 30, 30)
    assert record.loss < record.chance_loss / 2
    assert record.chance_loss == pytest.approx(np.log(12))
    assert len(record.curve) == record.steps
    best = {(one.direction, one.k): one for one in record.recalls}
    main = best["text-to-picture", 1]
    assert main.gallery == main.queries == record.test_pairs
    assert main.share.value > 3 * main.chance
    assert main.chance == pytest.approx(1 / record.test_pairs)
    assert best["picture-to-text", 5].share.value > 0.8
    assert record.shared_captions == 0
    assert "find their picture" in str(record)


def test_the_folder_is_a_pair_of_encoders(trained):
    pictures, captions = pairs()
    made = hs.models.pair(str(trained.folder))
    assert made.learned_scale
    assert made.scale == pytest.approx(1 / trained.result.temperature)
    image = hs.models.backbone(f"image-encoder:{trained.folder}")
    text = hs.models.backbone(f"text-encoder:{trained.folder / 'model'}")
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    assert torch.equal(made.embed_images(x), trained.pair.embed_images(x))
    assert torch.equal(made.embed_texts(captions), trained.pair.embed_texts(captions))
    assert image.width == text.width == 256
    with torch.no_grad():
        assert torch.allclose(torch.nn.functional.normalize(image(x), dim=1), made.embed_images(x), atol=1e-5)
    with pytest.raises(BadInput, match=r"'image-encoder:.*' or 'text-encoder:"):
        hs.models.backbone(str(trained.folder))


def test_zero_shot_and_probes_take_the_folder(trained, tmp_path):
    colours = ["red", "blue", "green"]
    pictures = [halves(colour, other) for colour in colours for other in ("white", "black", "yellow")]
    labels = [colour for colour in colours for _ in range(3)]
    told = hs.zero_shot(
        (pictures, labels), str(trained.folder), classes=colours, templates=["{}top"], calibration=0
    )
    assert told.result.scores.main_figure.value > 0.8
    model = hs.fit("ridge-probe", f"image-encoder:{trained.folder}", (pictures, labels))
    assert len(model.predict(pictures)) == 9
    model.save(tmp_path / "model")
    assert [one.label for one in hs.open(tmp_path / "model").predict(pictures)] == [
        one.label for one in model.predict(pictures)
    ]


def test_a_context_is_learned_for_its_encoder_of_texts(trained):
    """Before it learns, it is zero-shot with the template; a word that is there twice counts log(3) times."""
    colours, template = ("red", "blue", "green"), "greentop greentop unknown and {}bottom"
    pictures = [halves(other, colour) for colour in colours for other in ("white", "black", "yellow")]
    backbone = hs.models.backbone(f"image-encoder:{trained.folder}")
    method = hs.methods.LearnedContext(template=template)
    parts = method.parts(backbone, Task(3, (3, SIDE, SIDE), classes=colours))
    assert (parts["context"].places.start, parts["context"].places.stop) == (0, 4)
    wanted = trained.pair.classifier({colour: (colour,) for colour in colours}, [template])
    head = method.predictor(parts).head
    assert torch.allclose(head.centroids, wanted, atol=1e-5)
    assert head.scale.item() == pytest.approx(trained.pair.scale)
    labels = [colour for colour in colours for _ in range(3)]
    fitted = hs.fit(method, backbone, (pictures, labels), Recipe(steps=12, lr=0.1, batch=9))
    assert fitted.curve[-1] < fitted.curve[0]
    backbone.readout = Readout((FeatureSource(backbone.blocks[0]),))  # other features than the embeddings
    assert method.parts(backbone, Task(3, (3, SIDE, SIDE), classes=colours))["backbone"].width == 256
    assert hs.models.backbone(f"text-encoder:{trained.folder}").text_tower is None


def test_an_interrupted_training_goes_on_to_the_same_end(trained, tmp_path, monkeypatch):
    real = Progress.watch

    def leaves(self, ticks, run):
        for tick in real(self, ticks, run):
            yield tick
            if tick.step == 25:
                raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "watch", leaves)
    with pytest.raises(KeyboardInterrupt):
        hs.pretrain_pairs(pairs(), *ENCODERS, out=tmp_path / "run", **SMALL)
    monkeypatch.setattr(Progress, "watch", real)
    again = hs.pretrain_pairs(pairs(), *ENCODERS, out=tmp_path / "run", resume=True, **SMALL)
    assert again.result.curve == trained.result.curve
    assert again.result.recalls == trained.result.recalls
    assert not (tmp_path / "run" / "steps").exists()


def test_a_locked_side_is_computed_once_and_stays_as_it_was(tmp_path, monkeypatch):
    base = hs.models.backbone("small-convnet", example=torch.zeros(2, 3, SIDE, SIDE))
    calls = []
    real = type(base).forward
    monkeypatch.setattr(type(base), "forward", lambda self, x: calls.append(len(x)) or real(self, x))
    made = hs.pretrain_pairs(pairs(), base, "words", method="clip:lock=image", **SMALL | {"epochs": 3})
    assert made.result.locked == "image"
    assert (
        made.result.parameters == made.pair.text.width * (made.pair.text.inner.encoder.width + base.width) + 1
    )
    inner = made.pair.image.inner.encoder
    assert all(torch.equal(value, inner.state_dict()[name]) for name, value in base.state_dict().items())
    assert sum(calls) < 200  # with its tests before and after: 9 steps of 12 pictures would be 108 more
    with pytest.raises(BadInput, match=r"locks an encoder.*random weights"):
        hs.pretrain_pairs(pairs(), base, "words", method="clip:lock=image", from_scratch=True, **SMALL)


def test_copies_of_a_picture_are_on_one_side():
    pictures, captions = pairs(12)
    brighter = [np.clip(picture.astype(int) + 3, 0, 255).astype(np.uint8) for picture in pictures]
    given = hs.data.load_pairs((pictures + pictures + brighter, captions * 2 + ["something else"] * 12))
    kept, groups, notes = readable_pairs(given)
    assert "36 pairs have 12 pictures that differ" in notes[0]
    learn, held = split_pairs(kept, groups, 0.3, 0)
    assert not {*groups[learn]} & {*groups[held]}
    assert {*learn} | {*held} == {*range(36)}
    same = hs.data.load_pairs(([pictures[0]] * 6, captions[:6]))
    with pytest.raises(BadData, match="6 pairs of 1 pictures that differ: too few"):
        split_pairs(same, readable_pairs(same)[1], 0.3, 0)


@pytest.mark.parametrize("by_name", [True, False])
def test_long_captions_are_cut_counted_and_told(by_name):
    pictures, captions = pairs(12)
    captions[0] = "redtop " * 40
    texts = "words" if by_name else hs.models.backbone(hs.models.words.WordEncoder.of(captions))
    made = hs.pretrain_pairs((pictures, captions), "small-convnet", texts, length=8, **SMALL | {"epochs": 1})
    assert (made.result.truncated, made.result.limit) == (1, 8)
    assert "1 of 12 caption is longer than the 8 tokens that words reads, and cut there." in made.result.notes


def test_pictures_that_cannot_be_read_are_left_out(tmp_path):
    pictures, captions = pairs(12)
    from PIL import Image

    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text(caption)
    (tmp_path / "3.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "4.txt").write_text(" ")
    made = hs.pretrain_pairs(tmp_path, *ENCODERS, **SMALL | {"epochs": 1})
    assert made.result.pairs == 10
    assert any("the caption is empty: 4.png" in note for note in made.result.notes)
    assert any("3.png" in note for note in made.result.notes)


def test_what_is_refused():
    with pytest.raises(BadInput, match="ridge-probe learns from no pairs"):
        hs.pretrain_pairs(pairs(), *ENCODERS, method="ridge-probe")
    with pytest.raises(BadInput, match="no pairs of pictures and captions"):
        hs.pretrain_pairs(pairs(), *ENCODERS, method="simclr")
    with pytest.raises(BadInput, match="small-convnet reads no texts"):
        hs.pretrain_pairs(pairs(), "small-convnet", "small-convnet")


def test_a_locked_side_gives_the_features_of_its_own_rows():
    pictures, captions = pairs(12)
    data = hs.data.load_pairs((pictures, captions))
    settings = PretrainPairsSettings(size=SIDE)
    image = image_encoder("small-convnet", data.pictures, settings)
    text = text_encoder("words", data.captions, settings)
    loaders = {"image": loader_of(data.pictures, image, None), "text": loader_of(data.captions, text, None)}
    session = PairSession({"image": image, "text": text}, loaders, loaders, One())
    rows, recipe = np.array([1, 4, 5, 7, 10, 11]), Recipe(steps=2, batch=4)
    (plain, computed) = (
        next(session.start(hs.methods.Clip(lock=lock), rows, recipe)[1](0)) for lock in (None, "image")
    )
    assert torch.equal(plain.b, computed.b)
    with torch.no_grad():
        torch.testing.assert_close(image(plain.a), computed.a, rtol=1e-4, atol=1e-5)
