"""Every snippet used as its docstring says, step by step on a `Network`: a class per strategy. What the
program draws at random comes from `reference/torch/draws.py`, in place of the snippet's own draws."""

import contextlib
import importlib.util
import math
import sys
from unittest import mock

import torch
import torch.nn.functional as F

from network import ROOT, STEPS, alone

sys.path.insert(0, str(ROOT / "reference/torch"))
import draws  # noqa: E402

SEED = STEPS["seed"]
DRIVERS = {}


def snippet(name):
    """The module that `rivalry snippet NAME` prints."""
    file = ROOT / "rivalry/src/strategies/pytorch" / STEPS["snippets"][name]["file"]
    spec = importlib.util.spec_from_file_location(f"snippet_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drives(*names):
    def register(driver):
        DRIVERS.update(dict.fromkeys(names, driver))
        return driver

    return register


class Driver:
    """Naive joint training; the others change what differs."""

    def __init__(self, net, problem, name, knobs):
        self.net, self.problem, self.name = net, problem, name
        self.knobs = {"lambda_" if k == "lambda" else k: v for k, v in knobs.items()}
        self.module = snippet(name)
        self.start()

    def start(self):
        """Before training: the object that remembers, as `self.memory`, where there is one."""

    def start_epoch(self, epoch):
        """At the start of an epoch."""

    def rates(self, epoch):
        """Factors on the learning rates of encoders and heads, where a snippet returns such."""
        return {}, {}

    def rows(self):
        """The rows of the epoch, where they are not all rows once."""
        return None

    def loss(self, epoch):
        """The loss of a step."""
        return F.cross_entropy(sum(self.net.parts().values()), self.net.y)

    def step(self, epoch, turn):
        """Leaves the gradients of one step."""
        self.loss(epoch).backward()

    def gradients(self):
        return {name: p.grad for name, p in self.net.parameters()}

    def fuse(self):
        return None

    def readings(self):
        return {}

    def only(self, *names):
        return {k: v for k, v in self.knobs.items() if k in names}

    def without(self, *names):
        return {k: v for k, v in self.knobs.items() if k not in names}


@drives("naive")
class Naive(Driver):
    def loss(self, epoch):
        return self.module.naive_loss(self.net.parts(), self.net.y)


@drives("unimodal")
class Unimodal(Driver):
    def loss(self, epoch):
        return self.module.unimodal_loss(self.net.parts(), self.net.y)


@drives("ensemble")
class Ensemble(Driver):
    def start_epoch(self, epoch):
        for m, other in alone(self.problem).items():
            self.net.encoders[m].load_state_dict(other.encoders[m].state_dict())
            self.net.heads[m].load_state_dict(other.heads[m].state_dict())

    def fuse(self):
        valid = self.net.parts(self.net.valid_x), self.net.valid_y
        return self.module.ensemble_fuse(self.net.parts(), *valid, **self.knobs)


@drives("auxiliary")
class Auxiliary(Driver):
    def loss(self, epoch):
        return self.module.auxiliary_loss(self.net.parts(), self.net.own(), self.net.y, **self.only("weight"))

    def rates(self, epoch):
        groups = self.module.auxiliary_groups(
            self.net.encoders, [self.net.heads, self.net.own_heads], 0.5, **self.only("encoder_rate")
        )
        optimizer = torch.optim.SGD(groups)
        lr = {id(p): group["lr"] / 0.5 for group in optimizer.param_groups for p in group["params"]}
        of = lambda modules: {m: lr[id(modules[m].weight)] for m in modules}
        return of({m: e[0] for m, e in self.net.encoders.items()}), of(self.net.heads)


@drives("warm_start")
class WarmStart(Driver):
    def start_epoch(self, epoch):
        if epoch == 0:
            others = alone(self.problem)
            encoders = {m: other.encoders[m] for m, other in others.items()}
            heads = {m: other.heads[m] for m, other in others.items()}
            mine = dict(self.net.encoders.items()), dict(self.net.heads.items())
            self.trained = self.module.warm_start(*mine, encoders, heads, **self.only("freeze"))
            trained = {id(p) for p in self.trained}
            heads = {id(p) for name, p in self.net.parameters() if ".head." in name}
            every = {id(p) for _, p in self.net.parameters()}
            assert trained == (heads if self.knobs.get("freeze") else every)

    def loss(self, epoch):
        return self.module.warm_start_loss(self.net.parts(), self.net.y, epoch, **self.only("epochs"))


@drives("umt")
class Umt(Driver):
    def loss(self, epoch):
        with torch.no_grad():
            taught = {m: other.encoders[m](self.net.x[m]) for m, other in alone(self.problem).items()}
        return self.module.umt_loss(self.net.parts(), self.net.embeddings(), taught, self.net.y, **self.knobs)


@drives("tmc", "etmc")
class Tmc(Driver):
    """The pseudo-view of the extended form is one more modality."""

    def loss(self, epoch):
        return self.module.tmc_loss(self.net.parts(), self.net.y, epoch, **self.knobs)

    def fuse(self):
        return self.module.tmc_fuse(self.net.parts())


@drives("gradient_blending")
class GradientBlendingOffline(Driver):
    def start(self):
        losses = {"before": {}, "after": {}}
        heads = {**alone(self.problem), "joint": joint(self.net, self.problem)}
        for name, other in heads.items():
            for when, values in (("before", self.problem["first"]), ("after", None)):
                trained = self.problem["trained_jointly"] if name == "joint" else self.problem["trained_alone"][name]
                other.load(values or trained)
                losses[when][name] = head_losses(other)["joint"]
        self.weights = self.module.blend_weights(losses["before"], losses["after"], **self.knobs)

    def loss(self, epoch):
        return self.module.blend_loss(self.net.parts(), self.net.own(), self.net.y, self.weights)

    def readings(self):
        return {"blend_weight": list(self.weights.values())}


@drives("gradient_blending_online")
class GradientBlendingOnline(Driver):
    def start(self):
        self.memory = self.module.GradientBlending(self.net.names, **self.knobs)
        self.optimizer = torch.optim.SGD(self.net.module.parameters(), lr=0.1)

    def start_epoch(self, epoch):
        measure = lambda: head_losses(self.net)
        self.memory.start_epoch(epoch, STEPS["n_epochs"], measure, self.net.module, self.optimizer)

    def rates(self, epoch):
        """A head that is measured trains alone: the others get no gradient."""
        return {}, {}

    def loss(self, epoch):
        return self.memory.loss(self.net.parts(), self.net.own(), self.net.y)

    def readings(self):
        return {"blend_weight": list(self.memory.weights.values())}


@torch.no_grad()
def head_losses(net):
    """(validation loss, training loss) of every own head and of the fused logits."""
    found = {}
    for part, (x, y) in enumerate([(net.valid_x, net.valid_y), (net.x, net.y)]):
        logits = {**(net.own(x) if net.own_heads else {}), "joint": sum(net.parts(x).values())}
        for head, z in logits.items():
            found[head] = (*found.get(head, ()), F.cross_entropy(z, y).item())
    return found


def joint(net, problem):
    """A joint network without own heads."""
    base = problem["base"].removesuffix(" with own heads")
    return type(net)({**problem, "base": base})


@drives("ogm", "ogm_ge")
class Ogm(Driver):
    def step(self, epoch, turn):
        super().step(epoch, turn)
        normals = draws.normals(SEED, "ogm-ge noise", epoch)
        randn = lambda shape, **_: drawn(normals, shape)
        noise = {"noise": True} if self.name == "ogm_ge" else {}
        with mock.patch.object(torch, "randn", randn):
            self.module.ogm(self.net.parts(), self.net.y, self.net.encoders, epoch, **noise, **self.knobs)


def drawn(stream, shape):
    """The next numbers of a stream, row by row."""
    return torch.tensor([next(stream) for _ in range(math.prod(shape))]).reshape(shape)


@drives("agm")
class Agm(Driver):
    def start(self):
        self.memory = self.module.Agm(**self.knobs)

    def step(self, epoch, turn):
        zeros = self.net.parts({m: torch.zeros_like(x[:1]) for m, x in self.net.x.items()})
        self.memory.loss(self.net.parts(), zeros, self.net.y).backward()
        self.memory.clip_heads(self.net.heads)


@drives("mmpareto")
class MmPareto(Driver):
    def step(self, epoch, turn):
        f = self.net.embeddings()
        parts = {m: self.net.heads[m](f[m]) for m in f}
        own = {m: self.net.own_heads[m](f[m]) for m in f}
        self.module.mmpareto(parts, own, self.net.y, self.net.encoders, **self.knobs)


@drives("cggm")
class Cggm(Driver):
    def start(self):
        self.memory = self.module.Cggm(**self.knobs)

    def step(self, epoch, turn):
        own = self.net.own(detached=True)
        self.memory.loss(self.net.parts(), own, self.net.y, self.net.heads, self.net.own_heads).backward()
        self.memory.modulate(self.net.encoders)


@drives("pmr")
class Pmr(Driver):
    def start(self):
        self.memory = self.module.Pmr(**self.knobs)

    def start_epoch(self, epoch):
        permutation = lambda n, **_: torch.tensor(draws.permutation(SEED, "prototype samples", epoch, n))
        with mock.patch.object(torch, "randperm", permutation), torch.no_grad():
            rows = self.memory.rows(self.net.y)
            embeddings = {m: f[rows] for m, f in self.net.embeddings().items()}
            self.memory.update(embeddings, self.net.y[rows], self.net.n_classes)

    def loss(self, epoch):
        return super().loss(epoch) + self.memory.loss(self.net.embeddings(), self.net.y, epoch)


@drives("inforeg")
class InfoReg(Driver):
    def start(self):
        self.memory = self.module.InfoReg(**self.knobs)

    def start_epoch(self, epoch):
        self.memory.start_epoch(self.net.encoders)

    def step(self, epoch, turn):
        parts = self.net.parts()
        self.memory.loss(parts, self.net.y).backward()
        self.memory.modulate(parts, self.net.y, self.net.encoders)


@drives("opm")
class Opm(Driver):
    def loss(self, epoch):
        uniforms = draws.uniforms(SEED, "opm drop", epoch)
        next(uniforms)  # whether the batch is modulated
        knobs = {"base": 0.5, "lambda_": 0.5, "cut": "raw", **self.only("base", "lambda_", "cut")}
        q = self.module.drop_probabilities(self.net.parts(), self.net.y, **knobs)
        kept = torch.tensor([[next(uniforms) >= q[m] for m in q] for _ in self.net.y])
        kept = {m: kept[:, i] for i, m in enumerate(q)}
        return self.module.opm_loss(
            self.net.embeddings(), self.net.heads, self.net.y, epoch, kept=kept, **self.knobs
        )


@drives("dgl")
class Dgl(Driver):
    def loss(self, epoch):
        return self.module.dgl_loss(self.net.embeddings(), self.net.heads, self.net.y, **self.knobs)


@drives("mslr")
class Mslr(Driver):
    def start(self):
        self.memory = self.module.Mslr(self.net.names, **self.knobs)

    def rates(self, epoch):
        if epoch == 0:
            rates = self.memory.rates()
        else:
            rates = self.memory.rates(self.module.accuracies(*on_valid(self.net)))
        return rates, rates


@torch.no_grad()
def on_valid(net):
    """Parts on validation rows, their labels, and the means of the parts on training rows."""
    return net.parts(net.valid_x), net.valid_y, {m: z.mean(0) for m, z in net.parts().items()}


@drives("mses")
class Mses(Driver):
    def start(self):
        self.memory = self.module.Mses(**self.knobs)

    def start_epoch(self, epoch):
        if epoch > 0:
            self.memory.step(self.module.losses(*on_valid(self.net)), self.net.encoders)


@drives("g2d")
class G2d(Driver):
    def start(self):
        others = alone(self.problem)
        logits = {m: other.parts()[m] for m, other in others.items()}
        self.confidence = self.module.confidences(logits, self.net.y)

    def start_epoch(self, epoch):
        self.module.g2d(self.net.encoders, self.confidence, epoch, **self.knobs)


@drives("modality_dropout")
class ModalityDropout(Driver):
    def loss(self, epoch):
        names, uniforms = self.net.names, draws.uniforms(SEED, "modality dropout", epoch)
        rows = []
        for _ in self.net.y:
            row = [next(uniforms) >= self.knobs["rate"] for _ in names]
            survivor = int(next(uniforms) * len(names))
            row[survivor] |= not any(row)
            rows.append(row)
        kept = {m: torch.tensor(rows)[:, i] for i, m in enumerate(names)}
        f = self.module.modality_dropout(self.net.embeddings(), kept=kept, **self.knobs)
        return F.cross_entropy(sum(self.net.heads[m](f[m]) for m in names), self.net.y)


@drives("sample_valuation", "modality_valuation")
class Valuation(Driver):
    def start_epoch(self, epoch):
        n = len(self.net.y)
        turns = iter(range(len(self.net.names) + 1))
        permutation = lambda size, **_: torch.tensor(
            draws.permutation(SEED, "valuation subset", epoch, size, next(turns) * n)
        )
        value = getattr(self.module, self.name)
        with mock.patch.object(torch, "randperm", permutation):
            self.shown, self.alone = value(self.net.parts(), self.net.y, epoch, **self.knobs)

    def rows(self):
        return self.shown.tolist()

    def loss(self, epoch):
        f = self.net.embeddings({m: x[self.shown] for m, x in self.net.x.items()})
        f = self.module.keep_alone(f, self.alone)
        return F.cross_entropy(sum(self.net.heads[m](f[m]) for m in f), self.net.y[self.shown])


@drives("amco")
class Amco(Driver):
    def loss(self, epoch):
        names, k = self.net.names, self.net.n_classes
        hidden = self.module.n_hidden(k, epoch, **self.only("ramp", "most"))
        index, orders = 0, []
        for _ in range(len(self.net.y) * len(names)):
            orders.append(draws.permutation(SEED, "amco mask", epoch, k, index))
            index += k - 1
        orders = torch.tensor(orders).reshape(len(self.net.y), len(names), k)[:, :, :hidden]
        classes = {m: orders[:, i] for i, m in enumerate(names)}
        return self.module.amco_loss(self.net.parts(), self.net.y, epoch, classes=classes, **self.knobs)


@drives("qmf")
class Qmf(Driver):
    def start(self):
        self.memory = self.module.Qmf(len(self.net.y), **self.knobs)

    def loss(self, epoch):
        return self.memory.loss(self.net.parts(), self.net.y, torch.arange(len(self.net.y)))

    def fuse(self):
        return self.module.qmf_fuse(self.net.parts())


@drives("pdf")
class Pdf(Driver):
    """The first output of an own head is the predictor."""

    def chances(self):
        return {m: z[:, 0].sigmoid() for m, z in self.net.own(detached=True).items()}

    def loss(self, epoch):
        return self.module.pdf_loss(self.net.parts(), self.chances(), self.net.y, **self.knobs)

    def fuse(self):
        return self.module.pdf_fuse(self.net.parts(), self.chances())


@drives("mmcosine")
class MmCosine(Driver):
    def loss(self, epoch):
        return F.cross_entropy(self.fuse(), self.net.y)

    def fuse(self):
        return self.module.mmcosine(self.net.embeddings(), self.net.heads, **self.knobs)


@drives("mbsd")
class Mbsd(Driver):
    def loss(self, epoch):
        return self.module.mbsd_loss(self.net.parts(), self.net.y, **self.knobs)


@drives("cml")
class Cml(Driver):
    def loss(self, epoch):
        return self.module.cml_loss(self.net.parts(), self.net.y, **self.knobs)


@drives("functional_entropy")
class FunctionalEntropy(Driver):
    def loss(self, epoch):
        normals = draws.normals(SEED, "functional entropy noise", epoch)
        randn = lambda shape, **_: drawn(normals, shape)
        forward = lambda x: sum(self.net.parts(x).values())
        with mock.patch.object(torch, "randn", randn):
            more = self.module.functional_entropy(forward, self.net.x, **self.knobs)
        return super().loss(epoch) + more


@drives("lfm")
class Lfm(Driver):
    def start(self):
        self.memory = self.module.Lfm(**self.knobs)

    def start_epoch(self, epoch):
        if epoch > 0:
            net = self.net
            parameters = [p for _, p in net.parameters()]
            self.memory.step(net.parts(), net.y, net.parts(net.valid_x), net.valid_y, parameters)

    def loss(self, epoch):
        return self.memory.loss(self.net.parts(), self.net.y)

    def readings(self):
        return {"lfm_weight": self.memory.weights}


@drives("mla")
class Mla(Driver):
    """The shared head starts as the first modality's; in the program every branch has its own copy."""

    def start(self):
        self.memory = self.module.Mla(**self.knobs)
        self.head = self.net.heads[self.net.names[0]]

    def start_epoch(self, epoch):
        if epoch == 0:
            for head in self.net.heads.values():
                head.load_state_dict(self.head.state_dict())

    def step(self, epoch, turn):
        m = self.net.names[turn]
        # The given weights of the heads differ between branches: in its turn a modality meets its own.
        self.head = self.net.heads[m]
        f = self.net.encoders[m](self.net.x[m])
        F.cross_entropy(self.head(f), self.net.y).backward()
        self.memory.project(self.head, f)

    def gradients(self):
        found = super().gradients()
        for m in self.net.names:
            found.update({f"{m}.head.{name}": p.grad for name, p in self.head.named_parameters()})
        return found

    def fuse(self):
        return self.memory.fuse(self.net.parts())


@drives("reconboost")
class ReconBoost(Driver):
    def loss(self, epoch):
        return self.module.reconboost_loss(self.net.parts(), self.net.y, epoch, **self.knobs)


@drives("relearn")
class Relearn(Driver):
    def start(self):
        mine = [{name: p.detach().clone() for name, p in self.net.parameters()}]
        self.net.load(self.problem["first"])
        self.first = {m: {k: v.clone() for k, v in e.state_dict().items()} for m, e in self.net.encoders.items()}
        self.net.load({name: p.tolist() for name, p in mine[0].items()})

    def start_epoch(self, epoch):
        n = len(self.net.y)
        rows = [torch.tensor(draws.permutation(SEED, "re-learning rows", part, n)) for part in (0, 1)]
        with torch.no_grad():
            train = {m: f[rows[0]] for m, f in self.net.embeddings().items()}
            valid = {m: f[rows[1]] for m, f in self.net.embeddings(self.net.valid_x).items()}
        with k_means_draws():
            self.module.relearn(
                self.net.encoders, self.first, train, self.net.y[rows[0]], valid, self.net.valid_y[rows[1]],
                epoch, **self.knobs,
            )  # fmt: skip


@contextlib.contextmanager
def k_means_draws():
    """The program's draws of first centres, four starts again and again."""
    starts, stream = [0], [None]

    def randint(n, size, **_):
        stream[0] = draws.uniforms(SEED, "k-means centres", starts[0] % 4)
        starts[0] += 1
        return torch.full(size, int(next(stream[0]) * n))

    def multinomial(weights, _, **__):
        passed = weights.cumsum(0) > next(stream[0]) * weights.sum()
        return passed.nonzero()[0]

    with mock.patch.object(torch, "randint", randint), mock.patch.object(torch, "multinomial", multinomial):
        yield
