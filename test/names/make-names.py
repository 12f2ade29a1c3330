"""Writes names and shapes of published models' weights: pip install torch torchvision timm transformers.

Where the folder of an older transformers is given, its names of vision transformers are written too.
"""

import json
import subprocess
import sys
from pathlib import Path

import torch

here = Path(__file__).parent
classes = 10
older = sys.argv[1] if len(sys.argv) > 1 else None


def save(name, make):
    with torch.device("meta"):
        state = make().state_dict()
    table = {key: list(value.shape) for key, value in state.items()}
    (here / f"{name}.json").write_text(json.dumps(table, separators=(",", ":")) + "\n")


def transformers_names(version, residual):
    import transformers as hf

    vit = {"hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768, "num_labels": classes}
    save(f"hf{version}-vit", lambda: hf.ViTForImageClassification(hf.ViTConfig(**vit)))
    save(f"hf{version}-deit-distilled", lambda: hf.DeiTForImageClassificationWithTeacher(hf.DeiTConfig(**vit)))
    if not residual:
        return
    basic = {"embedding_size": 64, "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2], "layer_type": "basic"}
    config = hf.ResNetConfig(num_labels=classes, **basic)
    save("hf-resnet18", lambda: hf.ResNetForImageClassification(config))
    save("hf-resnet50", lambda: hf.ResNetForImageClassification(hf.ResNetConfig(num_labels=classes)))
    save("hf-mobilenet-v1", lambda: hf.MobileNetV1ForImageClassification(hf.MobileNetV1Config(num_labels=classes)))
    save("hf-mobilenet-v2", lambda: hf.MobileNetV2ForImageClassification(hf.MobileNetV2Config(num_labels=classes)))


if older == "--4":
    sys.path.insert(0, sys.argv[2])
    transformers_names(4, residual=False)
else:
    import timm
    import torchvision

    for model in ["resnet18", "resnet50", "densenet121", "mobilenet_v2", "vgg11_bn", "vgg19_bn", "shufflenet_v2_x1_0"]:
        save(f"torchvision-{model}", lambda: torchvision.models.get_model(model, weights=None, num_classes=classes))
    shape = {"image_size": 224, "patch_size": 16, "num_layers": 12, "num_heads": 3}
    widths = {"hidden_dim": 192, "mlp_dim": 768, "num_classes": classes}
    save("torchvision-vit", lambda: torchvision.models.VisionTransformer(**shape, **widths))
    for model in ["resnet18", "resnet50", "mobilenetv1_100", "mobilenetv2_100", "vgg11_bn", "deit_tiny_patch16_224",
                  "deit_tiny_distilled_patch16_224"]:
        save(f"timm-{model}", lambda: timm.create_model(model, pretrained=False, num_classes=classes))
    transformers_names(5, residual=True)
    if older is not None:
        subprocess.run([sys.executable, __file__, "--4", older], check=True)
