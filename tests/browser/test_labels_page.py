"""The page on which labels are fixed: by keyboard, remembered, saved as a file that is read back."""

from pathlib import Path
from typing import Any

import pytest

from headstart.data.label_fixes import fix_labels, read_label_fixes
from headstart.data.load import load
from headstart.records.label_errors import FILE, LabelError, LabelErrors
from headstart.studies.adapt.page_labels import write_labels_page

from .chromium import OVERFLOW, opened

pytestmark = pytest.mark.browser
CLASSES = ["cat", "dog", 'a "cow", </script>']


def errors_of(label_kind: str, classes: list[str], rows: list[LabelError]) -> LabelErrors:
    return LabelErrors(
        "1", "animals", "pictures", label_kind, classes, "Ridge probe", 40, len(rows), len(rows), rows=rows
    )


def page_of(folder: Path, errors: LabelErrors) -> Path:
    folder.mkdir()
    (folder / FILE).write_text(errors.to_json(), "utf-8")
    return write_labels_page(folder)


def saved(page: Any, file: Path) -> Path:
    with page.expect_download() as started:
        page.click("#save")
    assert started.value.suggested_filename == "label-fixes.csv"
    started.value.save_as(file)
    return file


def decided(page: Any) -> str:
    text: str = page.inner_text("#count")
    return text


def test_labels_are_fixed_by_keyboard_and_the_file_is_read_back(browser: Any, tmp_path: Path) -> None:
    shares = {"cat": 0.6, "dog": 0.3, CLASSES[2]: 0.1}
    rows = [
        LabelError(f"row {n}", "dog", "cat", 0.1, shares, text="<b>words</b>" if n else "") for n in range(6)
    ]
    path = page_of(tmp_path / "run", errors_of("classes", CLASSES, rows))
    with opened(browser, path, 1280) as found:
        page = found.page
        for key in ("Enter", "s", "3", "x", "s"):
            page.keyboard.press(key)
        page.keyboard.press("u")
        assert decided(page) == "4 of 6 decided"
        assert page.inner_text("#item") == "row 4"
        texts = page.evaluate((Path(__file__).parent / "contrast.js").read_text("utf-8"))
        assert len(texts) > 30
        assert [text for text in texts if text[0] < 4.5] == []
        page.reload()
        assert decided(page) == "4 of 6 decided"  # remembered
        assert page.inner_text("#item") == "row 4"  # the first that is open
        page.keyboard.press("ArrowLeft")
        assert page.inner_text("#decision") == "removed"
        page.click("#take")
        page.keyboard.press("Enter")  # keeps the next; it does not press what was clicked last
        assert page.inner_text("#rows li:nth-child(5) .now") == "kept"
        file = saved(page, tmp_path / "label-fixes.csv")
        assert not found.messages
        assert {url for url in found.requests if not url.startswith("blob:")} == {path.as_uri()}
        assert page.evaluate(OVERFLOW) == 0
    fixes = [(fix.item, fix.old, fix.new, fix.action) for fix in read_label_fixes(file)]
    assert fixes == [
        ("row 0", "dog", "", "keep"),
        ("row 1", "dog", "cat", "relabel"),
        ("row 2", "dog", CLASSES[2], "relabel"),
        ("row 3", "dog", "cat", "relabel"),
        ("row 4", "dog", "", "keep"),
    ]
    data = load(([[float(n)] for n in range(8)], ["dog"] * 6 + ["cat", CLASSES[2]]))
    assert [fix_labels(data, file).said(row) for row in (1, 2, 3)] == ["cat", CLASSES[2], "cat"]


def test_tags_are_switched_and_numbers_written_also_on_a_phone(browser: Any, tmp_path: Path) -> None:
    tags = [LabelError("row 0", "red", "red;big", 0.1, {"red": 0.9, "big": 0.8, "old": 0.1})]
    path = page_of(tmp_path / "tags", errors_of("tags", ["red", "big", "old"], tags))
    with opened(browser, path, 375, "dark", has_touch=True) as found:
        texts = found.page.evaluate((Path(__file__).parent / "contrast.js").read_text("utf-8"))
        assert [text for text in texts if text[0] < 4.5] == []
        found.page.tap("#classes button:nth-child(1)")
        found.page.tap("#classes button:nth-child(3)")
        assert found.page.inner_text("#decision") == "changed to old"
        found.page.keyboard.press("Enter")  # goes on; it does not undo what was switched
        assert found.page.evaluate(OVERFLOW) == 0
        file = saved(found.page, tmp_path / "tags.csv")
        assert not found.messages
    assert [(fix.new, fix.action) for fix in read_label_fixes(file)] == [("old", "relabel")]
    numbers = [LabelError("row 0", "99.5", "1.25", 0.1, {"price": 1.25})]
    path = page_of(tmp_path / "numbers", errors_of("numbers", ["price"], numbers))
    with opened(browser, path, 375) as found:
        found.page.fill("#classes input", "much")
        found.page.press("#classes input", "Enter")
        assert found.page.inner_text("#decision") == "not yet"
        found.page.fill("#classes input", "2,5")
        found.page.press("#classes input", "Enter")
        file = saved(found.page, tmp_path / "numbers.csv")
        assert not found.messages
    assert [(fix.new, fix.action) for fix in read_label_fixes(file)] == [("2.5", "relabel")]
