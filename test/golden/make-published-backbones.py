"""Writes published-backbones.json from torchvision's and timm's own models.

    python make-published-backbones.py > published-backbones.json

Needs torch, torchvision and timm. Weights and images are the patterns of README.md, so nothing is downloaded.
"""

import json
import sys

import numpy as np
import timm
import torch
import torchvision
from pattern import filled, pattern

CLASSES = 100


def tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def summary(x):
    x = x.detach().double()
    flat = x.flatten()
    return {
        "shape": list(x.shape),
        "mean": flat.mean().item(),
        "rms": flat.square().mean().sqrt().item(),
        "head": flat[:6].tolist(),
        "tail": flat[-6:].tolist(),
    }


def whole(x):
    return {"shape": list(x.shape), "data": x.detach().flatten().tolist()}


def entries(model):
    return [(name, value) for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")]


def fill(model):
    with torch.no_grad():
        for name, value in entries(model):
            value.copy_(tensor(filled(name, tuple(value.shape))))


class Recorder:
    """Results of modules by path, for one pass."""

    def __init__(self, model, paths):
        self.values = {}
        modules = dict(model.named_modules())
        for path in paths:
            modules[path].register_forward_hook(self.keep(path))

    def keep(self, path):
        def hook(_module, _inputs, output):
            # the activation that follows may write into the same memory
            self.values[path] = output.detach().clone()

        return hook


def densenet(name):
    model = torchvision.models.get_model(name, num_classes=CLASSES)
    norms = [f"features.transition{i}.norm" for i in (1, 2, 3)] + ["features.norm5"]
    recorder = Recorder(model, ["features.pool0", *norms])

    def features():
        stem = recorder.values["features.pool0"]
        preacts = [recorder.values[path] for path in norms]
        stages = [torch.relu(x) for x in preacts]
        return [stem, *stages, stages[-1].mean((2, 3))], [stem, *preacts, stages[-1].mean((2, 3))]

    # a last map of 2x2: of two numbers a channel, batch norm makes signs of differences
    return model, features, [4, 3, 64, 64], ["features.norm5.running_mean", "features.norm5.running_var"]


def resnet(name):
    model = torchvision.models.get_model(name, num_classes=CLASSES)
    layers = [f"layer{i}" for i in (1, 2, 3, 4)]
    recorder = Recorder(model, ["maxpool", *layers])

    def features():
        stages = [recorder.values[path] for path in layers]
        return [recorder.values["maxpool"], *stages, stages[-1].mean((2, 3))], None

    return model, features, [2, 3, 64, 64], ["layer4.1.bn2.running_mean", "layer4.1.bn2.running_var"]


def mobilenet(name):
    model = torchvision.models.get_model(name, num_classes=CLASSES, dropout=0)
    maps = [f"features.{i}" for i in (0, 3, 6, 13, 17)]
    recorder = Recorder(model, [*maps, "features.18"])

    def features():
        return [*[recorder.values[path] for path in maps], recorder.values["features.18"].mean((2, 3))], None

    return model, features, [2, 3, 64, 64], ["features.18.1.running_mean", "features.18.1.running_var"]


def transformer(name):
    model = timm.create_model(name, num_classes=CLASSES, img_size=64)
    distilled = "distilled" in name
    if distilled:
        model.set_distilled_training(True)
    blocks = [f"blocks.{i}" for i in (2, 5, 8, 11)]
    recorder = Recorder(model, ["patch_embed", *blocks, "norm"])
    tokens = 2 if distilled else 1

    def as_map(x):
        return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], 4, 4)

    def features():
        stem = as_map(recorder.values["patch_embed"])
        stages = [as_map(recorder.values[path][:, tokens:]) for path in blocks]
        return [stem, *stages, recorder.values["norm"][:, :tokens].flatten(1)], None

    return model, features, [2, 3, 64, 64], []


def golden(model, features, image, statistics):
    batch = tensor(pattern("input", image))
    fill(model)
    state = {name: list(value.shape) for name, value in entries(model)}
    model.eval()
    logits = model(batch)
    feats, preacts = features()
    evaluated = {"feats": [summary(x) for x in feats], "logits": whole(logits)}
    if preacts is not None:
        evaluated["preactFeats"] = [summary(x) for x in preacts]
    model.train()
    logits = model(batch)
    trained = model.state_dict()
    return {
        "params": sum(p.numel() for p in model.parameters()),
        "stateDict": [[name, shape] for name, shape in state.items()],
        "input": image,
        "eval": evaluated,
        "train": {
            # the class head's, where there are two
            "logits": whole(logits[0] if isinstance(logits, tuple) else logits),
            "lastRunningStats": {name: summary(trained[name]) for name in statistics},
        },
    }


models = {
    "resnet18": resnet,
    "mobilenet_v2": mobilenet,
    "densenet121": densenet,
    "densenet201": densenet,
    "deit_tiny_patch16_224": transformer,
    "deit_tiny_distilled_patch16_224": transformer,
}
json.dump({"seed": 1, "models": {name: golden(*make(name)) for name, make in models.items()}}, sys.stdout)
