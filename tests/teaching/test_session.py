"""A classifier that is taught example by example."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite, Unknown
from headstart.teaching.session import TeachingSession
from tests.study import tiny

from .lessons import base, picture, session


def files(folder: Path) -> list[str]:
    """Class and file of each example on the disk."""
    return sorted(path.relative_to(folder / "examples").as_posix() for path in folder.glob("examples/*/*.*"))


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> TeachingSession:
    """Two classes whose order of making is not the order of names, finished; not to be changed."""
    found = session(tmp_path_factory.mktemp("taught") / "lesson", each=8)
    found.finish()
    return found


def test_the_saved_model_is_that_of_fit(taught: TeachingSession) -> None:
    new = [tiny.shape(kind, 900 + row) for row, kind in enumerate(("disc", "square", "stripe"))]
    fitted = hs.fit(hs.methods.RidgeProbe(), base(), taught.folder / "examples")
    opened = hs.open(taught.folder)
    assert opened.classes == fitted.classes == ("disc", "square")
    np.testing.assert_allclose(opened.probabilities(new), fitted.probabilities(new), atol=1e-5)


def test_the_session_answers_as_the_saved_model(taught: TeachingSession) -> None:
    opened = hs.open(taught.folder)
    for kind in ("disc", "square"):
        said = taught.predict(picture(kind, 950))
        wanted = opened.probabilities([tiny.shape(kind, 950)])[0]
        np.testing.assert_allclose([said[name] for name in opened.classes], wanted, atol=1e-5)
        assert list(said.values()) == sorted(said.values(), reverse=True)


def test_the_archive_opens(taught: TeachingSession, tmp_path: Path) -> None:
    with zipfile.ZipFile(taught.folder / "lesson.zip") as archive:
        archive.extractall(tmp_path)
    opened = hs.open(tmp_path / "lesson")
    assert opened.predict([tiny.shape("disc", 950)])[0].label == next(
        iter(taught.predict(picture("disc", 950)))
    )
    page = (tmp_path / "lesson" / "report.html").read_text("utf-8")
    accuracy = taught.evidence().accuracy
    assert accuracy is not None
    assert f"{100 * accuracy.value:.1f}" in page
    assert "have fewer than 10 examples" in page
    assert 'src="http' not in page


def test_leave_one_out_is_a_fit_without_the_example(taught: TeachingSession, tmp_path: Path) -> None:
    """Deleting an example and asking for it: nearly the same penalty, so nearly the same probability."""
    other = session(tmp_path / "other", each=8)
    for place in (0, 9):
        example, answer = taught.state.examples[place], taught.evidence().answers[place]
        other.delete(example.number)
        said = other.predict(taught.content(example.number))
        assert said[answer.label] == pytest.approx(answer.probability, abs=0.15)
        other.undo()


def test_labels_that_are_noise_are_not_answered(tmp_path: Path) -> None:
    """Of shapes of one kind in two classes at random nobody can tell which is which."""
    found = session(tmp_path / "noise", classes=("a", "b"))
    for row in range(24):
        found.add("ab"[row * 7 % 5 % 2], picture("disc", row))
    accuracy = found.evidence().accuracy
    assert accuracy is not None
    assert accuracy.value < 0.75


def test_a_deleted_example_is_forgotten(tmp_path: Path) -> None:
    found = session(tmp_path / "lesson", each=3)
    before = found.predict(picture("disc", 950))
    wrong = found.add("square", picture("disc", 949))
    assert found.predict(picture("disc", 950)) != pytest.approx(before, abs=1e-6)
    found.delete(wrong.number)
    assert found.predict(picture("disc", 950)) == pytest.approx(before, abs=1e-9)
    assert len(files(found.folder)) == 6


def test_changes_are_on_the_disk_and_undone(tmp_path: Path) -> None:
    found = session(tmp_path / "lesson", each=2)
    first = files(found.folder)
    found.move(found.state.examples[0].number, "disc")
    assert "disc/00001.png" in files(found.folder)
    found.rename_class("disc", "circle")
    found.delete_class("square")
    assert files(found.folder) == ["circle/00001.png", "circle/00003.png", "circle/00004.png"]
    assert not (found.folder / "examples" / "square").exists()
    for _ in range(3):
        found.undo()
    assert files(found.folder) == first
    assert found.state.classes == ("square", "disc")


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    old = session(tmp_path / "lesson", each=3)
    old.delete(2)
    said = old.predict(picture("disc", 950))
    (old.folder / "examples" / "disc" / "by hand.png").write_bytes(picture("disc", 7))
    (old.folder / "examples" / "disc" / "broken.png").write_bytes(b"no picture")
    new = TeachingSession(base(), out=old.folder)
    assert new.state.classes == ("square", "disc")
    assert [each.name for each in new.state.examples][:2] == ["square 0.png", "square 2.png"]
    assert [each.name for each in new.state.examples][-1] == "by hand.png"
    assert len(new.notes) == 1
    assert "broken.png" in new.notes[0]
    new.delete(new.state.examples[-1].number)
    assert new.predict(picture("disc", 950)) == pytest.approx(said, abs=1e-6)


def test_near_duplicates_are_left_out_together(tmp_path: Path) -> None:
    """Noise labels, every example twice: left out alone, each would be answered by its own copy."""
    found = session(tmp_path / "lesson", classes=("a", "b"))
    for row in range(12):
        label = "ab"[row * 7 % 5 % 2]
        found.add(label, picture("disc", row))
        found.add(label, picture("disc", row, "JPEG"))
    seen = found.evidence()
    assert seen.copied == 24
    assert seen.accuracy is not None
    assert seen.accuracy.value < 0.75
    assert any("12 of 24 examples are near duplicates" in text for text in seen.cautions)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    found = session(tmp_path / "lesson")
    assert "two classes" in found.evidence().missing
    with pytest.raises(BadData, match="no class has any"):
        found.predict(picture("disc", 0))
    found.add("disc", picture("disc", 0))
    found.add("disc", picture("disc", 1))
    with pytest.raises(BadData, match="only one class has any"):
        found.finish()
    found.add("square", picture("square", 0))
    assert "\u201csquare\u201d" in found.evidence().missing
    assert found.evidence().accuracy is None
    found.finish()
    found.add("square", picture("square", 0))
    assert "copies" in found.evidence().missing
    found.add("square", picture("disc", 0))
    assert any("is in \u201cdisc\u201d and \u201csquare\u201d" in text for text in found.evidence().cautions)


BAD = {
    "no picture": (b"no picture", "of no format that is taken"),
    "nothing": (b"", "empty"),
    "half": (picture("disc", 0)[:400], "can't be read"),
    "text": ("words", "takes pictures"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_refused(tmp_path: Path, name: str) -> None:
    found = session(tmp_path / "lesson")
    content, why = BAD[name]
    with pytest.raises(BadData, match=why):
        found.add("disc", content, name)
    assert files(found.folder) == []
    assert not found.state.examples


def test_deep_pictures_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000).save(stream, "PNG")
    with pytest.raises(BadData, match="more than 8 bits"):
        session(tmp_path / "lesson").add("disc", stream.getvalue())


def test_huge_pictures_are_refused(tmp_path: Path) -> None:
    """A few kilobytes that unpack to gigabytes."""
    for side in (20_000, 8_000):
        stream = io.BytesIO()
        Image.new("1", (side, side)).save(stream, "PNG")
        with pytest.raises(BadData, match="more than 50 million pixels"):
            session(tmp_path / str(side)).add("disc", stream.getvalue())


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "..", ".hidden", "x" * 81, "Disc", "train", "a\x00b", "b.", "con", "Aux.1"]
)
def test_names_that_are_no_folders_are_refused(tmp_path: Path, name: str) -> None:
    found = session(tmp_path / "lesson")
    with pytest.raises(BadInput):
        found.add_class(name)
    with pytest.raises(BadInput):
        found.rename_class("square", name)
    assert found.state.classes == ("square", "disc")


def test_accents_written_apart_are_the_same_name(tmp_path: Path) -> None:
    found = session(tmp_path / "lesson")
    found.add_class("Ka\u0308se")
    assert found.state.classes[-1] == "K\u00e4se"
    with pytest.raises(BadInput, match="already"):
        found.add_class("k\u00e4se")


def test_a_lost_file_is_named_without_its_folder(tmp_path: Path) -> None:
    found = session(tmp_path / "lesson", each=1)
    (tmp_path / "lesson" / "examples" / "square" / found.state.examples[0].file).unlink()
    with pytest.raises(BadData, match="examples/square/00001") as caught:
        found.content(found.state.examples[0].number)
    assert str(tmp_path) not in str(caught.value)


def test_what_is_unknown_is_named(tmp_path: Path) -> None:
    found = session(tmp_path / "lesson", each=1)
    for wrong in (
        lambda: found.add("cat", picture("disc", 0)),
        lambda: found.move(1, "cat"),
        lambda: found.move(99, "disc"),
        lambda: found.delete(99),
        lambda: found.delete_class("cat"),
        lambda: found.content(99),
    ):
        with pytest.raises(Unknown):
            wrong()


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear all")
    with pytest.raises(CannotWrite, match="no teaching session"):
        TeachingSession(base(), out=tmp_path / "mine")
    found = session(tmp_path / "lesson")
    (found.folder / "teaching.json").write_text("{")
    with pytest.raises(BadData, match="can't be read"):
        TeachingSession(base(), out=found.folder)


def test_it_begins_with_data(tmp_path: Path) -> None:
    data = tiny.folders(tmp_path / "photos", each=3, classes=("disc", "square"))
    (data / "disc" / "0.png").write_bytes(b"broken")
    found = TeachingSession(base(), data, out=tmp_path / "lesson")
    assert len(found.state.examples) == 5
    assert "0.png" in found.notes[0]
    assert not found.can_undo
    with pytest.raises(BadInput, match="has examples already"):
        TeachingSession(base(), data, out=tmp_path / "lesson")
    assert json.loads((found.folder / "teaching.json").read_text("utf-8"))["kind"] == "pictures"


def test_the_callers_backbone_is_not_changed(taught: TeachingSession) -> None:
    before = {name: value.clone() for name, value in base().state_dict().items()}
    taught.predict(picture("disc", 1))
    assert all(torch.equal(value, before[name]) for name, value in base().state_dict().items())
