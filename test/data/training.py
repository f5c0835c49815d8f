"""Writes training.json, the figures that test/cutpaste/{trainer,loss}.test.ts compare with.

A tiny encoder with its head in float64: convolutions, batch normalisation by the batch's moments,
ReLU, two dense layers, class-weighted cross entropy, momentum SGD with weight decay, warm-up and
cosine. The gradient is taken by central differences of the loss, parameter by parameter, so that it
shares no formula with the code under test. Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1:

    python test/data/training.py > test/data/training.json
"""

import json

import numpy as np
from scipy.special import log_softmax, softmax

LAYERS = [(4, 2, 3), (3, 1, 4), (2, 2, 2)]  # kernel, stride, channels
SIDE, CELLS, CLASSES, CROPS = 17, 2, 3, 2  # 17 → 7 → 5 → 2: no stride divides
MEAN, DEVIATION = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
STEPS, OPTIMISER = 5, {"steps": 8, "learningRate": 0.05, "warmUp": 0.5, "momentum": 0.9, "weightDecay": 0.01}


def cross_entropy(logits, labels):
    """PyTorch's weighted CrossEntropyLoss with ignore_index −1; the weights balance the classes."""
    known = labels >= 0
    counts = np.bincount(labels[known], minlength=logits.shape[1])
    weights = np.minimum(10, known.sum() / logits.shape[1] / np.maximum(1, counts))
    share = np.where(known, weights[labels], 0)
    share = share / share.sum()
    picked = np.take_along_axis(log_softmax(logits, axis=1), np.maximum(labels, 0)[:, None], 1)[:, 0]
    gradient = share[:, None] * (softmax(logits, axis=1) - np.eye(logits.shape[1])[labels])
    accuracy = np.mean(logits[known].argmax(1) == labels[known])
    return {"loss": -(share * picked).sum(), "accuracy": accuracy, "gradient": gradient}


def convolve(x, w, stride):
    k = w.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nhwiyx,yxio->nhwo", windows, w)


def forward(p, pixels, labels):
    x = (pixels - MEAN) / DEVIATION
    for i, (_, stride, _) in enumerate(LAYERS):
        z = convolve(x, p[f"conv{i}.filter"], stride)
        mean, variance = z.mean((0, 1, 2)), z.var((0, 1, 2))
        y = (z - mean) / np.sqrt(variance + 1e-5) * p[f"conv{i}.scale"] + p[f"conv{i}.shift"]
        x = np.maximum(y, 0)
    x = x.reshape(-1, x.shape[-1])
    x = np.maximum(x @ p["head0.weight"] + p["head0.bias"], 0)
    return cross_entropy(x @ p["head1.weight"] + p["head1.bias"], labels.ravel())


def central_differences(p, batch, h=1e-6):
    gradients = {}
    for name, value in p.items():
        gradient = np.zeros_like(value)
        for at in np.ndindex(value.shape):
            kept = value[at]
            value[at] = kept + h
            above = forward(p, *batch)["loss"]
            value[at] = kept - h
            gradient[at] = (above - forward(p, *batch)["loss"]) / (2 * h)
            value[at] = kept
        gradients[name] = gradient
    return gradients


def rate_at(step):
    o = OPTIMISER
    rise = min(1, (step + 1) / (o["warmUp"] * o["steps"]))
    return o["learningRate"] * rise * (1 + np.cos(np.pi * step / o["steps"])) / 2


def train(p, batches):
    velocity = {name: np.zeros_like(value) for name, value in p.items()}
    steps, first = [], None
    for step in range(STEPS):
        batch = batches[step % len(batches)]
        value = forward(p, *batch)
        gradients = central_differences(p, batch)
        first = first or gradients
        for name in p:
            decayed = gradients[name] + OPTIMISER["weightDecay"] * p[name]
            velocity[name] = OPTIMISER["momentum"] * velocity[name] + decayed
            p[name] -= rate_at(step) * velocity[name]
        steps.append({"loss": value["loss"], "accuracy": value["accuracy"], "rate": rate_at(step)})
    return first, steps


def parameters(rng):
    p, inputs = {}, 3
    for i, (k, _, outputs) in enumerate(LAYERS):
        p[f"conv{i}.filter"] = rng.normal(0, np.sqrt(2 / (k * k * inputs)), (k, k, inputs, outputs))
        p[f"conv{i}.scale"] = rng.uniform(0.5, 1.5, outputs)
        p[f"conv{i}.shift"] = rng.uniform(-0.5, 0.5, outputs)
        inputs = outputs
    p["head0.weight"] = rng.uniform(-0.7, 0.7, (inputs, 128))
    p["head0.bias"] = rng.uniform(-0.2, 0.2, 128)
    p["head1.weight"] = rng.uniform(-0.1, 0.1, (128, CLASSES))
    p["head1.bias"] = rng.uniform(-0.1, 0.1, CLASSES)
    return {name: value.round(3) for name, value in p.items()}


def numbers(array, digits=7):
    return [float(f"{v:.{digits}g}") for v in np.ravel(array)]


def tensors(arrays, digits=7):
    return {name: {"shape": list(a.shape), "data": numbers(a, digits)} for name, a in arrays.items()}


def loss_case(name, logits, labels):
    value = cross_entropy(np.asarray(logits, float), np.asarray(labels))
    return {
        "name": name,
        "classes": len(logits[0]),
        "logits": numbers(logits),
        "labels": list(map(int, labels)),
        "loss": value["loss"],
        "accuracy": value["accuracy"],
        "gradient": numbers(value["gradient"], 10),
    }


rng = np.random.default_rng(3)
spread = rng.normal(0, 3, (12, 3)).round(3)
rare = [0] * 60 + [1]
losses = [
    loss_case("three classes, some ignored", spread, [0, 1, 2, -1, 0, 0, 0, 2, -1, 0, 0, 1]),
    loss_case("a class that is missing", spread[:, :3], [0, 0, 2, 2, 0, 0, 0, 2, 0, 0, 0, 2]),
    loss_case("a class so rare that its weight is capped", rng.normal(0, 1, (61, 2)).round(3), rare),
    loss_case("logits that overflow without care", [[1000, 0], [-1000, 1000], [500, 499]], [0, 0, 1]),
]
labels = [[[[0, 1], [2, 0]], [[-1, 0], [1, 0]]], [[[1, 1], [0, 0]], [[2, -1], [0, 2]]]]
batches = [(rng.uniform(0, 1, (CROPS, SIDE, SIDE, 3)).round(2), np.array(part)) for part in labels]
p = parameters(rng)
start = tensors(p)
gradients, steps = train(p, batches)
print(
    json.dumps(
        {
            "losses": losses,
            "training": {
                "layers": [{"kernel": k, "stride": s, "channels": c} for k, s, c in LAYERS],
                "normalisation": {"mean": MEAN, "deviation": DEVIATION},
                "optimiser": OPTIMISER,
                "side": SIDE,
                "cells": CELLS,
                "classes": CLASSES,
                "batches": [{"pixels": numbers(x), "labels": y.ravel().tolist()} for x, y in batches],
                "start": start,
                "gradients": tensors(gradients),
                "steps": steps,
                "end": tensors(p),
            },
        }
    )
)
