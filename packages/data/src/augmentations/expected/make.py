"""Writes values.json: what torchvision's functional transforms (v2, tensors) make of one picture.

Run with torchvision 0.29: python make.py
"""
import base64
import json
import math
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2 import functional as F

height, width = 13, 16


def picture(channels):
    values = [(c * 71 + y * 29 + x * x * 7 + x * y * 3) % 256 for c in range(channels) for y in range(height) for x in range(width)]
    return torch.tensor(values, dtype=torch.uint8).reshape(channels, height, width)


def shear(image, x, y):
    degrees = [math.degrees(math.atan(x)), math.degrees(math.atan(y))]
    return F.affine(image, angle=0.0, translate=[0, 0], scale=1.0, shear=degrees, center=[0, 0])


def move(image, x, y):
    return F.affine(image, angle=0.0, translate=[x, y], scale=1.0, shear=[0.0, 0.0])


nearest, bilinear = F.InterpolationMode.NEAREST, F.InterpolationMode.BILINEAR
changes = {
    'brightness': (F.adjust_brightness, [0.3, 1.7]),
    'contrast': (F.adjust_contrast, [0.3, 1.7]),
    'saturation': (F.adjust_saturation, [0.3, 1.7]),
    'hue': (F.adjust_hue, [-0.5, -0.13, 0, 0.31]),
    'sharpness': (F.adjust_sharpness, [0.2, 1.6]),
    'posterize': (F.posterize, [3, 8]),
    'solarize': (F.solarize, [100.5, 255]),
    'auto-contrast': (lambda image, low: F.autocontrast(image // 2 + low), [20]),
    'equalize': (lambda image, low: F.equalize((image // 2 + low).repeat(1, 2, 2)), [20]),
    'rotate': (lambda image, angle: F.rotate(image, angle, interpolation=nearest), [17.0, -121.5]),
    'rotate-bilinear': (lambda image, angle: F.rotate(image, angle, interpolation=bilinear), [17.0, -121.5]),
    'shear-x': (lambda image, m: shear(image, m, 0), [0.33, -0.71]),
    'shear-y': (lambda image, m: shear(image, 0, m), [0.33, -0.71]),
    'translate-x': (lambda image, m: move(image, int(m), 0), [5.9, -3.2]),
    'translate-y': (lambda image, m: move(image, 0, int(m)), [5.9, -3.2]),
}
made = [
    {'change': name, 'channels': channels, 'value': value,
     'data': base64.b64encode(np.ascontiguousarray(change(picture(channels), value).numpy())).decode()}
    for name, (change, values) in changes.items()
    for channels in (3, 1)
    for value in values
]
text = json.dumps({'height': height, 'width': width, 'made': made})
(Path(__file__).parent / 'values.json').write_text(text + '\n')
