"""Writes torchvision.json: one picture, and what torchvision's antialiased resize makes of it (tensors, uint8).

Run with torchvision 0.29: python make.py
"""
import base64
import json
from pathlib import Path

import numpy as np
import torch
from torchvision.transforms.v2 import functional as F

height, width = 60, 80
y, x = np.mgrid[0:height, 0:width]
smooth = [128 + 90 * np.sin(x / 9 + c) * np.cos(y / 7 - c) for c in range(3)]
edges = 60 * (((x // 5 + y // 8) % 2) - 0.5)
noise = np.random.default_rng(1).normal(0, 12, (3, height, width))
picture = np.clip(np.stack(smooth) + edges + noise, 0, 255).astype(np.uint8)


def coded(image):
    return base64.b64encode(np.ascontiguousarray(image.transpose(1, 2, 0)).tobytes()).decode()


modes = {'bilinear': F.InterpolationMode.BILINEAR, 'bicubic': F.InterpolationMode.BICUBIC}
made = [
    {'filter': name, 'height': h, 'width': w,
     'data': coded(F.resize(torch.from_numpy(picture), [h, w], interpolation=mode, antialias=True).numpy())}
    for name, mode in modes.items()
    for h, w in ((23, 31), (41, 53), (72, 91))
]
text = json.dumps({'height': height, 'width': width, 'data': coded(picture), 'made': made})
(Path(__file__).parent / 'torchvision.json').write_text(text + '\n')
