"""`retrieve`: pictures by words, captions by a picture, and recall of the data's own pairs."""

import numpy as np
import pytest
import torch
from PIL import Image
from tests import clips
from tests.study.paired import SIDE, halves, pairs

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.new_arrays import pixels_of


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    how = {"epochs": 40, "batch": 12, "lr": 3e-3, "size": SIDE, "crop": 1.0}
    folder = tmp_path_factory.mktemp("pairs") / "clip"
    hs.pretrain_pairs(pairs(), "small-convnet", "words", out=folder, **how)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of pictures without captions."""
    folder = tmp_path_factory.mktemp("photos")
    for upper, lower in [("red", "black"), ("blue", "white"), ("green", "yellow"), ("white", "red")]:
        Image.fromarray(halves(upper, lower)).save(folder / f"{upper}-{lower}.png")
    Image.fromarray(halves("red", "black")).save(folder / "copy.png")
    return folder


def test_words_find_pictures(trained, photos, tmp_path):
    found = hs.retrieve(trained, "bluetop and whitebottom", photos, out=tmp_path / "out", most=3)
    assert found.hits[0].item.endswith("blue-white.png")
    cosines = [hit.cosine for hit in found.hits]
    assert cosines == sorted(cosines, reverse=True)
    assert (found.searched, found.query_kind, found.gallery, len(found.hits)) == ("pictures", "text", 4, 3)
    assert found.recalls == []
    assert (tmp_path / "out" / found.hits[0].picture).is_file()
    page = (tmp_path / "out" / "retrieve.html").read_text("utf-8")
    assert page.count("data:image/webp;base64") == 3
    assert "bluetop and whitebottom" in page
    assert page.index('id="found"') < page.index('id="numbers"')  # pictures first
    alone = hs.retrieve(trained, "redtop and blackbottom", photos)
    assert {hit.picture for hit in alone.hits} == {""}
    assert len({hit.cosine for hit in alone.hits}) == len(alone.hits) == 4  # of copies there is one
    assert "most like" in str(alone)


def test_a_cosine_is_that_of_both_embeddings(trained, photos):
    query = "greentop and yellowbottom"
    found = hs.retrieve(str(trained), query, photos)
    pair = hs.models.pair(str(trained))
    (hit,) = [hit for hit in found.hits if "green-yellow" in hit.item]
    picture = np.array(Image.open(photos / "green-yellow.png"))
    x = torch.from_numpy(picture).permute(2, 0, 1)[None]
    assert hit.cosine == pytest.approx((pair.embed_images(x) @ pair.embed_texts([query]).T).item(), abs=1e-5)


def test_a_picture_finds_captions_or_pictures_like_it(trained, photos, tmp_path):
    pictures, captions = pairs()
    by_file = hs.retrieve(trained, photos / "blue-white.png", (pictures, captions), out=tmp_path / "run")
    assert by_file.searched == "captions"
    assert by_file.hits[0].text == "bluetop and whitebottom"
    assert (tmp_path / "run" / by_file.query_picture).is_file()
    assert "is most like blue-white.png." in str(by_file)  # and not the whole path
    texts = tmp_path / "captions.txt"
    texts.write_text("\n".join([*captions, captions[0]]) + "\n", "utf-8")
    alone = hs.retrieve(trained, Image.open(photos / "blue-white.png"), texts)
    assert alone.hits[0].text == "bluetop and whitebottom"
    assert (alone.gallery, alone.recalls) == (len(captions), [])
    alike = hs.retrieve(trained, halves("white", "red"), photos)
    assert alike.searched == "pictures"
    assert alike.hits[0].item.endswith("white-red.png")


def test_pairs_find_each_other(trained):
    found = hs.retrieve(trained, "redtop", pairs())
    known = {(one.direction, one.k): one for one in found.recalls}
    assert len(known) == 6
    assert known["text-to-picture", 1].share.value > 0.8  # most were learned from
    assert known["text-to-picture", 1].chance == pytest.approx(1 / 30)
    assert found.figure.value == known["text-to-picture", 5].share.value
    shuffled = (pairs()[0], pairs()[1][1:] + pairs()[1][:1])
    wrong = hs.retrieve(trained, "redtop", shuffled)
    assert wrong.recalls[0].share.value < 0.3


def test_pictures_that_cannot_be_read_are_left_out(trained, photos, tmp_path):
    for file in photos.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "broken.png").write_bytes(b"nothing")
    found = hs.retrieve(trained, "red", tmp_path)
    assert found.gallery == 4
    assert any("broken.png" in note for note in found.notes)


def test_pictures_without_a_caption_among_pairs_are_left_out_and_told(trained, photos, tmp_path):
    for path in photos.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name in ("red-black", "blue-white"):
        (tmp_path / f"{name}.txt").write_text(name)
    found = hs.retrieve(trained, "redtop and blackbottom", tmp_path)
    assert found.gallery == 2
    assert "3 pictures are left out, as no text file is beside it: copy.png." in found.notes


def test_what_is_refused(trained, photos, tmp_path):
    with pytest.raises(BadInput, match="The query is None"):
        hs.retrieve(trained, None, photos)
    with pytest.raises(BadInput, match="no encoders of pictures and texts"):
        hs.retrieve("minilm", "red", photos)
    with pytest.raises(BadInput, match=r"no picture 'no\.png' to search with"):
        hs.retrieve(trained, "no.png", photos)
    with pytest.raises(BadInput, match="an empty text"):
        hs.retrieve(trained, " ", photos)
    (tmp_path / "captions.txt").write_text("a red thing\na blue thing\n", "utf-8")
    with pytest.raises(BadData, match="a text finds pictures"):
        hs.retrieve(trained, "red", tmp_path / "captions.txt")
    with pytest.raises(BadData, match="can be searched"):
        hs.retrieve(trained, "red", np.zeros((4, 3), np.float32))
    with pytest.raises(BadInput, match="no file or folder"):
        hs.retrieve(trained, "red", tmp_path / "nothing")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_folder_of_clip_ranks_as_its_own_features_do(kind, photos, tmp_path):
    model, reader = clips.save(tmp_path / kind, kind)
    found = hs.retrieve(tmp_path / kind, "a red circle.", photos)
    made = hs.models.pair(str(tmp_path / kind))
    words = reader(["a red circle."], padding="max_length", max_length=16, return_tensors="pt")
    mask = {"attention_mask": words["attention_mask"]} if kind == "clip" else {}
    with torch.no_grad():
        text = model.get_text_features(input_ids=words["input_ids"], **mask).pooler_output
        for hit in found.hits:
            files = [photos / hit.item]
            x = made.image.normalised(torch.from_numpy(pixels_of(files, made.image.preprocess)))
            seen = model.get_image_features(pixel_values=x).pooler_output
            wanted = torch.cosine_similarity(text, seen).item()
            assert hit.cosine == pytest.approx(wanted, abs=1e-4)
