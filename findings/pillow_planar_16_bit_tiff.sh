#!/usr/bin/env bash
# Pillow 13.0.0 opens an uncompressed 16-bit RGB TIFF whose colours are stored plane by plane
# (PlanarConfiguration 2, as microscopes and tifffile write it) without an error or a warning, and the pixels
# are wrong: each plane is unpacked with 8 bits a level, so the bytes of neighbouring levels become
# neighbouring pixels. The same picture with compression, or pixel by pixel, comes as the high byte of each level.
#
# Seen 2026-11-28 with Pillow 13.0.0, tifffile 2026.3.3 (the writer, which reads back what it wrote), NumPy 2.3.5:
#   pixel by pixel, plain: right   raw mode RGB;16L
#   pixel by pixel, zlib: right    raw mode RGB;16N
#   plane by plane, plain: wrong   raw mode R
#   plane by plane, zlib: right    raw mode RGB;16N
#
# headstart refuses such a file by name and says to save it pixel by pixel.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0 tifffile==2026.3.3 numpy==2.3.5
"$folder/venv/bin/python" - <<'PYTHON'
import io

import numpy as np
import PIL
import tifffile
from PIL import Image

print(f"Pillow {PIL.__version__}, tifffile {tifffile.__version__}, NumPy {np.__version__}")
pixels = (np.arange(4 * 5 * 3).reshape(4, 5, 3) * 1000 + 7).astype(np.uint16)
high = (pixels >> 8).astype(np.uint8)
seen = {}
for name, config, stored in (
    ("pixel by pixel", "contig", pixels),
    ("plane by plane", "separate", np.moveaxis(pixels, -1, 0)),
):
    for compression in (None, "zlib"):
        file = io.BytesIO()
        tifffile.imwrite(file, stored, photometric="rgb", planarconfig=config, compression=compression)
        file.seek(0)
        assert np.array_equal(tifffile.imread(file), stored), "the file itself is wrong"
        file.seek(0)
        picture = Image.open(file)
        last = picture.tile[0][3]
        mode = last if isinstance(last, str) else last[0]
        right = np.array_equal(np.asarray(picture), high)
        seen[name, compression] = right
        print(f"{name}, {compression or 'plain'}: {'right' if right else 'wrong'}, raw mode {mode}")
expected = {
    ("pixel by pixel", None): True,
    ("pixel by pixel", "zlib"): True,
    ("plane by plane", None): False,
    ("plane by plane", "zlib"): True,
}
assert seen == expected, "Pillow has changed: mend headstart's refusal and this file"
PYTHON
