"""Writes metrics.json, the figures that test/evaluate/*.test.ts compare with.

Rankings and rates come from scikit-learn and SciPy. AUPRO is computed here from its definition
(Bergmann et al., IJCV 2021): every distinct score is tried as a threshold, every region is counted
by itself. Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1:

    python test/data/metrics.py > test/data/metrics.json
"""

import json

import numpy as np
from scipy import ndimage, stats
from sklearn import metrics


def f1_max(labels, scores):
    f1 = {t: metrics.f1_score(labels, scores >= t) for t in np.unique(scores)}
    best = max(f1.values())
    return {"f1": best, "threshold": max(t for t in f1 if f1[t] == best)}


def ranking(name, scores, labels):
    scores = np.asarray(scores, np.float32).astype(np.float64)
    fpr, tpr, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    return {
        "name": name,
        "scores": scores.tolist(),
        "labels": np.asarray(labels).tolist(),
        "auroc": metrics.roc_auc_score(labels, scores),
        "ap": metrics.average_precision_score(labels, scores),
        "f1Max": f1_max(labels, scores),
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist()},
    }


def pro_curve(maps, masks):
    """False-positive rate and mean region overlap at every threshold, from (0, 0) on."""
    eight = np.ones((3, 3), int)
    regions = []  # (frame, boolean mask of the region)
    for frame, mask in enumerate(masks):
        labels, count = ndimage.label(mask, structure=eight)
        regions += [(frame, labels == k + 1) for k in range(count)]
    curve = [(0.0, 0.0)]
    for threshold in sorted(np.unique(maps), reverse=True):
        predicted = maps >= threshold
        overlaps = [predicted[frame][region].mean() for frame, region in regions]
        curve.append((predicted[masks == 0].mean(), np.mean(overlaps)))
    return curve


def aupro(curve, limit):
    area = 0.0
    for (x0, y0), (x1, y1) in zip(curve, curve[1:]):
        if x1 <= limit:
            area += (x1 - x0) * (y0 + y1) / 2
        elif x0 < limit:
            y = y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
            area += (limit - x0) * (y0 + y) / 2
    return area / limit


def pixels(name, maps, masks):
    maps = np.asarray(maps, np.float32).astype(np.float64)  # [frames, height, width]
    masks = np.asarray(masks, int)
    curve = pro_curve(maps, masks)
    flat, labels = maps.ravel(), masks.ravel()
    return {
        "name": name,
        "width": maps.shape[2],
        "height": maps.shape[1],
        "maps": [m.ravel().tolist() for m in maps],
        "masks": [m.ravel().tolist() for m in masks],
        "auroc": metrics.roc_auc_score(labels, flat),
        "ap": metrics.average_precision_score(labels, flat),
        "aupro30": aupro(curve, 0.3),
        "aupro05": aupro(curve, 0.05),
        "f1Max": f1_max(labels, flat)["f1"],
    }


def random_pixels(name, seed, frames, height, width, share, decimals):
    rng = np.random.default_rng(seed)
    masks = rng.random((frames, height, width)) < share
    masks[0] = 0  # a good frame
    maps = rng.normal(size=masks.shape) + 1.5 * masks
    return pixels(name, np.round(maps, decimals), masks)


def random_ranking(name, seed, n, share, decimals):
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(int)
    return ranking(name, np.round(rng.normal(size=n) + labels, decimals), labels)


def wilson(count, total):
    interval = stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
    return {"count": count, "total": total, "low": interval.low, "high": interval.high}


print(
    json.dumps(
        {
            "rankings": [
                random_ranking("few ties", 1, 60, 0.4, 3),
                random_ranking("many ties", 2, 80, 0.3, 0),
                random_ranking("few anomalous", 3, 120, 0.05, 1),
                random_ranking("few good", 4, 60, 0.9, 1),
                ranking("all tied", [0.5] * 7, [0, 1, 0, 0, 1, 1, 0]),
                ranking("perfect", [-3, -2, 0, 4, 5], [0, 0, 0, 1, 1]),
                ranking("inverted", [-3, -2, 0, 4, 5], [1, 1, 1, 0, 0]),
            ],
            "pixels": [
                random_pixels("no ties", 5, 4, 6, 9, 0.15, 4),
                random_pixels("ties across classes", 6, 4, 7, 8, 0.15, 0),
                random_pixels("large touching regions", 7, 3, 8, 8, 0.4, 1),
                random_pixels("one limit within a tie", 8, 3, 5, 5, 0.2, 0),
            ],
            "rates": [wilson(*pair) for pair in [(0, 5), (3, 41), (60, 119), (119, 119), (1, 1)]],
        }
    )
)
