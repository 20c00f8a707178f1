"""Multinomial logistic regression with an L2 penalty on the weights and none
on the intercepts: logistic_regression.json.

Minimised: C * sum_i CE(x_i W^T + b, y_i) + ||W||^2 / 2, as in scikit-learn.
Its lbfgs stops between 1e-9 and 1e-6 in the coefficients, so the committed numbers are
its solution polished by Newton steps until the gradient vanishes; the distance
between the two is in the file. The intercepts sum to zero (softmax does not
see a common shift)."""

import warnings

import numpy as np
import sklearn.linear_model


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def objective(theta, x, y, c):
    z = x @ theta[:, :-1].T + theta[:, -1]
    top = z.max(1)
    losses = top + np.log(np.exp(z - top[:, None]).sum(1)) - z[np.arange(len(y)), y]
    return c * losses.sum() + 0.5 * (theta[:, :-1] ** 2).sum()


def gradient(theta, x1, y, c):
    residual = softmax(x1 @ theta.T) - np.eye(len(theta))[y]
    grad = c * residual.T @ x1
    grad[:, :-1] += theta[:, :-1]
    return grad


def polish(theta, x, y, c):
    """Newton steps from scikit-learn's solution until they stop helping."""
    x1 = np.hstack([x, np.ones((len(x), 1))])
    k, d = theta.shape
    best = np.abs(gradient(theta, x1, y, c)).max()
    for _ in range(30):
        p = softmax(x1 @ theta.T)
        hessian = np.zeros((k, d, k, d))
        for a in range(k):
            for b in range(k):
                w = p[:, a] * ((a == b) - p[:, b])
                hessian[a, :, b] = c * x1.T @ (w[:, None] * x1)
            hessian[a, range(d - 1), a, range(d - 1)] += 1.0
        # The common shift of the intercepts is the one flat direction: least squares.
        step = np.linalg.lstsq(hessian.reshape(k * d, -1), gradient(theta, x1, y, c).ravel(), rcond=1e-14)[0]
        trial = theta - step.reshape(k, d)
        size = np.abs(gradient(trial, x1, y, c)).max()
        if size >= best:
            break
        theta, best = trial, size
    theta[:, -1] -= theta[:, -1].mean()
    return theta, best


def problem(seed, n, d, k, strength):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    x = strength * rng.normal(size=(k, d))[y] + rng.normal(size=(n, d))
    return (x - x.mean(0)) / x.std(0), y, rng


def documents():
    cases = []
    for name, seed, n, d, k, strength, grid in [
        ("three classes", 1, 45, 4, 3, 0.7, [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0]),
        ("more features than samples", 2, 18, 24, 3, 0.5, [1e-2, 1.0, 100.0]),
        ("two classes", 3, 30, 3, 2, 0.5, [1e-1, 1.0]),
        ("five classes", 4, 50, 6, 5, 0.6, [1e-1, 10.0]),
    ]:
        x, y, rng = problem(seed, n, d, k, strength)
        x_new = rng.normal(size=(5, d))
        fits = []
        for c in grid:
            model = sklearn.linear_model.LogisticRegression(C=c, solver="lbfgs", tol=1e-12, max_iter=100_000)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(x, y)
            coef, intercept = model.coef_, model.intercept_
            if k == 2:
                # scikit-learn fits one weight vector w for two classes. The
                # multinomial form has -w/2 and w/2, whose penalty is half as
                # large, so the same minimum needs twice the C: refit.
                model = sklearn.linear_model.LogisticRegression(C=2 * c, solver="lbfgs", tol=1e-12, max_iter=100_000)
                model.fit(x, y)
                coef = np.vstack([-model.coef_, model.coef_]) / 2
                intercept = np.hstack([-model.intercept_, model.intercept_]) / 2
            assert np.abs(model.predict_proba(x_new) - softmax(x_new @ coef.T + intercept)).max() < 1e-12
            found = np.hstack([coef, intercept[:, None] - intercept.mean()])
            theta, largest = polish(found.copy(), x, y, c)
            fits.append(
                {
                    "C": c,
                    "coef": theta[:, :-1],
                    "intercept": theta[:, -1],
                    "objective": objective(theta, x, y, c),
                    "probabilities": softmax(x_new @ theta[:, :-1].T + theta[:, -1]),
                    "largest_gradient": largest,
                    "distance_to_sklearn": np.abs(theta - found).max(),
                }
            )
        cases.append({"name": name, "x": x, "y": y, "x_new": x_new, "fits": fits})
    return {"logistic_regression.json": {"cases": cases}}
