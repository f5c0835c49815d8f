"""Writes resnet18_torch.json, the figures that test/cutpaste/resnet18/*.test.ts compare with.

`loading`: what torchvision and timm call the tensors of a ResNet-18, and what the network of seeded
weights says of a small image, block by block, in inference mode. `training`: loss and gradients of a
narrow ResNet-18, made of torchvision's own blocks, in training mode and float64. No weights are
downloaded: all numbers are a formula of their place, so that both sides can make them. Made with
Python 3.11, torch 2.15.0, torchvision 0.29.2, timm 1.0.31:

(-P: statistics.py beside it shall not hide the module of that name)

    python -P test/data/resnet18_torch.py > test/data/resnet18_torch.json
"""

import json

import numpy as np
import timm
import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock


def waves(index, shape, scale, offset=0.0):
    """The index-th tensor: offset + scale · sin(12.9898·i + index) for its i-th number."""
    size = int(np.prod(shape))
    return torch.from_numpy(offset + scale * np.sin(12.9898 * np.arange(size) + index)).reshape(shape)


def seeded(index, name, shape):
    if name.endswith("running_var"):
        return waves(index, shape, 0.5, 1)
    if len(shape) == 1:
        return waves(index, shape, 0.2, 1 if name.endswith("weight") else 0)
    return waves(index, shape, np.sqrt(4 / np.prod(shape[1:])))  # variance 2 / fan-in


def fill(model):
    state = {n: t for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    model.load_state_dict({n: seeded(i, n, t.shape) for i, (n, t) in enumerate(state.items())}, strict=False)
    return model


def image(n, height, width):
    return torch.from_numpy(np.cos(np.arange(n * height * width * 3))).reshape(n, height, width, 3).permute(0, 3, 1, 2)


def some(tensor, count):
    flat = tensor.detach().double().numpy().ravel()
    at = np.linspace(0, flat.size - 1, min(count, flat.size)).astype(int)
    return {"at": at.tolist(), "values": [float(f"{v:.9g}") for v in flat[at]], "norm": float(np.linalg.norm(flat))}


def blocks_of(model, x):
    """Of the stem (after its ReLU), each residual block and the pooled features, as [n, h, w, c]."""
    outputs = []
    keep = lambda _, __, y: outputs.append(y.permute(0, 2, 3, 1) if y.dim() == 4 else y)
    stem = model.relu if hasattr(model, "relu") else model.act1
    blocks = [block for stage in (model.layer1, model.layer2, model.layer3, model.layer4) for block in stage]
    pool = model.avgpool if hasattr(model, "avgpool") else model.global_pool
    hooks = [module.register_forward_hook(keep) for module in (stem, *blocks, pool)]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return outputs


def loading():
    vision = fill(torchvision.models.resnet18(weights=None).double()).eval()
    other = fill(timm.create_model("resnet18", pretrained=False).double()).eval()
    x = image(1, 45, 64)
    outputs, others = blocks_of(vision, x), blocks_of(other, x)
    for a, b in zip(outputs, others, strict=True):
        assert torch.equal(a.flatten(), b.flatten())
    names = lambda model: [[n, list(t.shape)] for n, t in model.state_dict().items()]
    assert names(vision) == names(other)
    return {"height": 45, "width": 64, "tensors": names(vision), "blocks": [some(y, 6) for y in outputs]}


class Narrow(nn.Module):
    """ResNet-18 with few channels, average pooling and the MLP head of CutPaste §4."""

    def __init__(self, widths, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        inputs = widths[0]
        for stage, width in enumerate(widths):
            stride = 2 if stage else 1
            shortcut = None
            if stride != 1 or inputs != width:
                shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width))
            blocks = [BasicBlock(inputs, width, stride, shortcut), BasicBlock(width, width)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            inputs = width
        self.head0, self.head1 = nn.Linear(inputs, 128), nn.Linear(128, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.head1(torch.relu(self.head0(x.mean((2, 3)))))


def training():
    widths, side, count = [4, 6, 8, 10], 52, 6
    model = fill(Narrow(widths, 3).double()).train()
    labels = torch.arange(count) % 3
    logits = model((image(count, side, side) + 1) / 2)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    return {
        "widths": widths,
        "side": side,
        "count": count,
        "loss": loss.item(),
        "accuracy": (logits.argmax(1) == labels).double().mean().item(),
        "tensors": [[n, list(t.shape)] for n, t in model.named_parameters()],
        "order": [n for n in model.state_dict() if not n.endswith("num_batches_tracked")],
        "gradients": {n: some(p.grad, 8) for n, p in model.named_parameters()},
    }


print(json.dumps({"loading": loading(), "training": training()}))
