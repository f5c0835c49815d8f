"""Writes density.json: reference values of test/density from scikit-learn, SciPy and NumPy.

Run once with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6: python density.py > density.json
All inputs are multiples of 1/64, so float32 holds them exactly.
"""

import json

import numpy as np
from scipy.spatial.distance import cdist, mahalanobis
from sklearn.covariance import LedoitWolf
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

rng = np.random.default_rng(7)


def grained(x):
    return np.round(x * 64) / 64


def correlated(n, dim, offset=0.0):
    return grained(rng.normal(size=(n, dim)) @ rng.normal(size=(dim, dim)) + offset)


def ridged(covariance):
    return covariance + 1e-6 * np.mean(np.diag(covariance)) * np.eye(len(covariance))


def whitener(covariance):
    return np.linalg.inv(np.linalg.cholesky(ridged(covariance)))


def covariance_case(n, dim, offset):
    x = correlated(n, dim, offset)
    fit = LedoitWolf().fit(x)
    return {"dim": dim, "rows": x.ravel().tolist(), "mean": fit.location_.tolist(),
            "covariance": fit.covariance_.ravel().tolist(), "shrinkage": fit.shrinkage_}


def gaussian_case():
    x, points = correlated(30, 4), correlated(6, 4)
    fit = LedoitWolf().fit(x)
    precision = np.linalg.inv(ridged(fit.covariance_))
    return {"dim": 4, "rows": x.ravel().tolist(), "points": points.ravel().tolist(),
            "scores": [mahalanobis(p, fit.location_, precision) for p in points]}


def nearest_case():
    """k-means with as many centres as rows leaves the rows themselves as centres."""
    x, held, points = correlated(12, 3), correlated(60, 3), correlated(8, 3)
    fit = LedoitWolf().fit(x)
    white = lambda y: (y - fit.location_) @ whitener(fit.covariance_).T
    near = lambda y: (lambda d: (d.min(1), d.argmin(1)))(cdist(white(y), white(x)))
    d, a = near(held)
    count = np.bincount(a, minlength=12) + 20
    mean = (np.bincount(a, d, 12) + 20 * d.mean()) / count
    deviation = np.sqrt((np.bincount(a, (d - mean[a]) ** 2, 12) + 20 * d.var()) / count)
    z = (d - mean[a]) / deviation[a]
    e, b = near(points)
    plain = (e - d.mean()) / d.std()
    local = ((e - mean[b]) / deviation[b] - z.mean()) / z.std()
    return {"dim": 3, "rows": x.ravel().tolist(), "heldOut": held.ravel().tolist(),
            "points": points.ravel().tolist(), "plain": plain.tolist(), "local": local.tolist(),
            "both": (plain + local).tolist()}


def kernel_case(dim, n, bandwidth):
    x, points = correlated(n, dim), correlated(5, dim) * 3
    fit = KernelDensity(bandwidth=bandwidth).fit(x)
    return {"dim": dim, "bandwidth": bandwidth, "centres": x.ravel().tolist(),
            "points": points.ravel().tolist(), "logDensity": fit.score_samples(points).tolist()}


def bandwidth_case(dim, n, folds):
    x = grained(rng.normal(size=(n, dim)))
    grid = (10 ** (np.arange(16) / 10 - 1)).tolist()
    search = GridSearchCV(KernelDensity(), {"bandwidth": grid}, cv=folds).fit(x)
    return {"dim": dim, "folds": folds, "points": x.ravel().tolist(),
            "bandwidth": search.best_params_["bandwidth"]}


def location_case():
    n, rows, cols, dim = 5, 2, 3, 4
    cells = rows * cols
    grids = np.stack([correlated(n, dim, i) for i in range(cells)], 1)  # [n, cells, dim]
    points = grained(rng.normal(size=(2, cells, dim)) * 3)
    mean = grids.mean(0)
    shared = whitener(LedoitWolf(assume_centered=True).fit((grids - mean).reshape(-1, dim)).covariance_)
    scores = np.zeros((2, cells))
    for c in range(cells):
        own = LedoitWolf().fit((grids[:, c] - mean[c]) @ shared.T).covariance_
        mixed = ridged((n * own + 2 * dim * np.eye(dim)) / (n + 2 * dim))
        precision = shared.T @ np.linalg.inv(mixed) @ shared
        scores[:, c] = [mahalanobis(p, mean[c], precision) for p in points[:, c]]
    return {"rows": rows, "cols": cols, "dim": dim, "grids": grids.ravel().tolist(),
            "points": points.ravel().tolist(), "scores": scores.ravel().tolist()}


print(json.dumps({
    "ledoitWolf": [covariance_case(12, 4, 0), covariance_case(5, 8, 0), covariance_case(40, 3, 500)],
    "gaussian": gaussian_case(),
    "nearest": nearest_case(),
    "kernel": [kernel_case(3, 20, 0.5), kernel_case(6, 15, 0.05)],
    "bandwidth": [bandwidth_case(1, 23, 5), bandwidth_case(3, 40, 4), bandwidth_case(5, 31, 3)],
    "location": location_case(),
}))
