"""Writes methods.json: losses of methods and their gradients, as the methods' released PyTorch code computes them.

    python make-methods.py > methods.json    # needs torch

Features and parameters are patterns of their names under the names of the test, in float64. What is computed follows the released
code named beside each case. Of each gradient: its first three elements and its norm.
"""

import json
import math

import numpy as np
import torch
from torch.nn import functional as F

from pattern import filled, pattern

N = 8


def input_of(name, shape, scale=1.0):
    values = np.float32(pattern(name, shape)).astype(np.float64) * scale
    return torch.tensor(values, dtype=torch.float64, requires_grad=name.startswith("student"))


def parameter(name, shape):
    return torch.tensor(np.float32(filled(name, shape)).astype(np.float64), dtype=torch.float64)


def batch_norm(x, prefix):
    return F.batch_norm(
        x,
        None,
        None,
        parameter(f"{prefix}.weight", [x.shape[1]]),
        parameter(f"{prefix}.bias", [x.shape[1]]),
        training=True,
        eps=1e-5,
    )


def summary(loss, taps):
    gradients = torch.autograd.grad(loss, list(taps.values()))
    rows = {
        name: [*g.flatten()[:3].tolist(), g.norm().item()] for name, g in zip(taps, gradients, strict=True)
    }
    return {"loss": loss.item(), "gradients": rows}


def ofd():
    """megvii-research/mdistiller, distillers/OFD.py; margins are means of negative responses of this batch."""
    total, taps = 0, {}
    sizes = [(3, 8, 5, 4), (6, 4, 8, 2)]
    for i, (channels, side, out, smaller) in enumerate(sizes):
        s = taps[f"stage{i + 1}"] = input_of(f"student.stage{i + 1}", [N, channels, side, side])
        t = input_of(f"teacher.stage{i + 1}.preact", [N, out, smaller, smaller])
        connected = batch_norm(F.conv2d(s, parameter(f"distiller.ofd.{i}.conv.weight", [out, channels, 1, 1])), f"distiller.ofd.{i}.bn")
        below = t.clamp(max=0).sum((0, 2, 3)) / (t < 0).sum((0, 2, 3))
        margin = below.reshape(1, -1, 1, 1)
        target = F.adaptive_avg_pool2d(t, connected.shape[-2:])
        loss = (
            (connected - margin) ** 2 * ((connected > margin) & (target <= margin))
            + (connected - target) ** 2 * ((connected > target) & (target > margin) & (target <= 0))
            + (connected - target) ** 2 * (target > 0)
        )
        total = total + loss.mean(dim=0).sum() / 2 ** (len(sizes) - i - 1)
    return summary(total, taps)


def wkd_f_imagenet():
    """JiamingLv/WKD, distillers/WKD.py with configs/imagenet: ConvRegBottleNeck, a grid of 4, ratio 2, weight 0.02."""
    s = input_of("student.stage2", [N, 6, 7, 7])
    t = input_of("teacher.stage2", [N, 8, 7, 7])
    at = "distiller.wkd-f.regressor"

    def conv(x, name, out, kernel):
        weight = parameter(f"{at}.{name}.weight", [out, x.shape[1], kernel, kernel])
        return F.conv2d(x, weight, parameter(f"{at}.{name}.bias", [out]), padding=kernel // 2)

    regressed = F.relu(batch_norm(conv(conv(conv(s, "conv1", 5, 1), "conv2", 5, 3), "conv3", 8, 1), f"{at}.bn"))

    def windows(x):
        means, deviations = [], []
        for i in range(4):
            for j in range(4):
                block = x[:, :, math.floor(i * 7 / 4) : math.ceil((i + 1) * 7 / 4), math.floor(j * 7 / 4) : math.ceil((j + 1) * 7 / 4)]
                means.append(block.mean((-1, -2)))
                deviations.append(torch.sqrt(block.var((-1, -2)) + 1e-5))
        return torch.stack(means), torch.stack(deviations)

    (ms, ds), (mt, dt) = windows(regressed), windows(t)
    distance = lambda a, b: ((a - b) ** 2).sum() / (16 * N)
    return summary(0.02 * (2 * distance(ms, mt) + distance(ds, dt)), {"stage2": s})


def kdsvd_positions():
    """HobbitLong/RepDistiller, distiller_zoo/KDSVD.py; a vector's element of the largest size is made positive."""
    taps, before, total = {}, None, 0
    for i, (channels, side) in enumerate([(3, 6), (4, 4)]):
        s = taps[f"stage{i + 1}"] = input_of(f"student.stage{i + 1}", [N, channels, side, side])
        t = input_of(f"teacher.stage{i + 1}", [N, channels, side, side])
        matrix = lambda x: x.reshape(N, channels, side * side).transpose(1, 2)
        vt = torch.linalg.svd(matrix(t), full_matrices=False)[2][:, :1].transpose(1, 2)
        vs = torch.linalg.svd(matrix(s), full_matrices=False)[2][:, : min(4, channels)].transpose(1, 2)
        largest = vt.abs().argmax(1, keepdim=True)
        vt = vt * vt.gather(1, largest).sign()
        cosine = vs.transpose(1, 2) @ vt
        mask = torch.where(cosine.abs() == cosine.abs().amax(1, keepdim=True), cosine.sign(), 0.0).detach()
        vs = vs @ mask
        if before is not None:
            relation = lambda late, early: torch.exp(-((late.unsqueeze(2) - early.unsqueeze(1)) ** 2) / 8)
            total = total + ((relation(vs, before[0]) - relation(vt, before[1])) ** 2).sum() / N
        before = (vs, vt)
    return summary(total, taps)


def srd_correlation():
    """roymiles/Simple-Recipe-Distillation, deit/models.py, DistillationLoss, and the KL of deit/main.py at T = 1."""
    tokens = input_of("student.last-map", [N, 6, 2, 2])
    t = input_of("teacher.last-map", [N, 8, 3, 3]).mean((2, 3))
    at = "distiller.srd.projector.linear"
    projected = F.linear(tokens.mean((2, 3)), parameter(f"{at}.weight", [8, 6]), parameter(f"{at}.bias", [8]))
    # a batch norm to which nothing is added
    normal = lambda x: (x - x.mean(0)) / x.std(0, correction=0)
    correlation = (normal(projected) * normal(t)).sum(0) / N
    feature = torch.log(((correlation - 1).abs() ** 4).sum() + 1e-5)
    head = input_of("student.distillation-logits", [N, 3])
    taught = input_of("teacher.logits", [N, 3])
    kl = F.kl_div(F.log_softmax(head, 1), F.softmax(taught, 1), reduction="batchmean")
    return summary(feature + kl, {"last-map": tokens, "distillation-logits": head})


def vkd_tokens():
    """roymiles/VkD, engine.py: pooled tokens, smooth L1 to the layer norm of the teacher's; the projection is orthonormal already."""
    tokens = input_of("student.last-map", [N, 6, 2, 2])
    t = input_of("teacher.last-map", [N, 6, 3, 3]).mean((2, 3))
    feature = F.smooth_l1_loss(tokens.mean((2, 3)), F.layer_norm(t, (6,)))
    head = input_of("student.distillation-logits", [N, 3])
    taught = input_of("teacher.logits", [N, 3])
    kl = F.kl_div(F.log_softmax(head, 1), F.softmax(taught, 1), reduction="batchmean")
    return summary(feature + kl, {"last-map": tokens, "distillation-logits": head})


def dist():
    """hunto/DIST_KD, losses/dist_kd.py, at T = 1 with 100 classes and large logits."""
    s = (30 * input_of("student.logits", [N, 100])).detach().requires_grad_()
    y_s, y_t = s.softmax(1), (30 * input_of("teacher.logits", [N, 100])).softmax(1)

    def relation(a, b):
        a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
        return 1 - ((a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)).mean()

    return summary(2 * relation(y_s, y_t) + 2 * relation(y_s.T, y_t.T), {"logits": s})


def norm_direction():
    """WangYZ1608/Knowledge-Distillation-via-ND, CIFAR/utils.py, with means of classes that are a pattern."""
    s, t = input_of("student.embedding", [N, 8]), input_of("teacher.embedding", [N, 8])
    means = parameter("distiller.norm-direction.prepared.class-means.means", [3, 8])
    total = 0
    for i in range(N):
        centre = means[i % 3] / means[i % 3].norm()
        total = total + 1 - (s[i] @ centre) / torch.maximum(s[i].norm(), t[i].norm())
    return summary(2 * total / N, {"embedding": s})


def mlkd(standardize=False):
    """Jin-Ying/Multi-Level-Logit-Distillation, distillers/KD_ours.py, as released; z-scores as sunshangquan/logit-standardization-KD."""
    names = ["student.logits", "view.strong.student.logits", "teacher.logits", "view.strong.teacher.logits"]
    sw, ss, tw, ts = (torch.tensor(4 * np.float32(pattern(name, [N, 5])).astype(np.float64), requires_grad=True) for name in names)
    labels = torch.arange(N) % 3
    temperatures = [2.0 if standardize else 4.0, 3.0, 5.0, 2.0, 6.0]
    score = lambda x: (x - x.mean(-1, keepdim=True)) / (1e-7 + x.std(-1, keepdim=True)) if standardize else x

    def kl(a, b, T):
        return F.kl_div(F.log_softmax(score(a) / T, 1), F.softmax(score(b) / T, 1), reduction="none").sum(1).mean() * T**2

    def classes(a, b, T):
        a, b = (a / T).softmax(1), (b / T).softmax(1)
        return ((b.T @ b - a.T @ a) ** 2).sum() / a.shape[1]

    def batch(a, b, T):
        a, b = (a / T).softmax(1), (b / T).softmax(1)
        return ((b @ b.T - a @ a.T) ** 2).sum() / a.shape[0]

    p = tw.softmax(1).detach()
    confidence, mass = p.max(1).values, p.sum(0)
    half = (confidence <= np.percentile(confidence.numpy(), 50)).double().mean()
    half_classes = (mass <= np.percentile(mass.numpy(), 50)).double().mean()
    strong = [(ss, ts)] * 3 + [(sw, tw)] * 2
    loss_kd = sum(half * kl(sw, tw, T) for T in temperatures) + sum(kl(a, b, T) for (a, b), T in zip(strong, temperatures))
    loss_cc = sum(half_classes * classes(sw, tw, T) for T in temperatures)
    loss_bc = sum(half * batch(sw, tw, T) for T in temperatures)
    strong_ce = F.cross_entropy(ss, labels)
    weight = 9.0 if standardize else 0.9
    total = weight * (loss_kd + loss_cc + loss_bc) + 0.1 * strong_ce
    return summary(total, {"logits": sw, "view.strong.logits": ss})


def queue_of(distiller, embeddings):
    """The released queue of 16 embeddings after a batch of 8."""
    kept = parameter(f"distiller.{distiller}.queue", [16, 8])
    return torch.cat([embeddings, kept[:8]])


def queue_divergence(s, t, queue):
    student, teacher = (s @ queue.T) / 0.07, (t @ queue.T) / 0.07
    return F.kl_div(F.log_softmax(student, -1), F.softmax(teacher, -1), reduction="batchmean")


def projected(distiller, name, x, out):
    at = f"distiller.{distiller}.{name}"
    return F.linear(x, parameter(f"{at}.weight", [out, x.shape[-1]]), parameter(f"{at}.bias", [out]))


def feature_queue():
    """lightly-ai/lightly-train, _methods/distillation: loss and queue, without the mixing of images."""
    s, t = input_of("student.embedding", [N, 6]), input_of("teacher.embedding", [N, 8])
    teacher = F.normalize(t, dim=-1)
    student = F.normalize(projected("feature-queue", "projector.linear", s, 8), dim=-1)
    return summary(queue_divergence(student, teacher, queue_of("feature-queue", teacher)), {"embedding": s})


def patches(mode):
    s = input_of("student.last-map", [N, 6, 4, 4])
    t = input_of("teacher.last-map", [N, 8, 3, 3]).flatten(2).transpose(1, 2)
    at = "distiller.global-patch.patch-projector.layers.0"
    x = F.conv2d(s, parameter(f"{at}.weight", [8, 6, 1, 1]), parameter(f"{at}.bias", [8]))
    x = F.interpolate(x, size=(3, 3), mode="bilinear", align_corners=False).flatten(2).transpose(1, 2)
    if mode == "mse":
        return s, F.mse_loss(t, x)
    x, t = F.normalize(x, dim=-1), F.normalize(t, dim=-1)
    student, teacher = ((x @ x.transpose(1, 2)) / 0.07).flatten(0, 1), ((t @ t.transpose(1, 2)) / 0.07).flatten(0, 1)
    return s, F.kl_div(F.log_softmax(student, -1), F.softmax(teacher, -1), reduction="batchmean")


def global_patch():
    """lightly-ai/lightly-train, _methods/distillationv3: both terms at weight 1."""
    last, patch = patches("relation")
    s, t = input_of("student.embedding", [N, 6]), input_of("teacher.embedding", [N, 8])
    teacher = F.normalize(t, dim=-1)
    student = F.normalize(projected("global-patch", "projector.linear", s, 8), dim=-1)
    image = queue_divergence(student, teacher, queue_of("global-patch", teacher))
    return summary(image + patch, {"embedding": s, "last-map": last})


def global_patch_mse():
    """lightly-ai/lightly-train, _methods/distillationv2."""
    last, patch = patches("mse")
    return summary(patch, {"last-map": last})


cases = {
    "ofd": ofd,
    "wkd-f-imagenet": wkd_f_imagenet,
    "kdsvd-positions": kdsvd_positions,
    "srd-correlation": srd_correlation,
    "vkd-tokens": vkd_tokens,
    "dist": dist,
    "norm-direction": norm_direction,
    "mlkd": mlkd,
    "mlkd-standardized": lambda: mlkd(standardize=True),
    "feature-queue": feature_queue,
    "global-patch": global_patch,
    "global-patch-mse": global_patch_mse,
}

print(json.dumps({name: compute() for name, compute in cases.items()}, indent=1))
