"""Files of pictures of more than 8 bits, which Pillow can't write."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def colour_png(levels: np.ndarray) -> bytes:
    """A PNG of 16 bits a level (h, w, 3 | 4), its rows filtered by the pixel to the left."""
    h, w, channels = levels.shape

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    rows = levels.astype(">u2").reshape(h, -1).view(np.uint8).astype(np.int64)
    filtered = rows.copy()
    filtered[:, 2 * channels :] -= rows[:, : -2 * channels]
    packed = zlib.compress(b"".join(b"\x01" + row.astype(np.uint8).tobytes() for row in filtered % 256))
    head = struct.pack(">IIBBBBB", w, h, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def colour_tiff(levels: np.ndarray, order: str = "<", packed: bool = False, planar: bool = False) -> bytes:
    """A TIFF of 16 bits a level (h, w, 3), in one strip or, planar, in one a colour."""
    h, w, _ = levels.shape
    planes = np.moveaxis(levels, 2, 0) if planar else levels[None]
    strips = [plane.astype(f"{order}u2").tobytes() for plane in planes]
    strips = [zlib.compress(strip) for strip in strips] if packed else strips
    n, tags = len(strips), 9
    after = 8 + 2 + 12 * tags + 4
    lists = struct.pack(f"{order}3H{n}I", 16, 16, 16, *map(len, strips))
    first = after + len(lists) + 4 * n
    starts = [first + sum(map(len, strips[:place])) for place in range(n)]
    lists += struct.pack(f"{order}{n}I", *starts)
    long, short = f"{order}HHII", f"{order}HHIHH"
    entries = [
        struct.pack(short, 256, 3, 1, w, 0),
        struct.pack(short, 257, 3, 1, h, 0),
        struct.pack(long, 258, 3, 3, after),
        struct.pack(short, 259, 3, 1, 8 if packed else 1, 0),
        struct.pack(short, 262, 3, 1, 2, 0),
        struct.pack(long, 273, 4, n, after + 6 + 4 * n if n > 1 else starts[0]),
        struct.pack(short, 277, 3, 1, 3, 0),
        struct.pack(long, 279, 4, n, after + 6 if n > 1 else len(strips[0])),
        struct.pack(short, 284, 3, 1, 2 if planar else 1, 0),
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, tags)
    return head + b"".join(entries) + struct.pack(f"{order}I", 0) + lists + b"".join(strips)


def dicom(file: Path, levels: np.ndarray, **values: Any) -> Path:
    """A DICOM file with the levels (h, w), (h, w, 3) or, with NumberOfFrames, (n, h, w)."""
    import pydicom
    from pydicom.dataset import FileMetaDataset

    made = pydicom.Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = pydicom.uid.CTImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = "1.2.3"
    colours = 3 if levels.ndim == 3 and "NumberOfFrames" not in values else 1
    made.Rows, made.Columns = levels.shape[-2:] if colours == 1 else levels.shape[:2]
    made.SamplesPerPixel = colours
    made.PhotometricInterpretation = "RGB" if colours == 3 else "MONOCHROME2"
    if colours == 3:
        made.PlanarConfiguration = 0
    bits = levels.dtype.itemsize * 8
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit = bits - 1
    made.PixelRepresentation = int(levels.dtype.kind == "i")
    for name, value in values.items():
        setattr(made, name, value)
    made.PixelData = levels.tobytes()
    made.save_as(file, enforce_file_format=True)
    return file


def nifti(file: Path, volume: np.ndarray) -> Path:
    """A NIfTI file whose axes go to the right, to the front and up."""
    import nibabel

    nibabel.Nifti1Image(volume, np.eye(4)).to_filename(file)
    return file


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def saved(file: Path, levels: np.ndarray) -> Path:
    """Grey levels of uint16 (PNG), int32 or float32 (TIFF), as the ending says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(levels).save(file)
    return file
