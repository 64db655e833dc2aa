"""Image files that Pillow reads and does not write, made by hand."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
"""TIFF's sample formats."""


def tiff(
    pixels: np.ndarray, kind: int = UNSIGNED, white_is_zero: bool = False, packed: bool = False
) -> bytes:
    """A grey TIFF file of one strip, with the values as they are, or compressed (Deflate)."""
    height, width = pixels.shape
    order = ">" if pixels.dtype.byteorder == ">" else "<"
    data = zlib.compress(pixels.tobytes()) if packed else pixels.tobytes()
    tags = {
        256: width,
        257: height,
        258: 8 * pixels.itemsize,
        259: 8 if packed else 1,
        262: 0 if white_is_zero else 1,
    }
    tags |= {273: 8, 277: 1, 278: height, 279: len(data), 339: kind}
    start = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(data))
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    return start + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def deep_planes(pixels: np.ndarray) -> bytes:
    """A TIFF file of 16 bits a colour, one plane after the other."""
    height, width, count = pixels.shape
    planes = [pixels[..., number].astype("<u2").tobytes() for number in range(count)]
    starts = [8 + sum(map(len, planes[:number])) for number in range(count)]
    lists = struct.pack("<9I", *starts, *map(len, planes), *(16 for _ in planes))
    there = 8 + sum(map(len, planes))
    tags = [(256, 1, width), (257, 1, height), (258, 3, there + 24), (259, 1, 1), (262, 1, 2)]
    tags += [(273, 3, there), (277, 1, 3), (278, 1, height), (279, 3, there + 12), (284, 1, 2)]
    entries = b"".join(struct.pack("<HHII", tag, 4, number, value) for tag, number, value in tags)
    head = b"II" + struct.pack("<HI", 42, there + len(lists))
    return head + b"".join(planes) + lists + struct.pack("<H", len(tags)) + entries + bytes(4)


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
