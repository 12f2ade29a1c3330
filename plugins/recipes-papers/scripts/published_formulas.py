"""The losses of a training by the published PyTorch formulas (RepDistiller for KD and FitNet, PEFD for the projector ensemble), written anew.

published_formulas.py METHOD INPUT.safetensors OPTIMIZER_JSON: prints the loss of every step as JSON.
"""

import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    types = {"F32": np.float32, "I32": np.int32}
    return {
        name: torch.from_numpy(
            np.frombuffer(body[slice(*one["data_offsets"])], types[one["dtype"]]).reshape(one["shape"]).copy()
        )
        for name, one in header.items()
        if name != "__metadata__"
    }


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or inside != out:
            self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet(nn.Module):
    """RepDistiller's CIFAR ResNet: the list of features is stem, three stages, pooled vector."""

    def __init__(self, depth, classes):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, 1, blocks)
        self.layer2 = self.stage(16, 32, 2, blocks)
        self.layer3 = self.stage(32, 64, 2, blocks)
        self.fc = nn.Linear(64, classes)

    @staticmethod
    def stage(inside, out, stride, blocks):
        return nn.Sequential(Block(inside, out, stride), *(Block(out, out, 1) for _ in range(blocks - 1)))

    def forward(self, x):
        stem = F.relu(self.bn1(self.conv1(x)))
        maps = [stem]
        for layer in (self.layer1, self.layer2, self.layer3):
            maps.append(layer(maps[-1]))
        pooled = maps[-1].mean((2, 3))
        return [*maps, pooled], self.fc(pooled)


def load(model, state, prefix):
    own = {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
    wanted = {name: own[name] for name in model.state_dict() if not name.endswith("num_batches_tracked")}
    missing = model.load_state_dict(wanted, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing), missing
    return model


def extra(state, ending):
    """The one tensor of the method whose name ends so."""
    found = [
        value
        for name, value in state.items()
        if name.endswith(ending) and not name.startswith(("student.", "teacher.")) and "momentum" not in name
    ]
    assert len(found) == 1, (ending, [name for name in state if not name.startswith(("student.", "teacher."))])
    return found[0]


def main():
    method, path, rule = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    torch.set_num_threads(1)
    state = read(path)
    images, labels, order = state.pop("images"), state.pop("labels").long(), state.pop("order").long()
    classes = int(labels.max()) + 1
    teacher = load(ResNet(14, classes), state, "teacher.").eval()
    student = load(ResNet(8, classes), state, "student.").train()
    trained = [*student.parameters()]

    if method == "fitnet":
        # ConvReg for maps of one size: a 1x1 convolution with bias, batch norm, ReLU
        conv, norm = nn.Conv2d(32, 32, 1), nn.BatchNorm2d(32)
        with torch.no_grad():
            conv.weight.copy_(extra(state, "conv.weight"))
            conv.bias.copy_(extra(state, "conv.bias"))
        trained += [*conv.parameters(), *norm.parameters()]
    if method == "projector-ensemble":
        heads = [nn.Linear(64, 64) for _ in range(3)]
        for k, head in enumerate(heads):
            with torch.no_grad():
                head.weight.copy_(extra(state, f"projectors.{k}.linear.weight"))
                head.bias.copy_(extra(state, f"projectors.{k}.linear.bias"))
            trained += [*head.parameters()]

    optimizer = torch.optim.SGD(trained, lr=rule["lr"], momentum=rule["momentum"], weight_decay=rule["weightDecay"])
    losses = []
    for batch in order:
        x, y = images[batch], labels[batch]
        with torch.no_grad():
            t_feats, t_logits = teacher(x)
        s_feats, s_logits = student(x)
        ce = F.cross_entropy(s_logits, y)
        if method == "kd":
            p = F.log_softmax(s_logits / 4, dim=1)
            q = F.softmax(t_logits / 4, dim=1)
            loss = 0.1 * ce + 0.9 * F.kl_div(p, q, reduction="sum") * 16 / len(y)
        elif method == "fitnet":
            loss = ce + 100 * F.mse_loss(F.relu(norm(conv(s_feats[2]))), t_feats[2])
        else:
            mean = sum(F.relu(head(s_feats[-1])) for head in heads) / len(heads)
            s = mean / mean.norm(dim=1, keepdim=True)
            t = t_feats[-1] / t_feats[-1].norm(dim=1, keepdim=True)
            loss = ce + 25 * (1 - (s * t).sum(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(json.dumps({"losses": losses, "torch": torch.__version__}))


main()
