"""One step of every strategy that changes gradients or brings a loss of its own:
strategies.json. Written from the formulas, with PyTorch's automatic
differentiation; nothing is shared with the library but the order of its draws."""

import itertools
import math

import numpy as np
import torch
from torch.nn.functional import cross_entropy

import draws
import late_fusion as lf

N_CLASSES = 3
N_SAMPLES = 9
WIDTHS = {"sound": 5, "image": 3, "text": 6}
SEED = 11
METHODS = []


def method(name, modalities=(2, 3), epoch=0, own_heads=False, **knobs):
    """Registers a function that gives the direction of one step: parameter -> gradient."""

    def register(function):
        METHODS.extend((name, n, epoch, own_heads, knobs, function) for n in modalities)
        return function

    return register


class Problem:
    """A small network with its data, and what methods ask of it."""

    def __init__(self, seed, n_modalities, own_heads):
        rng = np.random.default_rng(seed)
        encoder = lf.choice("mlp", width=4, depth=1, activation="tanh")
        names = list(WIDTHS)[:n_modalities]
        self.modalities = [{"name": name, "width": WIDTHS[name], "encoder": encoder} for name in names]
        self.inputs = {m["name"]: torch.tensor(rng.normal(size=(N_SAMPLES, m["width"]))) for m in self.modalities}
        self.labels = torch.tensor(rng.permutation(np.arange(N_SAMPLES) % N_CLASSES))
        # Large weights: modalities differ, so that modulation has something to do.
        self.start = lf.initial(self.modalities, N_CLASSES, rng, 2.0, own_heads)
        self.rng = rng
        self.params = lf.trainable(self.start)
        # What else the library is handed: teachers, memory.
        self.given = {}

    @property
    def names(self):
        return [m["name"] for m in self.modalities]

    def parts(self):
        """Each modality's part of the joint logits, by name."""
        return lf.forward(self.modalities, self.inputs, self.params, N_CLASSES)[0]

    def embeddings(self):
        return {m["name"]: lf.embedding(m, self.inputs[m["name"]], self.params, N_CLASSES) for m in self.modalities}

    def own(self):
        """The logits of each modality's own head."""
        return {m["name"]: lf.own_logits(m, self.inputs[m["name"]], self.params, N_CLASSES) for m in self.modalities}

    def gradients(self, loss):
        """d loss / d parameter, zero where the loss does not depend on it."""
        found = torch.autograd.grad(loss, list(self.params.values()), retain_graph=True, allow_unused=True)
        zero = torch.zeros_like
        return {name: zero(p) if g is None else g for (name, p), g in zip(self.params.items(), found)}

    def encoder(self, name):
        """Names of the parameters of a modality's encoder, in the order of the flat vector."""
        return [p for p in self.params if p.startswith(f"{name}.encoder.")]

    def centred(self, parts):
        """Parts centred over the samples, the total of the means shared equally."""
        means = {name: z.mean(0, keepdim=True) for name, z in parts.items()}
        total = sum(means.values())
        return {name: z - means[name] + total / len(parts) for name, z in parts.items()}


def scores(parts, labels):
    """Sum over samples of the probability of the right class, by modality."""
    rows = torch.arange(len(labels))
    return {name: z.softmax(1)[rows, labels].sum().item() for name, z in parts.items()}


def ratios(parts, labels):
    """Discrepancy ratios: the mean over the others of s_m / s_other."""
    s = scores(parts, labels)
    return {a: np.mean([s[a] / s[b] for b in s if b != a]) for a in s}


def ogm_factors(problem, alpha, cut):
    parts = problem.parts() if cut == "raw" else problem.centred(problem.parts())
    rho = ratios(parts, problem.labels)
    return {name: 1 - np.tanh(alpha * r) if r > 1 else 1.0 for name, r in rho.items()}


@method("ogm", alpha=0.8, cut="raw")
@method("ogm", alpha=0.3, cut="centred")
def ogm(problem, alpha, cut):
    grads = problem.gradients(cross_entropy(sum(problem.parts().values()), problem.labels))
    for name, k in ogm_factors(problem, alpha, cut).items():
        for p in problem.encoder(name):
            if p.endswith("weight"):
                grads[p] = k * grads[p]
    return grads


@method("ogm_ge", alpha=0.8, cut="raw")
def ogm_ge(problem, alpha, cut):
    grads = problem.gradients(cross_entropy(sum(problem.parts().values()), problem.labels))
    normals = draws.normals(SEED, "ogm-ge noise", 0)
    for name, k in ogm_factors(problem, alpha, cut).items():
        for p in problem.encoder(name):
            if p.endswith("weight"):
                noise = torch.tensor([next(normals) for _ in range(grads[p].numel())]).reshape(grads[p].shape)
                grads[p] = k * grads[p] + (grads[p].std() + 1e-8) * noise
    return grads


def min_norm(a, b):
    """Weights of the shortest vector between two gradients, by search: one half each where they agree."""
    if (a * b).sum() > 0:
        return 0.5, 0.5
    low, high = 0.0, 1.0
    for _ in range(200):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        length = lambda w: (w * a + (1 - w) * b).norm()
        low, high = (low, right) if length(left) < length(right) else (left, high)
    return low, 1 - low


@method("mmpareto", own_heads=True, weight=1.0, gamma=1.5)
@method("mmpareto", own_heads=True, weight=5.0, gamma=1.0)
def mmpareto(problem, weight, gamma):
    joint = problem.gradients(cross_entropy(sum(problem.parts().values()), problem.labels))
    total = dict(joint)
    for name, own_logits in problem.own().items():
        own = problem.gradients(weight * cross_entropy(own_logits, problem.labels))
        encoder = problem.encoder(name)
        # The closed form agrees with the search to its tolerance; to compare to rounding it is used here.
        g1, g2 = (torch.cat([g[p].flatten() for p in encoder]) for g in (joint, own))
        if (g1 * g2).sum() > 0:
            w = 0.5
        else:
            w = ((g2 * g2).sum() - (g1 * g2).sum()) / ((g1 - g2) ** 2).sum()
            assert abs(w - min_norm(g1, g2)[0]) < 1e-6
        for p in problem.params:
            if p in encoder:
                h = 2 * (w * joint[p] + (1 - w) * own[p])
                total[p] = gamma * max(1.0, (joint[p] + own[p]).norm() / h.norm()) * h
            elif p.startswith(name):
                total[p] = joint[p] + own[p]
    return total


@method("dgl", weight=1.0)
@method("dgl", weight=0.5)
def dgl(problem, weight):
    parts = problem.parts()
    joint = problem.gradients(cross_entropy(sum(parts.values()), problem.labels))
    for name, z in parts.items():
        own = problem.gradients(weight * cross_entropy(z, problem.labels))
        for p in problem.encoder(name):
            joint[p] = own[p]
    return joint


@method("umt", weight=10.0)
def umt(problem, weight):
    embeddings, teachers = problem.embeddings(), []
    loss = cross_entropy(sum(problem.parts().values()), problem.labels)
    for index, m in enumerate(problem.modalities):
        params = lf.initial([m], N_CLASSES, problem.rng)
        taught = lf.embedding(m, problem.inputs[m["name"]], params, N_CLASSES)
        loss = loss + weight * ((embeddings[m["name"]] - taught) ** 2).mean()
        teachers.append({"modalities": [{**m, "index": index}], "params": params})
    problem.given["teachers"] = teachers
    return problem.gradients(loss)


def opinion_loss(alpha, labels, penalty):
    """Expected cross-entropy under a Dirichlet distribution, and the divergence from the uniform one of what
    is left without the evidence for the right class."""
    y = torch.nn.functional.one_hot(labels, N_CLASSES)
    fit = (y * (torch.digamma(alpha.sum(1, keepdim=True)) - torch.digamma(alpha))).sum(1)
    wrong = torch.distributions.Dirichlet(y + (1 - y) * alpha)
    flat = torch.distributions.Dirichlet(torch.ones_like(alpha))
    return (fit + penalty * torch.distributions.kl_divergence(wrong, flat)).mean()


@method("tmc", epoch=4, anneal=20)
def tmc(problem, anneal):
    """The published fold over views, not the closed form."""
    fused, loss = None, 0.0
    penalty = min(1.0, 5 / anneal)
    for z in problem.parts().values():
        evidence = torch.nn.functional.softplus(z)
        loss = loss + opinion_loss(evidence + 1, problem.labels, penalty)
        s = evidence.sum(1, keepdim=True) + N_CLASSES
        b, u = evidence / s, N_CLASSES / s
        if fused is None:
            fused = b, u
        else:
            b0, u0 = fused
            free = 1 - (b0.sum(1, keepdim=True) * b.sum(1, keepdim=True) - (b0 * b).sum(1, keepdim=True))
            fused = (b0 * b + b0 * u + b * u0) / free, u0 * u / free
    b, u = fused
    return problem.gradients(loss + opinion_loss(b * N_CLASSES / u + 1, problem.labels, penalty))


@method("agm", alpha=1.5, clip=1.0)
@method("agm", alpha=4.0, clip=0.0)
def agm(problem, alpha, clip):
    """Shapley shares over all subsets, absent modalities at zero input; a gradient that enters a share is
    multiplied on its way."""
    m, names = len(problem.modalities), problem.names
    zeros = {name: torch.zeros_like(x) for name, x in problem.inputs.items()}

    def logits(present):
        inputs = {name: (problem.inputs if name in present else zeros)[name] for name in names}
        return lf.forward(problem.modalities, inputs, problem.params, N_CLASSES)[1]

    shares = {}
    for name in names:
        others = [n for n in names if n != name]
        phi = logits([]) / m
        for size in range(m):
            for subset in itertools.combinations(others, size):
                weight = math.factorial(size) * math.factorial(m - size - 1) / math.factorial(m)
                phi = phi + weight * (logits([*subset, name]) - logits(subset))
        shares[name] = phi
    rows = torch.arange(N_SAMPLES)
    s = [-phi.softmax(1)[rows, problem.labels].clamp(min=1e-8).log().mean().item() for phi in shares.values()]
    history = [0.9, 1.0, 1.4][:m]
    problem.given["memory"] = {"history": [*history, 7.0]}
    response = lambda losses: np.exp(m / (m - 1) * (np.mean(losses) - np.array(losses)))
    kappa = np.exp(alpha * np.minimum(response(history) - response(s), 10))
    for phi, k in zip(shares.values(), kappa):
        phi.register_hook(lambda g, k=k: k * g)
    grads = problem.gradients(cross_entropy(sum(shares.values()), problem.labels))
    heads = [p for p in grads if ".head." in p]
    norm = torch.cat([grads[p].flatten() for p in heads]).norm()
    for p in heads if clip and norm > clip else ():
        grads[p] = grads[p] * clip / norm
    return grads


@method("pmr", epoch=3, alpha=2.0, mu=0.5, entropy_epochs=10, variant="paper")
@method("pmr", epoch=3, alpha=2.0, mu=0.5, entropy_epochs=3, variant="reference")
def pmr(problem, alpha, mu, entropy_epochs, variant):
    loss = cross_entropy(sum(problem.parts().values()), problem.labels)
    embeddings, prototypes, p = problem.embeddings(), [], {}
    for name, f in embeddings.items():
        c = torch.tensor(problem.rng.normal(size=(N_CLASSES, f.shape[1])) * 0.5)
        prototypes.append(c.flatten())
        p[name] = (-torch.cdist(f, c, compute_mode="donot_use_mm_for_euclid_dist")).softmax(1)
    problem.given["memory"] = {"prototypes": torch.cat(prototypes)}
    rows = torch.arange(N_SAMPLES)
    s = {name: q[rows, problem.labels].sum().item() for name, q in p.items()}
    for name, q in p.items():
        rho = np.mean([s[name] / s[other] for other in s if other != name])
        behind = lambda r: np.clip(1 / r - 1, 0, 1) if variant == "paper" else float(r < 1)
        loss = loss - alpha * behind(rho) * q[rows, problem.labels].log().mean()
        if entropy_epochs > 3:
            loss = loss - mu * behind(1 / rho) * -(q * q.log()).sum(1).mean()
    return problem.gradients(loss)


@method("inforeg", epoch=2, beta=0.95, threshold=0.05, auxiliary=1.0)
@method("inforeg", epoch=2, beta=0.5, threshold=0.05, auxiliary=0.0)
def inforeg(problem, beta, threshold, auxiliary):
    parts = problem.parts()
    loss = cross_entropy(sum(parts.values()), problem.labels)
    loss = loss + auxiliary * sum(cross_entropy(z, problem.labels) for z in parts.values())
    grads = problem.gradients(loss)
    first = {p: v + torch.tensor(problem.rng.normal(size=v.shape)) * 0.1 for p, v in problem.start.items()}
    # Fisher traces of two epochs: they grow in all modalities but the last.
    traces = [[1.0] * len(parts), [2.0] * (len(parts) - 1) + [1.0]]
    problem.given.update(first=first, memory={"traces": traces})
    s = {name: total / N_SAMPLES for name, total in scores(parts, problem.labels).items()}
    for b, name in enumerate(s):
        before = traces[0][b]
        now = (traces[0][b] + traces[1][b]) / 2
        lead = s[name] - np.mean([s[other] for other in s if other != name])
        if lead > 0 and (now - before) / now > threshold:
            for p in problem.encoder(name):
                grads[p] = grads[p] + beta * np.exp(np.tanh(lead)) * (problem.start[p] - first[p])
    return grads


@method("opm", epoch=6, base=0.5, **{"lambda": 0.5}, batches=1.0, warm_up=5)
def opm(problem, base, batches, warm_up, **more):
    rho = ratios(problem.parts(), problem.labels)
    q = {n: float(np.clip(base * (1 + more["lambda"] * np.tanh(r - 1)), 0, 1)) if r > 1 else 0.0 for n, r in rho.items()}
    uniform = draws.uniforms(SEED, "opm drop", 6)
    next(uniform)  # whether the batch is modulated
    kept = torch.tensor([[float(next(uniform) >= q[name]) for name in problem.names] for _ in range(N_SAMPLES)])
    embeddings = problem.embeddings()
    widths = {name: f.shape[1] for name, f in embeddings.items()}
    theta = sum(widths[n] * q[n] for n in q) / sum(widths.values())
    z = 0.0
    for b, name in enumerate(problem.names):
        z = z + lf.linear(embeddings[name] * kept[:, [b]] / (1 - theta), problem.params, f"{name}.head")
    some = kept.sum(1) > 0
    return problem.gradients(cross_entropy(z[some], problem.labels[some]))


@method("cml", **{"lambda": 2.0}, cut="raw")
@method("cml", **{"lambda": 2.0}, cut="centred")
def cml(problem, cut, **more):
    parts = problem.parts()
    fused = sum(parts.values())
    if cut == "centred":
        means = {name: z.mean(0, keepdim=True).detach() for name, z in parts.items()}
        removed = {name: z - means[name] + sum(means.values()) / len(parts) for name, z in parts.items()}
    else:
        removed = parts
    confidence = lambda z: z.softmax(1).max(1).values
    excess = sum(torch.relu(confidence(fused - z) - confidence(fused)).mean() for z in removed.values())
    assert excess > 0
    return problem.gradients(cross_entropy(fused, problem.labels) + more["lambda"] * excess)


@method("qmf", epoch=2, auxiliary=1.0, rank=0.7)
def qmf(problem, auxiliary, rank):
    parts = problem.parts()
    energy = {name: z.logsumexp(1, keepdim=True) / 10 for name, z in parts.items()}
    fused = sum(energy[name].detach() * z for name, z in parts.items())
    loss = cross_entropy(fused, problem.labels)
    # Every sample was seen twice.
    sums = torch.tensor(problem.rng.uniform(0.1, 3.0, size=(N_SAMPLES, len(parts))))
    problem.given["memory"] = {"history": torch.cat([torch.full((N_SAMPLES, 1), 2.0), sums], 1)}
    for b, (name, z) in enumerate(parts.items()):
        loss = loss + auxiliary * cross_entropy(z, problem.labels)
        h = sums[:, b] / 2
        h = (h - h.min()) / (h.max() - h.min())
        e = energy[name][:, 0]
        sign = torch.sign(h.roll(-1) - h)
        # The better learned of two neighbours should have more energy, by the difference of their losses.
        loss = loss + rank * torch.relu((h.roll(-1) - h).abs() - sign * (e - e.roll(-1))).mean()
    return problem.gradients(loss)


@method("mmcosine", scale=10.0)
def mmcosine(problem, scale):
    z = 0.0
    for name, f in problem.embeddings().items():
        w = problem.params[f"{name}.head.weight"]
        z = z + scale * torch.nn.functional.cosine_similarity(f[:, None], w[None], dim=2)
    return problem.gradients(cross_entropy(z, problem.labels))


@method("mbsd", auxiliary=1.0, distil=2.0)
def mbsd(problem, auxiliary, distil):
    parts = problem.parts()
    rows = torch.arange(N_SAMPLES)
    loss = cross_entropy(sum(parts.values()), problem.labels)
    loss = loss + auxiliary * sum(cross_entropy(z, problem.labels) for z in parts.values())
    for a, b in itertools.combinations(parts.values(), 2):
        p, q = a.softmax(1), b.softmax(1)
        p_y, q_y = (t[rows, problem.labels].detach() for t in (p, q))
        some = (a.argmax(1) == problem.labels) | (b.argmax(1) == problem.labels)
        w = some * (p_y - q_y).abs() / (len(parts) - 1)
        # kl_div(log of the learner, teacher): summed over classes.
        kl = lambda strong, weak: (strong.detach() * (strong.detach().log() - weak.log())).sum(1)
        divergence = torch.where(p_y >= q_y, kl(p, q), kl(q, p))
        loss = loss + distil * (w * (((a - b) ** 2).mean(1) + divergence)).mean()
    return problem.gradients(loss)


@method("mla", epoch=1, alpha=0.1, variant="paper")
@method("mla", epoch=1, alpha=0.1, variant="reference")
@method("mla", epoch=1, alpha=0.1, variant="none")
def mla(problem, alpha, variant):
    """The first modality's turn, after another one's; the head's gradient reaches every branch."""
    name = problem.names[0]
    grads = problem.gradients(cross_entropy(problem.parts()[name], problem.labels))
    width = 4
    root = torch.tensor(problem.rng.normal(size=(width, width)))
    p, r = root @ root.T / width, torch.tensor(problem.rng.normal(size=(width, 1)))
    problem.given["memory"] = {"projection": p, "before": r}
    k = p @ r
    if variant == "paper":
        p = p - k @ k.T / (alpha + r.T @ k)
    elif variant == "reference":
        p = p - k @ k.T / (alpha + k @ r.T)
        p = p / p.norm()
    weight = grads[f"{name}.head.weight"]
    projected = weight if variant == "none" else weight @ p.T
    for other in problem.names:
        grads[f"{other}.head.weight"] = projected
        grads[f"{other}.head.bias"] = grads[f"{name}.head.bias"]
    return grads


@method("reconboost", epoch=0, stage=2, together=1, own=5.0, explained=1.0)
@method("reconboost", epoch=2, stage=2, together=1, own=5.0, explained=1.0, rate=0.5)
@method("reconboost", epoch=4, stage=2, together=1, own=3.0, explained=2.0)
def reconboost(problem, stage, together, own, explained, rate=1.0):
    parts = problem.parts()
    fused = sum(parts.values())
    if rate != 1.0:
        return problem.gradients(cross_entropy(rate * fused, problem.labels))
    turn = 0 if own == 5.0 else 1
    z = list(parts.values())[turn]
    rows = torch.arange(N_SAMPLES)
    p_rest = (fused - z).detach().softmax(1)[rows, problem.labels]
    return problem.gradients((-(own - explained * p_rest) * z.log_softmax(1)[rows, problem.labels]).mean())


@method("cggm", own_heads=True, rho=1.3, **{"lambda": 0.2})
@method("cggm", own_heads=True, rho=0.0, **{"lambda": 5.0})
def cggm(problem, rho, **more):
    """The direction term needs the derivative of a gradient: PyTorch's second order."""
    fused = sum(problem.parts().values())
    joint = cross_entropy(fused, problem.labels)
    own = problem.own()
    before = [0.1, 0.3, 0.2][: len(own)]
    problem.given["memory"] = {"accuracies": before}
    now = [(z.argmax(1) == problem.labels).double().mean().item() for z in own.values()]
    change = np.array(now) - np.array(before)
    factors = np.clip((change.sum() - change) / change.sum(), 0, 2)
    loss, classifiers = joint, {}
    for b, (name, z) in enumerate(own.items()):
        alone = cross_entropy(z, problem.labels)
        heads = [problem.params[f"{name}.own_head.weight"], problem.params[f"{name}.own_head.bias"]]
        found = torch.autograd.grad(alone, heads, retain_graph=True)
        classifiers[name] = dict(zip(("own_head.weight", "own_head.bias"), found))
        (g,) = torch.autograd.grad(joint, problem.params[f"{name}.head.weight"], create_graph=True)
        cosine = torch.nn.functional.cosine_similarity(g.flatten(), found[0].flatten(), dim=0)
        loss = loss + more["lambda"] / len(own) * (abs(factors[b]) - factors[b] * cosine)
    grads = problem.gradients(loss)
    for b, name in enumerate(own):
        for p, g in classifiers[name].items():
            grads[f"{name}.{p}"] = g
        for p in problem.encoder(name) if rho else ():
            grads[p] = rho * factors[b] * grads[p]
    return grads


@method("pdf", own_heads=True, auxiliary=1.0, predict=2.0)
def pdf(problem, auxiliary, predict):
    parts, rows = problem.parts(), torch.arange(N_SAMPLES)
    p = {name: z.softmax(1) for name, z in parts.items()}
    # The first output of each own head, on an embedding that it does not train.
    chance = {}
    for name, f in problem.embeddings().items():
        chance[name] = torch.sigmoid(lf.linear(f.detach(), problem.params, f"{name}.own_head")[:, 0])
    c = torch.stack(list(chance.values())).detach()
    holo = (c.log().sum(0) - c.log()) / c.log().sum(0)
    u = torch.stack([(q - 1 / N_CLASSES).abs().mean(1) for q in p.values()]).detach()
    relative = u * (len(p) - 1) / (u.sum(0) - u)
    weights = (relative.clamp(max=1) * (c + holo)).softmax(0)
    loss = cross_entropy(sum(w[:, None] * z for w, z in zip(weights, parts.values())), problem.labels)
    for name, z in parts.items():
        loss = loss + auxiliary * cross_entropy(z, problem.labels)
        right = p[name][rows, problem.labels].detach()
        loss = loss + predict * ((chance[name] - right) ** 2).mean()
    return problem.gradients(loss)


@method("amco", epoch=4, sigma=0.5, ramp=10, most=0.5)
def amco(problem, sigma, ramp, most):
    parts = problem.parts()
    n_masked = round(min(np.sin(np.pi / 2 * 4 / ramp), most) * N_CLASSES)
    mass = torch.cat(list(parts.values()), 1).softmax(1).reshape(N_SAMPLES, len(parts), N_CLASSES).sum(2)
    shown = torch.ones(len(parts), N_SAMPLES, N_CLASSES)
    index = 0
    for i in range(N_SAMPLES):
        for b in range(len(parts)):
            order = draws.permutation(SEED, "amco mask", 4, N_CLASSES, index)
            index += N_CLASSES - 1
            if mass[i, b] > sigma:
                shown[b, i, order[:n_masked]] = 0.0
    assert shown.sum() < shown.numel()
    return problem.gradients(cross_entropy(sum(m * z for m, z in zip(shown, parts.values())), problem.labels))


@method("functional_entropy", modalities=(2,), **{"lambda": 0.3}, samples=2, norm=2.0, form="entropy")
@method("functional_entropy", modalities=(3,), **{"lambda": 0.3}, samples=1, norm=1.0, form="entropy")
@method("functional_entropy", modalities=(2,), **{"lambda": 0.3}, samples=1, norm=2.0, form="variance")
def functional_entropy(problem, samples, norm, form, **more):
    """Second order by automatic differentiation; the target is held constant."""
    clean = lf.forward(problem.modalities, problem.inputs, problem.params, N_CLASSES)[1]
    target = clean.softmax(1).detach()
    normals = draws.normals(SEED, "functional entropy noise", 0)
    informations = {name: 0.0 for name in problem.names}
    for _ in range(samples):
        noisy = {}
        for name, x in problem.inputs.items():
            noise = torch.tensor([next(normals) for _ in range(x.numel())]).reshape(x.shape)
            noisy[name] = (x + noise * x.std(0, keepdim=True)).requires_grad_(True)
        z = lf.forward(problem.modalities, noisy, problem.params, N_CLASSES)[1]
        f = torch.nn.functional.binary_cross_entropy_with_logits(z, target, reduction="none").mean(1)
        found = torch.autograd.grad(f.sum(), list(noisy.values()), create_graph=True)
        for name, g in zip(noisy, found):
            part = (g**2).sum(1) / (f if form == "entropy" else 1.0)
            informations[name] = informations[name] + part.mean() / samples
    inverse = torch.stack([1 / i for i in informations.values()])
    return problem.gradients(cross_entropy(clean, problem.labels) + more["lambda"] * inverse.norm(p=norm))


def problem_name(n_modalities, own_heads):
    return f"{n_modalities} modalities" + (" with own heads" if own_heads else "")


def documents():
    cases, problems = [], {}
    for name, n_modalities, epoch, own_heads, knobs, function in METHODS:
        problem = Problem(100 + n_modalities, n_modalities, own_heads)
        grads = function(problem, **knobs)
        of = problem_name(n_modalities, own_heads)
        problems[of] = {
            "on": "own_head" if own_heads else "joint",
            "n_classes": N_CLASSES,
            "modalities": problem.modalities,
            "inputs": problem.inputs,
            "labels": problem.labels,
            "params": problem.start,
        }
        cases.append({
            "name": f"{name} {knobs} on {of}",
            "problem": of,
            "strategy": lf.choice(name, **knobs),
            "epoch": epoch,
            "seed": SEED,
            **problem.given,
            "grads": {p: g.detach() for p, g in grads.items()},
        })
    return {"strategies.json": {"problems": problems, "cases": cases}}
