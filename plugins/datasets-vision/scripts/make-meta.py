"""Writes a table of classes as ImageNet's development kit has it: python scripts/make-meta.py FILE (numpy and SciPy)."""

import sys

import numpy as np
from scipy.io import savemat

rows = [
    (1, "n02119789", "kit fox, Vulpes macrotis", 0),
    (2, "n01440764", "tench, Tinca tinca", 0),
    (3, "n03000684", "chain saw, chainsaw", 0),
    (1001, "n00001740", "entity", 2),
]
dtype = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O"), ("children", "O")]
synsets = np.zeros((len(rows), 1), dtype=dtype)
for i, (number, wnid, words, children) in enumerate(rows):
    synsets[i, 0] = (np.float64(number), wnid, words, np.uint16(children), np.arange(children, dtype=np.uint16))
savemat(sys.argv[1], {"synsets": synsets, "count": np.int32(4)}, do_compression=True)
