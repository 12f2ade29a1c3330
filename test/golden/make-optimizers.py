"""Writes optimizers.json: training steps by PyTorch's own optimisers, clipping and averages, and timm's.

    python make-optimizers.py > optimizers.json

Needs torch and timm. Weights and batches are the patterns of README.md; everything is computed in float64.
"""

import json
import re

import numpy as np
import timm
import torch
from pattern import filled, pattern
from timm.optim import Lamb, param_groups_layer_decay
from timm.utils import ModelEmaV2, ModelEmaV3
from torch import nn

BATCH = 6
FEATURES = 5
WIDTH = 8
CLASSES = 3
STEPS = 5
RATES = [0.1, 0.1, 0.05, 0.05, 0.02]


def tensor(values):
    return torch.from_numpy(np.asarray(values, dtype=np.float32).astype(np.float64))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        # a bias would have a gradient of exactly 0, whose rounding Adam makes steps of
        self.fc = nn.Linear(WIDTH, WIDTH, bias=False)
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, x):
        return torch.relu(self.norm(self.fc(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(FEATURES, WIDTH)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x)

    def group_matcher(self, coarse=False):
        return dict(stem=r"^stem", blocks=r"^blocks\.(\d+)")

    def no_weight_decay(self):
        return set()


def make_net():
    net = Net().double()
    state = net.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = tensor(filled(name, list(value.shape)))
    net.load_state_dict(state)
    return net


def batch(number):
    images = tensor(pattern(f"batch{number}", [BATCH, FEATURES]))
    labels = [(i * 2 + number) % CLASSES for i in range(BATCH)]
    return images, torch.tensor(labels)


def groups_of(net, case):
    """Parameter groups with the factor of the learning rate each has."""
    decay = case["optimizer"].get("weightDecay", 0)
    trained = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    if "layerDecay" in case:
        groups = param_groups_layer_decay(
            net, weight_decay=decay, no_weight_decay_list=(), layer_decay=case["layerDecay"]
        )
        # timm leaves vectors without decay, which is a choice of its own and none of layer decay's
        return [{"params": g["params"], "weight_decay": decay, "factor": g["lr_scale"]} for g in groups]
    groups = []
    for name, p in trained:
        own = next((g for g in case.get("groups", []) if re.search(g["match"], f"student.{name}")), {})
        groups.append(
            {"params": [p], "weight_decay": own.get("weightDecay", decay), "factor": own.get("lrFactor", 1)}
        )
    return groups


def make_optimizer(net, case):
    options = case["optimizer"]
    groups = groups_of(net, case)
    use = options["use"]
    if use == "sgd":
        return torch.optim.SGD(
            groups, lr=1, momentum=options.get("momentum", 0), nesterov=options.get("nesterov", False)
        )
    if use == "adamw":
        return torch.optim.AdamW(groups, lr=1, betas=tuple(options.get("betas", (0.9, 0.999))))
    return Lamb(
        groups,
        lr=1,
        betas=tuple(options.get("betas", (0.9, 0.999))),
        max_grad_norm=None,
        trust_clip="maxTrust" in options,
        always_adapt=True,
    )


def make_average(net, case):
    if "ema" not in case:
        return None
    options = case["ema"]
    if options["warmup"]:
        return ModelEmaV3(net, decay=options["decay"], use_warmup=True)
    return ModelEmaV2(net, decay=options["decay"])


def state_of(net):
    return {
        name: [float(f"{x:.10g}") for x in value.flatten().tolist()]
        for name, value in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def run(case):
    net = make_net()
    net.train()
    frozen = [re.compile(p) for p in case.get("freeze", [])]
    for name, p in net.named_parameters():
        if any(f.search(f"student.{name}") for f in frozen):
            p.requires_grad_(False)
    for name, module in net.named_modules():
        if isinstance(module, nn.BatchNorm1d) and any(f.search(f"student.{name}.running_mean") for f in frozen):
            module.eval()
    optimizer = make_optimizer(net, case)
    average = make_average(net, case)
    micro = case.get("accumulate", 1)
    losses = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATES[step] * group["factor"]
        optimizer.zero_grad()
        for part in range(micro):
            images, labels = batch(step * micro + part)
            loss = nn.functional.cross_entropy(net(images), labels)
            (loss / micro).backward()
            losses.append(loss.item())
        trained = [p for p in net.parameters() if p.requires_grad]
        for transform in case.get("transforms", []):
            if transform["use"] == "clip-by-global-norm":
                nn.utils.clip_grad_norm_(trained, transform["maxNorm"])
            else:
                nn.utils.clip_grad_value_(trained, transform["maxValue"])
        optimizer.step()
        if isinstance(average, ModelEmaV3):
            average.update(net, step=step + 1)
        elif average is not None:
            average.update(net)
    result = {**case, "losses": losses, "state": state_of(net)}
    if average is not None:
        result["average"] = state_of(average.module)
    return result


SGD = {"use": "sgd", "momentum": 0.9, "weightDecay": 0.01}
ADAMW = {"use": "adamw", "betas": [0.9, 0.99], "weightDecay": 0.05}
LAMB = {"use": "lamb", "weightDecay": 0.02}
NORM = {"use": "clip-by-global-norm", "maxNorm": 0.3}
VALUE = {"use": "clip-by-value", "maxValue": 0.02}

CASES = [
    {"name": "sgd with momentum", "optimizer": SGD},
    {"name": "sgd with nesterov momentum", "optimizer": {**SGD, "nesterov": True}},
    {"name": "adamw", "optimizer": ADAMW},
    {"name": "lamb", "optimizer": LAMB},
    {"name": "lamb with bounded trust", "optimizer": {**LAMB, "maxTrust": 1}},
    {
        "name": "groups with a rate and a decay of their own",
        "optimizer": SGD,
        "groups": [{"match": r"\.bias$", "weightDecay": 0}, {"match": "head", "lrFactor": 3, "weightDecay": 0.1}],
    },
    {"name": "gradients clipped by global norm", "optimizer": SGD, "transforms": [NORM]},
    {"name": "gradients clipped by value", "optimizer": SGD, "transforms": [VALUE]},
    {"name": "gradients clipped by value, then by norm", "optimizer": LAMB, "transforms": [VALUE, NORM]},
    {"name": "three batches a step", "optimizer": SGD, "accumulate": 3},
    {"name": "two batches a step, clipped", "optimizer": ADAMW, "accumulate": 2, "transforms": [NORM]},
    {"name": "an average of the weights", "optimizer": SGD, "ema": {"decay": 0.8, "warmup": False}},
    {"name": "an average with a warm-up", "optimizer": SGD, "ema": {"decay": 0.6, "warmup": True}},
    {"name": "a frozen block", "optimizer": SGD, "freeze": [r"^student\.blocks\.0\."]},
    {"name": "frozen up to the head", "optimizer": ADAMW, "freeze": [r"^student\.(stem|blocks)\."]},
    {"name": "rates that fall from layer to layer", "optimizer": ADAMW, "layerDecay": 0.5},
    {
        "name": "everything at once",
        "optimizer": LAMB,
        "accumulate": 2,
        "transforms": [NORM],
        "ema": {"decay": 0.6, "warmup": True},
        "layerDecay": 0.75,
        "freeze": [r"^student\.stem\."],
    },
]


def layer_factors(name):
    model = timm.create_model(name, pretrained=False, num_classes=10)
    decay = 0.75
    factor_of = {}
    for group in param_groups_layer_decay(model, no_weight_decay_list=(), layer_decay=decay):
        for p in group["params"]:
            factor_of[id(p)] = group["lr_scale"]
    classifier = model.get_classifier()
    head = {id(p) for p in classifier.parameters()}
    return {
        "model": name,
        "decay": decay,
        "parameters": [
            {"name": n, "classifier": id(p) in head, "factor": factor_of[id(p)]} for n, p in model.named_parameters()
        ],
    }


def lines(entries):
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]"


facts = {
    "made": f"PyTorch {torch.__version__.split('+')[0]} and timm {timm.__version__}, float64",
    "batch": BATCH,
    "features": FEATURES,
    "width": WIDTH,
    "classes": CLASSES,
    "rates": RATES,
}
cases = lines([run(case) for case in CASES])
factors = lines([layer_factors(name) for name in ["vit_tiny_patch16_224", "resnet18"]])
print(f'{json.dumps(facts)[:-1]},\n"cases": {cases},\n"layerFactors": {factors}}}')
