"""Small drawn pictures, one shape a class, so that an example report has something to show."""

from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = {
    "apple": ("ellipse", "#c8402f"),
    "boat": ("triangle", "#2f6fb0"),
    "car": ("box", "#d98b2b"),
    "cat": ("ellipse", "#6d5a4a"),
    "cup": ("box", "#4c9a8a"),
    "dog": ("ellipse", "#a8794d"),
    "duck": ("ellipse", "#e0b92d"),
    "fish": ("triangle", "#3a9bb5"),
    "house": ("box", "#a34848"),
    "key": ("line", "#8a8a92"),
    "leaf": ("ellipse", "#4f9d45"),
    "star": ("triangle", "#d8a520"),
    "tree": ("triangle", "#2f7d4a"),
}


def draw(name: str, path: Path, turn: int = 0) -> None:
    """A picture of 96 x 96 pixels of the class `name`, turned by `turn` degrees."""
    shape, colour = SHAPES[name]
    image = Image.new("RGB", (96, 96), "#fbfaf6")
    pen = ImageDraw.Draw(image)
    if shape == "ellipse":
        pen.ellipse((18, 24, 78, 74), fill=colour, outline="#333333", width=2)
    elif shape == "box":
        pen.rounded_rectangle((18, 26, 78, 72), 9, fill=colour, outline="#333333", width=2)
    elif shape == "triangle":
        pen.polygon([(48, 14), (82, 76), (14, 76)], fill=colour, outline="#333333")
    else:
        pen.line((20, 76, 76, 20), fill=colour, width=9)
    image.rotate(turn, fillcolor="#fbfaf6").save(path, "WEBP", quality=80)
