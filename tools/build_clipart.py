"""Build src/headstart/data/builtin/clipart.zip from the Debian package openclipart-png.

    python tools/build_clipart.py [/usr/share/openclipart/png]

13 folders of public-domain clip art become 13 classes, at most 100 pictures a class. Each
picture is put on white, shrunk to 160 pixels on its longest side and written as WebP. Pictures
with the same pixels are kept once, in the first of their folders; blank and gigantic ones are
left out. The same package and Pillow give the same bytes.
"""

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

SOURCE = Path("/usr/share/openclipart/png")
TARGET = Path(__file__).resolve().parents[1] / "src/headstart/data/builtin/clipart.zip"
FOLDERS = (
    "animals/birds",
    "animals/bugs",
    "animals/mammals",
    "computer/hardware",
    "food/beverages",
    "food/desserts",
    "food/fruit",
    "people/clothing",
    "recreation/music",
    "recreation/sports",
    "signs_and_symbols/flags",
    "transportation/roadsigns",
    "transportation/vehicles",
)
PER_CLASS = 100
SIDE = 160
QUALITY = 88
MOST_PIXELS = 50_000_000
LICENSE = """\
Clip art of the Open Clip Art Library (https://openclipart.org), as packaged by Debian in
openclipart-png. The authors have dedicated these pictures to the public domain (Creative Commons
Public Domain Dedication). They were put on white, shrunk to 160 pixels and saved as WebP.
"""


def main(source: Path) -> None:
    seen: set[str] = set()
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_STORED) as archive:
        write(archive, "LICENSE.txt", LICENSE.encode())
        for folder in FOLDERS:
            pictures = dict(list(fresh(source / folder, seen))[:PER_CLASS])
            for name in sorted(pictures):
                write(archive, f"{Path(folder).name}/{name}.webp", pictures[name])
            print(f"{folder}: {len(pictures)}")
    print(f"{TARGET.stat().st_size / 1e6:.2f} MB")


def fresh(folder: Path, seen: set[str]) -> Iterator[tuple[str, bytes]]:
    """Names and WebP bytes of the pictures not seen before, in an order chosen by hash."""
    Image.MAX_IMAGE_PIXELS = None
    for path in sorted(folder.rglob("*.png"), key=lambda path: by_hash(path, folder)):
        with Image.open(path) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                continue
            small = on_white(opened)
        if all(low == high for low, high in small.getextrema()):
            continue  # blank
        digest = hashlib.sha256(repr(small.size).encode() + small.tobytes()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            yield "_".join(path.relative_to(folder).with_suffix("").parts), webp(small)


def by_hash(path: Path, folder: Path) -> str:
    """A fixed shuffle that does not depend on the order of the file system."""
    return hashlib.sha256(f"0/{path.relative_to(folder).as_posix()}".encode()).hexdigest()


def on_white(picture: Image.Image) -> Image.Image:
    """RGB, at most `SIDE` pixels on the longest side; what is transparent becomes white."""
    rgba = picture.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    flat = Image.alpha_composite(white, rgba).convert("RGB")
    flat.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return flat


def webp(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue()


def write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file with a fixed date and fixed rights."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    archive.writestr(entry, content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE)
