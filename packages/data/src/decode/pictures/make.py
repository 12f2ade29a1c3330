"""Makes the small pictures of this folder and what Pillow decodes and resizes them to.

    python make.py          (Pillow and NumPy; written with Pillow 12)

expected.json holds, for each picture: height, width, channels, and the bytes in base64, row by row.
"""
import base64
import json
import os

import numpy as np
from PIL import Image, ImageOps

here = os.path.dirname(os.path.abspath(__file__))
h, w = 13, 17
y, x = np.mgrid[0:h, 0:w]
rgb = np.stack([x * 15 % 256, y * 19 % 256, (x * y * 3 + 40) % 256], -1).astype(np.uint8)
image = Image.fromarray(rgb)
grey = image.convert("L")
palette = image.quantize(16)
alpha = image.copy()
alpha.putalpha(Image.fromarray((x * 14 % 256).astype(np.uint8)))
sixteen = Image.fromarray((x * 3500 + y * 300).astype(np.uint16))
exif = Image.Exif()
exif[0x0112] = 6

files = {
    "rgb.jpg": (image, dict(quality=90)),
    "rgb-420.jpg": (image, dict(quality=70, subsampling=2)),
    "progressive.jpg": (image, dict(quality=80, progressive=True)),
    "grey.jpg": (grey, dict(quality=90)),
    "cmyk.jpg": (image.convert("CMYK"), dict(quality=95)),
    "turned.jpg": (image, dict(quality=90, exif=exif)),
    "rgb.png": (image, {}),
    "grey.png": (grey, {}),
    "palette.png": (palette, {}),
    "alpha.png": (alpha, {}),
    "sixteen.png": (sixteen, {}),
    "bilevel.png": (grey.convert("1"), {}),
    "palette.gif": (palette, {}),
    "rgb.bmp": (image, {}),
    "palette.bmp": (palette, {}),
    "rgb.tiff": (image, dict(compression="tiff_lzw")),
    "lossless.webp": (image, dict(lossless=True)),
}


def shown(picture):
    data = np.asarray(picture)
    return dict(
        height=data.shape[0],
        width=data.shape[1],
        channels=1 if data.ndim == 2 else data.shape[2],
        data=base64.b64encode(data.astype(np.uint8).tobytes()).decode(),
    )


def decoded(name):
    picture = ImageOps.exif_transpose(Image.open(os.path.join(here, name)))
    if name == "sixteen.png":  # the upper 8 bits
        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8))
    if name in ("grey.jpg", "grey.png"):
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    return picture.convert("RGB")


expected = {}
for name, (picture, options) in files.items():
    picture.save(os.path.join(here, name), **options)
    expected[name] = shown(decoded(name))

filters = dict(nearest=Image.NEAREST, bilinear=Image.BILINEAR, bicubic=Image.BICUBIC, lanczos=Image.LANCZOS)
resized = []
for name, filter in filters.items():
    for size in [(5, 4), (9, 13), (40, 31)]:
        for box in [(0, 0, w, h), (3, 2, 14, 11)]:
            resized.append(dict(filter=name, box=box, **shown(image.resize(size, filter, box=box))))
with open(os.path.join(here, "expected.json"), "w") as out:
    json.dump(dict(decoded=expected, source=shown(image), resized=resized), out, indent=1)
    out.write("\n")
