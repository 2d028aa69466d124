"""Pictures with captions: every way to give them, and what is left out or refused."""

import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.load_pairs import words_of

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200)}


def picture(colour, size=(6, 4)):
    return Image.new("RGB", size, COLOURS[colour])


def png(colour):
    stream = io.BytesIO()
    picture(colour).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "in").mkdir()
    for colour in COLOURS:
        picture(colour).save(tmp_path / "in" / f"{colour}.png")
    return tmp_path


def write_tar(path, members, cut=0):
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    if cut:
        path.write_bytes(path.read_bytes()[:cut])
    return path


def colours_of(pairs):
    """The colour of each picture, by its middle."""
    known = {colour: name for name, colour in COLOURS.items()}
    return [known[pairs.pictures.picture(row).convert("RGB").getpixel((3, 2))] for row in range(len(pairs))]


def test_a_pair_of_lists():
    pairs = hs.data.load_pairs(([picture(c) for c in COLOURS], [f"a {c} thing" for c in COLOURS]))
    assert (len(pairs), pairs.name, pairs.findings) == (3, "pairs", ())
    assert pairs.texts == ["a red thing", "a green thing", "a blue thing"]
    assert colours_of(pairs) == list(COLOURS)
    chosen = pairs.subset([2, 0])
    assert (chosen.texts, colours_of(chosen)) == (["a blue thing", "a red thing"], ["blue", "red"])
    assert hs.data.load_pairs(pairs) is pairs


def test_a_table_of_paths_and_captions(files):
    (files / "pairs.csv").write_text(
        "path,caption\n,sky\nin/blue.png,sea\nin/red.png,\nin/green.png, lawn \nno.png,x\n"
    )
    pairs = hs.data.load_pairs(files / "pairs.csv")
    assert (pairs.name, pairs.texts, colours_of(pairs)) == ("pairs", ["sea", "lawn"], ["blue", "green"])
    said = [one.text for one in pairs.findings]
    assert "1 picture is left out, as the caption is empty: in/red.png." in said
    assert "1 picture is left out, as there is no such file: no.png." in said
    assert "1 picture is left out, as there is no path: row 1." in said
    (files / "blank.csv").write_text("path,caption\n,sea\n,fire\n")
    with pytest.raises(BadData, match="there is nothing in the column 'path'"):
        hs.data.load_pairs(files / "blank.csv")
    (files / "other.csv").write_text("where,what\nin/blue.png,sea\nin/red.png,fire\n")
    assert hs.data.load_pairs(files / "other.csv", path_column="where", text_column="what").texts == [
        "sea",
        "fire",
    ]
    with pytest.raises(BadData, match=r"none of the columns path, .*'where', 'what'.*path_column=\.\.\."):
        hs.data.load_pairs(files / "other.csv")


def test_a_folder_with_a_text_beside_each_picture(files):
    (files / "in" / "red.txt").write_text("fire\n")
    (files / "in" / "blue.TXT").write_text("sea")
    pairs = hs.data.load_pairs(str(files / "in"))
    assert dict(zip(colours_of(pairs), pairs.texts, strict=True)) == {"red": "fire", "blue": "sea"}
    assert "no text file is beside it: green.png" in pairs.findings[0].text
    (files / "in" / "red.txt").unlink()
    (files / "in" / "blue.TXT").unlink()
    with pytest.raises(BadData, match="3 pictures, none with a"):
        hs.data.load_pairs(files / "in")


def test_tar_files_are_read_where_they_lie(files):
    members = [
        ("a/0.png", png("red")),
        ("a/0.txt", b"fire"),
        ("a/1.png", png("blue")),
        ("a/1.json", json.dumps({"caption": "sea", "url": "x"}).encode()),
        ("a/2.cls", b"7"),
        ("a/2.png", png("green")),
        ("a/3.png", png("green")),
        ("a/3.txt", b"\xff\xfe\xff"),
    ]
    write_tar(files / "shard-0.tar", members)
    write_tar(files / "shard-1.tar", [("a/0.png", png("green")), ("a/0.txt", b"lawn")])
    before = sorted(files.rglob("*"))
    pairs = hs.data.load_pairs(files)
    assert (pairs.texts, colours_of(pairs)) == (["fire", "sea", "lawn"], ["red", "blue", "green"])
    assert pairs.pictures.items[2] == "shard-1.tar/a/0.png"
    assert [one.text for one in pairs.findings] == [
        "1 picture is left out, as no text is beside it: a/2.png.",
        "1 picture is left out, as the text beside can't be read: a/3.txt.",
    ]
    assert sorted(files.rglob("*")) == before
    assert hs.data.load_pairs(files / "shard-0.tar", text_column="url").texts == ["fire", "x"]


def test_a_damaged_tar(files):
    members = [("0.png", png("red")), ("0.txt", b"fire"), ("1.png", png("blue")), ("1.txt", b"sea")]
    write_tar(files / "cut.tar", members, cut=2300)
    with pytest.raises(BadData, match=r"cut\.tar can't be read after 2 files: .*Copy it again"):
        hs.data.load_pairs(files / "cut.tar")
    write_tar(files / "header.tar", members)
    content = bytearray((files / "header.tar").read_bytes())
    content[2048 + 150] ^= 1  # in the checksum of the third header
    (files / "header.tar").write_bytes(content)
    with pytest.raises(BadData, match=r"header\.tar can't be read after 2 files: what comes then is no file"):
        hs.data.load_pairs(files / "header.tar")
    (files / "no.tar").write_text("this is no tar file " * 60)
    with pytest.raises(BadData, match=r"no\.tar is no tar file"):
        hs.data.load_pairs(files / "no.tar")
    (files / "some.tar.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(BadData, match=r"compressed.*Unpack it to \.tar"):
        hs.data.load_pairs(files / "some.tar.gz")
    packed = gzip.compress(write_tar(files / "packed.tar", members).read_bytes())
    (files / "packed.tar").write_bytes(packed)
    with pytest.raises(BadData, match=r"packed\.tar is compressed.*Unpack it to \.tar"):
        hs.data.load_pairs(files / "packed.tar")
    whole = hs.data.load_pairs(write_tar(files / "fine.tar", members))
    (files / "fine.tar").write_bytes((files / "fine.tar").read_bytes()[:600])
    with pytest.raises(BadData, match="is cut off"):
        whole.pictures.raw(1)


def test_what_is_refused(tmp_path):
    with pytest.raises(BadData, match="2 pictures and 3 captions"):
        hs.data.load_pairs(([picture("red"), picture("blue")], ["a", "b", "c"]))
    with pytest.raises(BadData, match=r"has 1 pair with a caption\. Give at least two"):
        hs.data.load_pairs(([picture("red"), picture("blue")], ["a", " "]))
    with pytest.raises(BadInput, match=r"captions are None, which is no list.*\(pictures, captions\)"):
        hs.data.load_pairs(([picture("red"), picture("blue")], None))
    (tmp_path / "head.csv").write_text("path,caption\n")
    with pytest.raises(BadData, match=r"head\.csv has its names of columns and no rows"):
        hs.data.load_pairs(tmp_path / "head.csv")
    with pytest.raises(BadInput, match="Caption 1 is 7"):
        hs.data.load_pairs(([picture("red"), picture("blue")], ["a", 7]))
    with pytest.raises(BadInput, match="no file or folder"):
        hs.data.load_pairs(tmp_path / "nothing")
    with pytest.raises(BadInput, match="ndarray holds no pictures with captions"):
        hs.data.load_pairs(np.zeros(3))
    (tmp_path / "a.bin").write_bytes(b"x")
    with pytest.raises(BadInput, match="holds no pictures with captions: a table"):
        hs.data.load_pairs(tmp_path / "a.bin")


def test_clip_art_by_its_names():
    assert words_of("fruit/red_apple-02.png") == "red apple, fruit"
    pairs = hs.data.load_pairs("clipart")
    assert len(pairs) == 867
    row = pairs.pictures.items.index("beverages/mug.webp")
    assert pairs.texts[row] == "mug, beverages"
