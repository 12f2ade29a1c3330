"""Writes the small files of arrays that the tests read: python scripts/make-arrays.py FOLDER (numpy and safetensors)."""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
colour = np.arange(4 * 5 * 6 * 3, dtype=np.int64).reshape(4, 5, 6, 3) * 7 % 256
colour = colour.astype(np.uint8)
grey = colour[..., 0]
labels = np.array([[2], [0], [1], [2]], np.uint8)

# as MedMNIST publishes its sets: three splits, labels [N, 1] or [N, classes]
for name, images, own in [
    ("medmnist", colour, labels),
    ("medmnist-grey", grey, labels),
    ("medmnist-multi", grey, np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]], np.uint8)),
]:
    arrays = {}
    for split, count in [("train", 4), ("val", 2), ("test", 3)]:
        arrays[f"{split}_images"] = images[:count]
        arrays[f"{split}_labels"] = own[:count]
    np.savez_compressed(out / f"{name}.npz", **arrays)

# as tutorials save them
np.savez(out / "keras.npz", x_train=colour, y_train=labels[:, 0].astype(np.int64), x_test=colour[:2], y_test=labels[:2, 0])
np.save(out / "planes.npy", np.asfortranarray(colour.transpose(0, 3, 1, 2)))
np.save(out / "planes_labels.npy", labels[:, 0].astype(np.int32))
np.save(out / "floats_images.npy", (colour / np.float32(255)).astype(np.float32))
np.save(out / "floats_labels.npy", labels[:, 0])
save_file({"images": np.ascontiguousarray(colour.transpose(0, 3, 1, 2)), "labels": labels[:, 0]}, out / "planes.safetensors")
save_file({"train_images": colour / 255.0, "train_labels": labels[:, 0].astype(np.int64)}, out / "doubles.safetensors")
