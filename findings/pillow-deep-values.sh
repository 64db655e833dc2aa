#!/usr/bin/env bash
# Values of more than 8 bits, or with a sign, as Pillow 13.0.0 reads them (tifffile 2026.3.3 writes and reads the files).
# Not one of these says anything: no warning, no error, and a mode that other files have, too.
# - TIFF, whole numbers of 32 bits without a sign: mode I, so that all from 2147483648 on are negative.
# - TIFF, whole numbers of 8 bits with a sign: mode L, so that -1 is 255.
# - TIFF, white is zero: of 8 bits the values are turned round (255 - x), of 16 bits and of floats they are not.
# - 16 bits a colour (TIFF, PNG): mode RGB, the upper 8 bits alone.
# - TIFF, 16 bits a colour in planes of their own, not compressed: lower and upper bytes as if they were pixels.
# - TIFF, compressed, larger bytes first: whole numbers with a sign, and floats, with their bytes in the wrong order;
#   those without a sign, and the same file not compressed, are right.
# What it means: masks of labels, CT slices and microscopy are wrong where only a large or negative value shows it, and
# dark and light change places between the 8- and the 16-bit copies of a scan.
# evonas looks at the tags SampleFormat, BitsPerSample and PhotometricInterpretation itself, says how many colours it
# has read at 8 bits, and refuses the last two kinds (data/depth.py, data/image_files.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    Pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
cd "$folder"
cat > check.py <<'PYTHON'
import struct
import sys
import warnings
import zlib

import numpy as np
import PIL
import tifffile
from PIL import Image

warnings.simplefilter("error")  # there is none


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


def read(path):
    with Image.open(path) as image:
        return image.mode, np.asarray(image).ravel().tolist()


def tiff(values, photometric="minisblack", **how):
    """What Pillow makes of a file, of which tifffile reads what was written."""
    tifffile.imwrite("image.tif", values, photometric=photometric, **how)
    assert np.array_equal(tifffile.imread("image.tif"), values)
    return read("image.tif")


def block(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


print("Pillow", PIL.__version__, "tifffile", tifffile.__version__, "numpy", np.__version__)
wide = np.array([[0, 1], [2**31, 2**32 - 1]], np.uint32)
expect("0, 1, 2147483648, 4294967295 in 32 bits without a sign", tiff(wide), ("I", [0, 1, -(2**31), -1]))
signed = np.array([[0, -1], [127, -128]], np.int8)
expect("0, -1, 127, -128 in 8 bits with a sign", tiff(signed), ("L", [0, 255, 127, 128]))
expect("the same in 16 bits with a sign", tiff(signed.astype(np.int16)), ("I", [0, -1, 127, -128]))

few = np.array([[0, 1], [200, 255]])
expect("0, 1, 200, 255 in 8 bits, white is zero", tiff(few.astype(np.uint8), "miniswhite"), ("L", [255, 254, 55, 0]))
expect("the same in 16 bits", tiff(few.astype(np.uint16), "miniswhite"), ("I;16", [0, 1, 200, 255]))
expect("the same in floats", tiff(few.astype(np.float32), "miniswhite"), ("F", [0.0, 1.0, 200.0, 255.0]))

colours = np.array([[[0, 255, 256], [1000, 40000, 65535]]], np.uint16)
expect("0, 255, 256, 1000, 40000, 65535 as colours in a TIFF", tiff(colours, "rgb"), ("RGB", [0, 0, 1, 3, 156, 255]))
apart = tiff(colours.transpose(2, 0, 1).copy(), "rgb", planarconfig="separate")
expect("the same in planes of their own", apart, ("RGB", [0, 255, 0, 0, 0, 1]))
apart = tiff(colours.transpose(2, 0, 1).copy(), "rgb", planarconfig="separate", compression="zlib")
expect("these compressed", apart, ("RGB", [0, 0, 1, 3, 156, 255]))
lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in colours)
head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
with open("image.png", "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + block(b"IHDR", head) + block(b"IDAT", zlib.compress(lines)) + block(b"IEND", b""))
expect("the same in a PNG", read("image.png"), ("RGB", [0, 0, 1, 3, 156, 255]))

numbers = np.array([[1, 2], [-3, 500]], np.int16)
for values, kind in ((numbers, "16 bits with a sign"), (numbers.astype(np.int32), "32 bits with a sign")):
    right = ("I", [1, 2, -3, 500])
    expect(f"1, 2, -3, 500 in {kind}, larger bytes first", tiff(values, byteorder=">"), right)
    expect("these compressed, smaller bytes first", tiff(values, byteorder="<", compression="zlib"), right)
    wrong = ("I", values.byteswap().ravel().tolist())
    expect("these compressed, larger bytes first", tiff(values, byteorder=">", compression="zlib"), wrong)
floats = tiff(np.array([[1, 2]], np.float32), byteorder=">", compression="zlib")
expect("floats 1, 2 likewise", floats, ("F", np.array([1, 2], np.float32).byteswap().tolist()))
whole = tiff(np.array([[1, 500]], np.uint16), byteorder=">", compression="zlib")
expect("1, 500 without a sign likewise", whole[1], [1, 500])
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
