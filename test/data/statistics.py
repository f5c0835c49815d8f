# Reference of src/frame/statistics.ts in numpy (float64), written from the definition, not from the code.
# python3 statistics.py > statistics.json
import json
import numpy as np


def image(height, width):
    state, values = 1, []
    for _ in range(height * width * 3):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(state >> 23)
    rgb = np.array(values, dtype=float).reshape(height, width, 3)
    rgb[: height // 2, : width // 2] = 77  # a flat corner
    return rgb


def statistics(rgb, window):
    rgb = rgb / 255
    grey = rgb.mean(2)
    p = np.pad(grey, 1, mode='edge')
    left, right, above, below = p[1:-1, :-2], p[1:-1, 2:], p[:-2, 1:-1], p[2:, 1:-1]
    channels = np.dstack([rgb, abs(right - left), abs(below - above), abs(left + right + above + below - 4 * grey)])
    rows, cols = ((side - window) // 4 + 1 for side in grey.shape)
    out = []
    for i in range(0, 4 * rows, 4):
        for j in range(0, 4 * cols, 4):
            q = channels[i : i + window, j : j + window].reshape(-1, 6)
            g = grey[i : i + window, j : j + window]
            out += [*q.mean(0), *q.std(0), g.min(), g.max()]
    return [round(float(v), 7) for v in out]


cases = [(24, 24), (19, 26)]
print(json.dumps([{'height': h, 'width': w, 'stat8': statistics(image(h, w), 8), 'stat16': statistics(image(h, w), 16)} for h, w in cases]))
