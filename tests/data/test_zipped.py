"""Archives are what is in them; none leads out of its folder or fills the disk."""

import io
import struct
import zipfile
from importlib.util import find_spec

import pytest
from PIL import Image

import headstart as hs
from headstart.core import BadData, CannotWrite
from headstart.data import zipped
from headstart.data.columns import Columns
from headstart.data.labels_beside import labels_beside


def png(number):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 20, 100, 50)).save(stream, "png")
    return stream.getvalue()


PHOTOS = {
    f"{label}/{number}.png": png(2 * number + place)
    for number in range(2)
    for place, label in enumerate("ab")
}
ROWS = b"x,label\n0.5,a\n1.5,b\n2.5,a\n3.5,b\n"


def pack(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("top", ["", "photos/", "download/photos/"])
def test_an_archive_of_a_folder_is_that_folder(tmp_path, top):
    noise = {f"__MACOSX/{top}a/._0.png": b"x", f"{top}.DS_Store": b"x", f"{top}a/.hidden.png": b"x"}
    data = hs.data.load(
        pack(tmp_path / "pets.zip", {f"{top}{name}": file for name, file in PHOTOS.items()} | noise)
    )
    assert (data.name, data.classes) == ("pets", ("a", "b"))
    assert data.items == ("a/0.png", "a/1.png", "b/0.png", "b/1.png")
    assert [data.raw(row) for row in range(4)] == [PHOTOS[item] for item in data.items]
    assert data.findings == ()


@pytest.mark.parametrize("name", ["rows.csv", "data/rows.csv", "data/deep/rows.csv"])
def test_an_archive_of_a_table_is_that_table(tmp_path, name):
    archive = pack(tmp_path / "rows.zip", {name: ROWS, "data/README.md": b"about"})
    assert hs.data.load(archive).table.names == ("x",)
    assert len(hs.data.load_unlabelled(archive)) == 4


def test_of_several_tables_one_must_be_given(tmp_path):
    archive = pack(tmp_path / "rows.zip", {"train.csv": ROWS, "test.csv": ROWS})
    with pytest.raises(BadData, match=r"several tables: 'test\.csv', 'train\.csv'\. Unpack it"):
        hs.data.load(archive)


def test_an_archive_that_changed_is_read_anew(tmp_path):
    assert len(hs.data.load(pack(tmp_path / "rows.zip", {"rows.csv": ROWS}))) == 4
    assert len(hs.data.load(pack(tmp_path / "rows.zip", {"rows.csv": ROWS + b"4.5,a\n"}))) == 5


@pytest.mark.parametrize("name", ["../out.csv", "/out.csv", "a/../../out.csv", "..\\out.csv", "c:/out.csv"])
def test_no_file_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(BadData, match="leads out of its folder"):
        hs.data.load(pack(tmp_path / "rows.zip", {name: ROWS}))
    assert not list(tmp_path.parent.glob("out.csv"))


def test_links_and_passwords_are_refused(tmp_path):
    link = zipfile.ZipInfo("rows.csv")
    link.external_attr = 0o120777 << 16
    with pytest.raises(BadData, match=r"'rows\.csv' is a link"):
        hs.data.load(pack(tmp_path / "link.zip", {link: b"/etc/passwd"}))
    secret = bytearray(pack(tmp_path / "secret.zip", {"rows.csv": ROWS}).read_bytes())
    struct.pack_into("<H", secret, secret.index(b"PK\x01\x02") + 8, 1)  # the flag of encryption
    (tmp_path / "secret.zip").write_bytes(secret)
    with pytest.raises(BadData, match="has a password"):
        hs.data.load(tmp_path / "secret.zip")


def test_what_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    bomb = pack(tmp_path / "bomb.zip", {"rows.csv": b"x" * 10**6}, compression=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipped, "ROOM", 10**5)
    with pytest.raises(BadData, match=r"would unpack to 1 files of 0\.0 GB .* more than is unpacked unasked"):
        hs.data.load(bomb)
    monkeypatch.setattr(zipped, "ROOM", 10**9)
    monkeypatch.setattr(zipped.shutil, "disk_usage", lambda _place: type("Usage", (), {"free": 10}))
    with pytest.raises(CannotWrite, match="Set TMPDIR"):
        hs.data.load(bomb)


def test_a_file_in_an_archive_has_a_path_that_lasts(tmp_path):
    archive = pack(tmp_path / "pets.zip", {f"photos/{name}": file for name, file in PHOTOS.items()})
    data = hs.data.load(archive)
    paths = [zipped.lasting_path(path) for path in data.samples.paths]
    assert paths == [archive.resolve() / "photos" / item for item in data.items]
    assert [zipped.read_lasting(path) for path in paths] == [data.raw(row) for row in range(4)]
    with pytest.raises(BadData, match="can't be read"):
        zipped.read_lasting(archive / "photos" / "gone.png")


def test_a_torn_archive_is_said(tmp_path):
    whole = pack(tmp_path / "torn.zip", PHOTOS).read_bytes()
    (tmp_path / "torn.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadData, match=r"torn\.zip can't be unpacked"):
        hs.data.load(tmp_path / "torn.zip")


def test_damaged_contents_are_said(tmp_path):
    rows = b"x,label\n" + b"".join(b"%d,%c\n" % (row, b"ab"[row % 2]) for row in range(500))
    damaged = bytearray(pack(tmp_path / "bad.zip", {"rows.csv": rows}, compression=8).read_bytes())
    damaged[60:120] = bytes(byte ^ 0xFF for byte in damaged[60:120])
    (tmp_path / "bad.zip").write_bytes(damaged)
    with pytest.raises(BadData, match=r"bad\.zip can't be unpacked"):
        hs.data.load(tmp_path / "bad.zip")


def test_a_file_and_a_folder_of_one_name_are_said(tmp_path):
    with pytest.raises(CannotWrite, match="into the temporary folder"):
        hs.data.load(pack(tmp_path / "both.zip", {"a": b"x", "a/rows.csv": ROWS}))


# --- folders that are not as expected


def folder(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.mark.parametrize("top", ["photos/", "photos/photos/", "a/b/c/"])
def test_a_folder_too_deep_is_opened(tmp_path, top):
    data = hs.data.load(folder(tmp_path, {f"{top}{name}": file for name, file in PHOTOS.items()}))
    assert data.classes == ("a", "b")


@pytest.mark.parametrize("inner", ["", "images/"])
@pytest.mark.parametrize("ending", ["", ".png"])
def test_labels_in_a_table_beside_the_pictures_are_taken(tmp_path, inner, ending):
    files = {f"{inner}{number}.png": png(number) for number in range(4)}
    table = "id,kind\n" + "".join(f"{number}{ending},{'ab'[number % 2]}\n" for number in range(4))
    data = hs.data.load(folder(tmp_path / "album", files | {"labels.csv": table.encode()}))
    assert (data.kind, data.classes, data.labels.tolist()) == ("pictures", ("a", "b"), [0, 1, 0, 1])
    assert data.raw(1) == png(1)
    said = {one.kind: one.text for one in data.findings}["table-taken"]
    assert "labels.csv: the column 'kind' (label_column names another)" in said


def test_of_several_columns_the_label_is_named(tmp_path):
    files = {f"{number}.png": png(number) for number in range(4)}
    table = "file,who,kind\n" + "".join(f"{n}.png,p{n},{'ab'[n % 2]}\n" for n in range(4))
    root = folder(tmp_path / "album", files | {"labels.csv": table.encode()})
    with pytest.raises(BadData, match=r"no column 'label'.*'who', 'kind'"):
        hs.data.load(root)
    data = hs.data.load(root, label_column="kind", group_column="who")
    assert (data.classes, data.group_count) == (("a", "b"), 4)


def test_a_table_that_lists_other_files_is_not_taken(tmp_path):
    files = {f"{number}.png": png(number) for number in range(4)}
    root = folder(tmp_path / "album", files | {"x.csv": b"file,kind\n9.png,a\n8.png,b\n"})
    assert labels_beside(root, Columns()) is None


def test_names_that_may_be_classes_are_told(tmp_path):
    files = {f"{label}_{number}.png": png(number) for number in range(2) for label in ("cat", "dog")}
    with pytest.raises(BadData, match=r"no class folders\. Their names begin with 'cat', 'dog'"):
        hs.data.load(folder(tmp_path / "flat", files))


def test_pictures_of_other_formats_are_read_or_counted(tmp_path):
    for place, ending in enumerate(("gif", "webp", "tiff", "bmp")):
        for label in "ab":
            path = tmp_path / label / f"{place}.{ending}"
            path.parent.mkdir(exist_ok=True)
            Image.new("RGB", (8, 8), (place * 50, ord(label), 0)).save(path)
    (tmp_path / "a" / "phone.heic").write_bytes(b"....ftypheic")
    data = hs.data.load(tmp_path)
    checked = hs.data.check(data)
    assert len(checked.dataset) == 8
    said = {one.kind: one for one in checked.findings}["unreadable"]
    assert said.items == ["a/phone.heic"]
    assert ("Or convert it to JPEG" in said.text) == (find_spec("pillow_heif") is None)
