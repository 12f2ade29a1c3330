"""Writes targets.json: losses of PyTorch and metrics of scikit-learn for every kind of targets.

    python make-targets.py losses > losses-part.json      # needs torch
    python make-targets.py metrics > metrics-part.json    # needs scikit-learn
    python make-targets.py join losses-part.json metrics-part.json > targets.json
"""

import json
import math
import sys

N, CLASSES = 6, 5


def numbers(count, seed):
    """Numbers in [-1, 1) that any language computes alike."""
    values = []
    for i in range(count):
        x = math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453
        values.append(round(2 * (x - math.floor(x)) - 1, 6))
    return values


LOGITS = [3 * u for u in numbers(N * CLASSES, 1)]
LABELS = [4, 0, 2, 2, 1, 3]
RAW = [abs(u) + 0.05 for u in numbers(N * CLASSES, 2)]
SOFT = [RAW[i] / sum(RAW[i // CLASSES * CLASSES : i // CLASSES * CLASSES + CLASSES]) for i in range(N * CLASSES)]
MULTI_HOT = [1.0 if u > 0.2 else 0.0 for u in numbers(N * CLASSES, 3)]
WEIGHTS = [0.5, 1.0, 2.0, 0.25, 1.5]
POS = [1.0, 3.0, 0.5, 2.0, 4.0]
SMOOTHING = 0.1


def losses():
    import torch
    from torch.nn import functional as F

    def rows(values):
        return torch.tensor(values, dtype=torch.float64).reshape(N, CLASSES)

    weights, pos = torch.tensor(WEIGHTS, dtype=torch.float64), torch.tensor(POS, dtype=torch.float64)
    labels = torch.tensor(LABELS)
    one_hot = F.one_hot(labels, CLASSES).double()
    # as timm's BinaryCrossEntropy smooths single labels, and Keras' several ones
    spread = one_hot * (1 - SMOOTHING) + SMOOTHING / CLASSES
    towards = rows(MULTI_HOT) * (1 - SMOOTHING) + SMOOTHING / 2
    ce, bce = F.cross_entropy, F.binary_cross_entropy_with_logits
    cases = {
        "ce index": lambda z: ce(z, labels),
        "ce index smoothed": lambda z: ce(z, labels, label_smoothing=SMOOTHING),
        "ce index weighted": lambda z: ce(z, labels, weight=weights),
        "ce index smoothed weighted": lambda z: ce(z, labels, weight=weights, label_smoothing=SMOOTHING),
        "ce soft": lambda z: ce(z, rows(SOFT)),
        "ce soft smoothed weighted": lambda z: ce(z, rows(SOFT), weight=weights, label_smoothing=SMOOTHING),
        "bce multi-hot": lambda z: bce(z, rows(MULTI_HOT)),
        "bce multi-hot weighted": lambda z: bce(z, rows(MULTI_HOT), weight=weights),
        "bce multi-hot pos": lambda z: bce(z, rows(MULTI_HOT), pos_weight=pos),
        "bce multi-hot weighted pos": lambda z: bce(z, rows(MULTI_HOT), weight=weights, pos_weight=pos),
        "bce multi-hot smoothed": lambda z: bce(z, towards),
        "bce index": lambda z: bce(z, one_hot),
        "bce index smoothed": lambda z: bce(z, spread),
        "bce soft": lambda z: bce(z, rows(SOFT)),
    }
    result = {}
    for name, loss in cases.items():
        z = rows(LOGITS).requires_grad_()
        value = loss(z)
        value.backward()
        result[name] = {"loss": value.item(), "gradient": z.grad.flatten().tolist()}
    return {"torch": torch.__version__.split("+")[0], "losses": result}


def metrics():
    import numpy as np
    import sklearn
    from sklearn.metrics import average_precision_score, f1_score

    def one(scores, truth):
        found = truth.any(axis=0)
        each = [float(average_precision_score(truth[:, c], scores[:, c])) if found[c] else None for c in range(truth.shape[1])]
        guessed = scores > 0
        return {
            "averagePrecision": each,
            "mAP": float(np.mean([value for value in each if value is not None])),
            "f1PerClass": f1_score(truth, guessed, average=None, zero_division=0).tolist(),
            "f1Macro": float(f1_score(truth, guessed, average="macro", zero_division=0)),
            "f1Micro": float(f1_score(truth, guessed, average="micro", zero_division=0)),
        }

    truth = np.array(MULTI_HOT).reshape(N, CLASSES) == 1
    scores = np.array(LOGITS).reshape(N, CLASSES)
    ties = np.round(scores)
    predicted = np.eye(CLASSES, dtype=bool)[scores.argmax(axis=1)]
    labels = np.eye(CLASSES, dtype=bool)[LABELS]
    single = {
        "f1PerClass": f1_score(labels, predicted, average=None, zero_division=0).tolist(),
        "f1Macro": float(f1_score(labels, predicted, average="macro", zero_division=0)),
    }
    return {"sklearn": sklearn.__version__, "metrics": {"several": one(scores, truth), "ties": one(ties, truth), "single": single}}


def main(part, *files):
    if part == "losses":
        return losses()
    if part == "metrics":
        return metrics()
    data = {
        "samples": N, "classes": CLASSES, "logits": LOGITS, "labels": LABELS, "soft": SOFT, "multiHot": MULTI_HOT,
        "classWeights": WEIGHTS, "posWeight": POS, "labelSmoothing": SMOOTHING,
    }
    for file in files:
        with open(file) as handle:
            data.update(json.load(handle))
    return data


json.dump(main(*sys.argv[1:]), sys.stdout, indent=1)
print()
