"""Image files that Pillow reads and does not write, made by hand."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
"""TIFF's sample formats."""


def tiff(pixels: np.ndarray, kind: int = UNSIGNED, white_is_zero: bool = False) -> bytes:
    """A grey TIFF file of one strip, with the values as they are."""
    height, width = pixels.shape
    order = ">" if pixels.dtype.byteorder == ">" else "<"
    data = pixels.tobytes()
    tags = {256: width, 257: height, 258: 8 * pixels.itemsize, 259: 1, 262: 0 if white_is_zero else 1}
    tags |= {273: 8, 277: 1, 278: height, 279: len(data), 339: kind}
    start = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(data))
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    return start + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def deep_colours(pixels: np.ndarray) -> bytes:
    """A PNG file of 16 bits a colour."""
    height, width, _ = pixels.shape

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def pages(*pixels: np.ndarray) -> bytes:
    """A TIFF file of several pages."""
    stream = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pixels]
    first.save(stream, "TIFF", save_all=True, append_images=others)
    return stream.getvalue()
