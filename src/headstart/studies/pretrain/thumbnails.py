"""The pictures of the map's rows, as one file."""

from pathlib import Path

from PIL import Image

from headstart.core import BadData
from headstart.data.dataset import Dataset
from headstart.studies._pictures import write_picture
from headstart.studies.pretrain.embedding_map import MOST
from headstart.studies.pretrain.page_map import ACROSS, SHEET
from headstart.studies.pretrain.watching import Watched

SIDE = 48  # pixels of a picture in the file
QUALITY = 75


def write_thumbnails(watched: Watched, folder: Path) -> None:
    """Write the pictures of the map's rows into the folder, if they have some."""
    data, rows = watched.session.data, watched.held[:MOST].tolist()
    pictures = [_picture(data, row) for row in rows]
    if not any(pictures):
        return
    sheet = Image.new("RGB", (SIDE * ACROSS, SIDE * -(-len(rows) // ACROSS)), "white")
    for place, picture in enumerate(pictures):
        if picture is not None:
            down, across = divmod(place, ACROSS)
            wide, high = picture.size
            sheet.paste(picture, (across * SIDE + (SIDE - wide) // 2, down * SIDE + (SIDE - high) // 2))
    (folder / SHEET).parent.mkdir(exist_ok=True)
    write_picture(sheet, folder / SHEET, QUALITY)


def _picture(data: Dataset, row: int) -> Image.Image | None:
    """The row as a small picture; None if there is none."""
    try:
        picture = data.picture(row)
    except BadData:
        return None
    if picture is not None and 2 * max(picture.size) <= SIDE:
        times = SIDE // max(picture.size)
        return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    if picture is not None:
        picture.thumbnail((SIDE, SIDE))
    return picture
