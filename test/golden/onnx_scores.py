"""Scores of frames by an exported model, as a Python program would take them.

usage: onnx_scores.py MODEL FRAMES HEIGHT WIDTH < bytes of the frames, RGB
prints {"dims": [...], "scores": [...], "metadata": {...}}; fails if onnx.checker does
"""
import json
import sys

import numpy
import onnx
import onnxruntime

path, *shape = sys.argv[1:]
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
pixels = numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8).reshape(*map(int, shape), 3)
(scores,) = session.run(["scores"], {"pixels": pixels})
json.dump(
    {
        "dims": scores.shape,
        "scores": scores.ravel().tolist(),
        "metadata": {entry.key: entry.value for entry in model.metadata_props},
    },
    sys.stdout,
)
