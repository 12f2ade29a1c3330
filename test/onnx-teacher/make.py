"""Writes the models from PyTorch that onnx-teacher.test.ts takes as teachers, and what PyTorch makes of some images.

    python make.py

Made with torch 2.9 and onnx 1.23. The files need not come out the same byte for byte with other versions.
"""

import json
from pathlib import Path

import onnx
import torch
from torch import nn

here = Path(__file__).parent
mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.down = nn.Conv2d(inputs, outputs, 1, stride) if stride != 1 else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.down(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.layer1 = Block(4, 4, 1)
        self.layer2 = Block(4, 8, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 5)

    def features(self, x):
        stage1 = self.layer1(self.stem(x))
        stage2 = self.layer2(stage1)
        embedding = torch.flatten(self.pool(stage2), 1)
        return {"stage1": stage1, "stage2": stage2, "embedding": embedding, "logits": self.fc(embedding)}

    def forward(self, x):
        return self.features(x)["logits"]


class OnPixels(nn.Module):
    """Takes [N, H, W, C] from 0 to 255, as models from TensorFlow do."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        x = (x / 255 - torch.tensor(mean)) / torch.tensor(std)
        return self.net(x.permute(0, 3, 1, 2))


def export(model, image, name, axes):
    torch.onnx.export(
        model,
        image,
        here / name,
        dynamo=False,
        input_names=["images"],
        output_names=["scores"],
        dynamic_axes=axes,
    )


torch.manual_seed(7)
net = Net()
for module in net.modules():
    if isinstance(module, nn.BatchNorm2d):
        nn.init.uniform_(module.running_mean, -0.2, 0.2)
        nn.init.uniform_(module.running_var, 0.5, 1.5)
        nn.init.uniform_(module.weight, 0.5, 1.5)
        nn.init.uniform_(module.bias, -0.2, 0.2)
net.eval()

batch = {"images": {0: "batch"}, "scores": {0: "batch"}}
export(net, torch.zeros(2, 3, 8, 8), "pytorch.onnx", batch)
export(OnPixels(net).eval(), torch.zeros(2, 8, 8, 3), "pytorch-nhwc-pairs.onnx", None)
sizes = {"images": {0: "batch", 2: "height", 3: "width"}, "scores": {0: "batch"}}
export(net, torch.zeros(2, 3, 8, 8), "pytorch-any-size.onnx", sizes)
# with its weights in another file, which is not kept: the model is there to be refused
onnx.save_model(
    onnx.load(here / "pytorch.onnx"),
    here / "pytorch-external.onnx",
    save_as_external_data=True,
    location="weights.bin",
    size_threshold=0,
)
(here / "weights.bin").unlink()

pixels = torch.randint(0, 256, (4, 3, 8, 8))
images = (pixels / 255 - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
scaled = nn.functional.interpolate(images, (12, 10), mode="bilinear", align_corners=False)
with torch.no_grad():
    features, large = net.features(images), net.features(scaled)
rounded = lambda tensors: {name: [round(v, 6) for v in t.flatten().tolist()] for name, t in tensors.items()}
(here / "pytorch.json").write_text(
    json.dumps(
        {
            "mean": mean,
            "std": std,
            "pixels": pixels.flatten().tolist(),
            "features": rounded(features),
            "scaled": rounded({"embedding": large["embedding"], "logits": large["logits"]}),
        }
    )
    + "\n"
)
