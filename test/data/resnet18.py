# Reference of src/cutpaste/resnet18/inference.ts in numpy (float64), written from He et al. (2016) and the
# documentation of torch.nn.Conv2d and MaxPool2d, not from the code: symmetric padding by kernel // 2,
# output side floor((side + 2 padding - kernel) / stride) + 1. Narrow widths keep it small.
# python3 resnet18.py > resnet18.json
import json
import numpy as np

count = 0


def weights(*shape):
    """w_i = sin(i) / 2 in the order of use, so that both sides can make them."""
    global count
    size = int(np.prod(shape))
    values = np.sin(np.arange(count, count + size)) / 2
    count += size
    return values.reshape(shape)


def conv(x, k, stride, channels):
    n, h, w, inputs = x.shape
    filters, bias = weights(k, k, inputs, channels), weights(channels)
    p = k // 2
    x = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    rows, cols = (h + 2 * p - k) // stride + 1, (w + 2 * p - k) // stride + 1
    out = np.empty((n, rows, cols, channels))
    for i in range(rows):
        for j in range(cols):
            window = x[:, i * stride : i * stride + k, j * stride : j * stride + k]
            out[:, i, j] = np.tensordot(window, filters, 3) + bias
    return out


def max_pool(x):
    n, h, w, c = x.shape
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    rows, cols = (h - 1) // 2 + 1, (w - 1) // 2 + 1
    return np.stack([np.stack([x[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max((1, 2)) for j in range(cols)], 1) for i in range(rows)], 1)


def relu(x):
    return np.maximum(x, 0)


def block(x, stride, channels):
    y = conv(relu(conv(x, 3, stride, channels)), 3, 1, channels)
    if stride != 1 or x.shape[3] != channels:
        x = conv(x, 1, stride, channels)
    return relu(y + x)


def resnet18(x, widths):
    y = max_pool(relu(conv(x, 7, 2, widths[0])))
    shapes = []
    for stage, channels in enumerate(widths):
        y = block(y, 2 if stage else 1, channels)
        y = block(y, 1, channels)
        shapes.append(list(y.shape))
    return shapes, y.mean((1, 2))


cases = []
for height, width in [(32, 32), (37, 46)]:
    count = 0
    widths = [2, 3, 4, 5]
    x = np.cos(np.arange(2 * height * width * 3)).reshape(2, height, width, 3)
    shapes, y = resnet18(x, widths)
    cases.append({'height': height, 'width': width, 'widths': widths, 'stages': shapes, 'embeddings': [float(f'{v:.9g}') for v in y.ravel()]})
print(json.dumps(cases))
