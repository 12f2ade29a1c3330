"""The PyTorch peer of `npm run bench -- loader`: DataLoader, torchvision's decode_image and v2 transforms.

    python loader.py FOLDER BATCH WORKERS

Each line on standard input loads every picture of the folder once and is answered with images a second; the first batch,
which starts the workers, is not measured.
"""
import sys
import time
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2


class Pictures(Dataset):
    def __init__(self, folder):
        self.files = sorted(str(file) for file in Path(folder).glob('*.jpg'))
        self.transform = v2.Compose([
            v2.RandomResizedCrop(224, antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ])

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return self.transform(decode_image(self.files[index], mode=ImageReadMode.RGB))


def main():
    folder, batch, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    loader = DataLoader(
        Pictures(folder), batch_size=batch, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=True
    )
    for _ in sys.stdin:
        batches = iter(loader)
        next(batches)
        started = time.perf_counter()
        images = sum(len(one) for one in batches)
        print(images / (time.perf_counter() - started), flush=True)


if __name__ == '__main__':
    main()
