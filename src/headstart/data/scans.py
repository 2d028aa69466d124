"""Arrays of NumPy, DICOM and NIfTI files as levels of pictures, told by their first bytes."""

import io
import warnings
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, MissingPackage

SUFFIXES = (".npy", ".dcm", ".nii", ".nii.gz")
HEAD = 1024  # bytes of a file that tell its format
LARGEST = 2**31  # bytes that a compressed volume may unpack to
_EXTRA = "medical"
_NUMPY, _DICOM, _GZIP = b"\x93NUMPY", b"DICM", b"\x1f\x8b"
_NIFTI = {348: (344, b"n+1\0"), 540: (4, b"n+2\0")}  # by the size of the header: where it says so


def array_in(content: bytes) -> NDArray[Any] | None:
    """Levels (h, w) or (h, w, c) in a file of one of the formats; None if it is of none of them.

    Of NumPy the array as it is; of DICOM in units of the rescale slope and intercept (Hounsfield units of a
    CT), with black as the lowest level; of a NIfTI volume the middle slice along its third axis, from foot
    to head.

    Raises:
        BadData: it holds Python objects, several frames, or more than three axes.
        MissingPackage: pydicom or nibabel is not installed.
        Exception: a damaged file breaks its reader in any way.
    """
    if content.startswith(_NUMPY):
        return _numpy(content)
    if content[128:132] == _DICOM:
        return _dicom(content)
    if content.startswith(_GZIP):
        content = _unpacked(content)
    return _nifti(content) if _is_nifti(content) else None


def may_hold_array(head: bytes) -> bool:
    """Whether the first `HEAD` bytes of a file, or all, are those of one of the formats."""
    scan = head.startswith((_NUMPY, _GZIP)) or head[128:132] == _DICOM
    return scan or _is_nifti(head)


def _numpy(content: bytes) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise BadData("it holds Python objects, which are never loaded. Save an array of numbers.") from error
    return array


def _dicom(content: bytes) -> NDArray[Any]:
    try:
        import pydicom
    except ImportError as error:
        raise MissingPackage("pydicom", "Reading DICOM files", _EXTRA) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that break the standard; what can't be read is an error
        file = pydicom.dcmread(io.BytesIO(content))
        frames = int(file.get("NumberOfFrames") or 1)
        if frames > 1:
            raise BadData(f"it holds {frames} frames. Save those that matter as pictures, one a file.")
        return _levels(pydicom.pixels, file)


def _levels(pixels: Any, file: Any) -> NDArray[Any]:
    """The pixels of an opened DICOM file: as its palette, photometric interpretation and rescaling say."""
    array = _decoded(file)
    photometric = str(file.get("PhotometricInterpretation", ""))
    if photometric == "PALETTE COLOR":
        return np.asarray(pixels.apply_color_lut(array, file))
    if array.ndim == 3:
        return array
    if photometric == "MONOCHROME1":  # the lowest level is white
        bits = int(file.BitsStored)
        array = (-1 if int(file.PixelRepresentation) else 2**bits - 1) - array
    slope, intercept = float(file.get("RescaleSlope") or 1), float(file.get("RescaleIntercept") or 0)
    plain = (slope, intercept) == (1, 0) and "ModalityLUTSequence" not in file
    return array if plain else np.asarray(pixels.apply_modality_lut(array, file))


def _decoded(file: Any) -> NDArray[Any]:
    """The pixels as stored, unpacked.

    Raises:
        BadData: they are packed in a way that takes another package.
    """
    try:
        pixels: NDArray[Any] = file.pixel_array
    except RuntimeError as error:
        packing = getattr(getattr(file, "file_meta", None), "TransferSyntaxUID", None)
        if packing is None or not packing.is_compressed:
            raise
        raise BadData(
            f"its pixels are packed as {packing.name}, which can't be unpacked here. Install a decoder, pip "
            "install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg, or save it unpacked."
        ) from error
    return pixels


def _unpacked(content: bytes) -> bytes:
    """What a gzip file holds, if that may be a volume; else nothing."""
    unpacker = zlib.decompressobj(31)
    head = unpacker.decompress(content, HEAD)
    if not _is_nifti(head):
        return b""
    rest = unpacker.decompress(unpacker.unconsumed_tail, LARGEST)
    if unpacker.unconsumed_tail:
        raise BadData(f"it unpacks to more than {LARGEST / 1e9:.0f} GB. Save the slices that matter.")
    return head + rest


def _is_nifti(content: bytes) -> bool:
    sizes = (int.from_bytes(content[:4], order) for order in ("little", "big"))
    places = [_NIFTI[size] for size in sizes if size in _NIFTI]
    return any(content[place : place + 4] == magic for place, magic in places)


def _nifti(content: bytes) -> NDArray[Any]:
    """The middle slice along the third axis (or the only one), with the second axis upwards."""
    try:
        import nibabel
    except ImportError as error:
        raise MissingPackage("nibabel", "Reading NIfTI files", _EXTRA) from error
    made = nibabel.Nifti2Image if content[4:8] == _NIFTI[540][1] else nibabel.Nifti1Image
    image = made.from_bytes(content)
    image = nibabel.as_closest_canonical(image) if len(image.shape) > 2 else image
    volume = np.asanyarray(image.dataobj)
    if volume.dtype.fields:
        volume = np.stack([volume[colour] for colour in "RGB"], -1)
    axes = image.shape
    if any(side != 1 for side in axes[3:]):
        raise BadData(f"it has the axes {axes}, of which 3 can be read. Save one volume a file.")
    volume = volume.reshape((*axes, 1)[:3] + volume.shape[len(axes) :])
    axis = axes.index(1) if 1 in axes[:3] else 2
    return np.rot90(np.take(volume, volume.shape[axis] // 2, axis))
