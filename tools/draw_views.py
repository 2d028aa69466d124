"""Draw docs/images/views.png: random views of pictures that come with headstart, a row for each setting.

python tools/draw_views.py [FILE]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

import headstart as hs
from headstart.core import Preprocess
from headstart.data.sources import Pictures
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

SIDE, GAP, TEXT, VIEWS = 84, 4, 190, 6
SIMCLR = {"crop": (0.2, 1.0), "flip": 0.5, "colour": 0.5, "grey": 0.2, "blur": 0.5}
SMALL = {"rotation": 15.0, "translation": 0.1, "scaling": 0.2, "colour": 0.5, "noise": 0.5}
ROWS: list[tuple[str, str, dict[str, object]]] = [
    ("clipart", "crop=0.2, flip", {"crop": (0.2, 1.0), "flip": 0.5}),
    ("clipart", "colour=0.5", {"colour": 0.5}),
    ("clipart", "grey=1", {"grey": 1.0}),
    ("clipart", "blur=1", {"blur": 1.0}),
    ("clipart", "rotation=30, translation=0.1", {"rotation": 30.0, "translation": 0.1}),
    ("clipart", "cutout=0.1", {"cutout": 0.1}),
    ("clipart", "solarise=1", {"solarise": 1.0}),
    ("clipart", "noise=0.5", {"noise": 0.5}),
    ("clipart", "as simclr draws them", SIMCLR),
    ("digits", "of small grey pictures", SMALL),
]


def main() -> None:
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/views.png")
    step = SIDE + GAP
    sheet = Image.new("RGB", (TEXT + (VIEWS + 1) * step, len(ROWS) * step), "#ddd")
    draw = ImageDraw.Draw(sheet)
    for number, (name, text, given) in enumerate(ROWS):
        picture = samples(name)
        draw.text((4, number * step + SIDE // 2 - 6), text, fill="black")
        views = PictureViews(PictureRecipe(**given), torch.zeros(len(picture)), torch.ones(len(picture)))  # type: ignore[arg-type]
        made = views(picture.expand(VIEWS, -1, -1, -1).contiguous(), torch.arange(VIEWS))
        for place, one in enumerate([picture / 255, *made]):
            sheet.paste(drawn(one), (TEXT + place * step, number * step))
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(256).save(file, optimize=True)


def samples(name: str) -> Tensor:
    """A picture, uint8 (c, h, w): of clip art in colours, of digits grey and small."""
    data = hs.data.load(name)
    side = 8 if name == "digits" else SIDE
    row = np.array([5 if name == "digits" else 527])
    x = Pictures(data, Preprocess(size=(side, side), fit="pad")).fetch(row, np.array([-1]))[0]
    return x[:1] if name == "digits" else x


def drawn(x: Tensor) -> Image.Image:
    """A picture (c, h, w) of floats in [0, 1]."""
    levels = (x.clamp(0, 1) * 255).round().to(torch.uint8).expand(3, -1, -1).permute(1, 2, 0)
    return Image.fromarray(levels.contiguous().numpy()).resize((SIDE, SIDE), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
