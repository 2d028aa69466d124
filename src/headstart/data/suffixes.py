"""Endings of files: which are those of pictures, and what stands before a compressed one."""

from pathlib import Path

from .scans import SUFFIXES as SCANS

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
PICTURES = frozenset(
    [
        *(
            ".jpg",
            ".jpeg",
            ".jpe",
            ".jfif",
            ".png",
            ".apng",
            ".webp",
            ".gif",
            ".bmp",
            ".dib",
            ".tif",
            ".tiff",
        ),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".ico", ".jp2", ".tga", ".avif", ".heic", ".heif"),
        *SCANS,
    ]
)


def suffix_of(path: str | Path) -> str:
    """The ending of a file's name in small letters; if it is compressed, with the one before: ".nii.gz"."""
    last, before = Path(path).suffix.lower(), Path(Path(path).stem).suffix.lower()
    return before + last if last in COMPRESSED else last
