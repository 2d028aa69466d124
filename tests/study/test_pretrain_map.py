"""The map of the embeddings: which picture belongs to which dot."""

import re
from types import SimpleNamespace

import numpy as np
from PIL import Image

import headstart as hs
from headstart.studies.pretrain import MapPoint
from headstart.studies.pretrain.page_map import ACROSS, SHEET, plot_map
from headstart.studies.pretrain.thumbnails import SIDE, write_thumbnails

ROWS = 30


def watched(data, held):
    return SimpleNamespace(session=SimpleNamespace(data=data), held=np.array(held))


def test_each_dot_has_the_picture_of_its_row(tmp_path):
    """Row n is a picture of the grey level 8 n; the rows stand in another order on the map."""
    levels = np.broadcast_to(8 * np.arange(ROWS, dtype=np.uint8)[:, None, None], (ROWS, 10, 6))
    data, held = hs.data.load((levels.copy(), [0, 1] * (ROWS // 2))), list(range(ROWS))[::-1]
    write_thumbnails(watched(data, held), tmp_path)
    record = SimpleNamespace(
        map=[MapPoint(f"row {row}", "", float(row), 0.0) for row in held],
        classes=[],
        projection="PCA",
        labelled=False,
    )
    figure = plot_map(record, tmp_path)["figure"]
    names = re.findall(r'class="spot"[^>]*><title>row (\d+)', figure)
    windows = re.findall(r'viewBox="(\d+) (\d+) 1 1"', figure)
    assert len(names) == len(windows) == ROWS
    sheet = Image.open(tmp_path / SHEET).convert("L")
    assert sheet.size == (SIDE * ACROSS, SIDE * 2)
    for name, (across, down) in zip(names, windows, strict=True):
        seen = sheet.getpixel((SIDE * int(across) + SIDE // 2, SIDE * int(down) + SIDE // 2))
        assert abs(seen - 8 * int(name)) <= 4


def test_rows_without_pictures_have_none(tmp_path):
    data = hs.data.load((np.random.default_rng(0).normal(size=(6, 3)), [0, 1] * 3))
    write_thumbnails(watched(data, [0, 1]), tmp_path)
    assert not (tmp_path / SHEET).exists()
