"""PyTorch's rate for the default network on a GPU, beside which Patchline's is put.

python3 torch_rate.py MODEL [SECONDS]

Runs the convolutions of a model directory (`network`), and these with what is read of them for the
scores (`encoder`: whitening, and the nearest of the centres of each view; no statistics), in fp32
with channels last: bytes go to the GPU, distances come back. One JSON line for each.
"""
import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

BATCHES = (32, 64)


def main(model: Path, seconds: float) -> None:
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    spec = json.loads((model / "model.json").read_text())
    detector = spec["detector"]
    weights = {k: v.cuda() for k, v in load_file(model / detector["network"]["file"]).items()}
    density = {k: v.cuda() for k, v in load_file(model / detector["densityFile"]).items()}
    layers = [
        (
            weights[f"conv{i}.filter"].permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last),
            weights[f"conv{i}.bias"],
            layer["stride"],
        )
        for i, layer in enumerate(detector["network"]["layers"])
    ]
    taps = taps_of(detector)
    shape = (spec["input"]["height"], spec["input"]["width"], 3)
    print(json.dumps({"torch": torch.__version__, "device": torch.cuda.get_device_name()}))
    for batch in BATCHES:
        frames = torch.randint(0, 256, (batch, *shape), dtype=torch.uint8).pin_memory()
        for name, read in (("network", {}), ("encoder", taps)):
            rate = measure(lambda: run(frames, layers, read, density), batch, seconds)
            print(json.dumps({"torch": name, "batch": batch, "framesPerSecond": round(rate)}))


def taps_of(detector: dict) -> dict[int, str]:
    """The view that reads each layer, by the layer's index."""
    field, jump, layer_of = 1, 1, {}
    for i, layer in enumerate(detector["network"]["layers"]):
        field += (layer["kernel"] - 1) * jump
        jump *= layer["stride"]
        layer_of[field] = i
    views = [v for v in detector["views"] if v["name"].startswith("rf")]
    return {layer_of[v["receptiveField"]]: v["name"] for v in views}


@torch.inference_mode()
def run(frames, layers, taps, density):
    x = frames.cuda(non_blocking=True).permute(0, 3, 1, 2).float()
    read = []
    for i, (weight, bias, stride) in enumerate(layers):
        y = torch.nn.functional.conv2d(x, weight, bias, stride)
        if i in taps:
            read += nearest(y, taps[i], density)
        x = torch.relu(y)
    if not taps:
        read.append(x)
    return [values.cpu() for values in read] if taps else [x.sum().cpu()]


def nearest(y, view, density):
    """Squared distance to the nearest centre, and its index."""
    cells = y.permute(0, 2, 3, 1).flatten(0, 2)
    whitening, mean = density[f"{view}.whitening"], density[f"{view}.mean"]
    z = (cells - mean.float()) @ whitening.float().T
    centres = density[f"{view}.centres"].float()
    squared = (z**2).sum(1, keepdim=True) - 2 * z @ centres.T + (centres**2).sum(1)
    return squared.min(1)


def measure(work, frames: int, seconds: float) -> float:
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        done += frames
    torch.cuda.synchronize()
    return done / (time.perf_counter() - start)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 3)
