"""The PyTorch file of every strategy, used as its docstring says, takes the steps and decisions of the
program's own strategy (steps.json, written by `cargo xtask kinds`).

    RIVALRY_TORCH=1 python3 -m pytest rivalry-py/tests/snippets    # without PyTorch this fails
    python3 rivalry-py/tests/snippets/test_snippets.py             # the largest differences

Without RIVALRY_TORCH=1 and without PyTorch the tests are skipped.
"""

import ast
import inspect
import io
import math
import os
import pathlib
import sys

import pytest

if os.environ.get("RIVALRY_TORCH") == "1":
    import torch
else:
    torch = pytest.importorskip("torch")

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from drivers import DRIVERS, snippet  # noqa: E402
from network import STEPS, Network  # noqa: E402

# Relative to the largest value of a tensor.
TOLERANCE = 1e-10
# PyTorch's trigamma function is good to about 1e-9.
TRIGAMMA = 1e-8
# The program takes second derivatives by central differences.
DIFFERENCES = 1e-7
# Golden-section search ends within 1e-6; where two losses are equal to rounding it may go another way.
SEARCH = 1e-6
CASES = [{**case, "strategy": {"set": {}, **case["strategy"]}} for case in STEPS["cases"]]


def tolerance(case):
    name, knobs = case["strategy"]["name"], case["strategy"]["set"]
    if name == "ensemble" and knobs["temperature"]:
        return SEARCH
    return {"tmc": TRIGAMMA, "etmc": TRIGAMMA, "functional_entropy": DIFFERENCES}.get(name, TOLERANCE)


def title(case):
    knobs = ", ".join(f"{k}={v}" for k, v in case["strategy"]["set"].items())
    return f"{case['strategy']['name']}({knobs}) on {case['problem']}"


def every_case(test):
    return pytest.mark.parametrize("case", CASES, ids=title)(test)


def made(case, dtype=torch.float64):
    """The network and the driver of a case."""
    problem, strategy = STEPS["problems"][case["problem"]], case["strategy"]
    net = Network(problem)
    net.module.to(dtype)
    net.x, net.valid_x = ({m: x.to(dtype) for m, x in xs.items()} for xs in (net.x, net.valid_x))
    net.load(problem["walk"][0])
    return net, DRIVERS[strategy["name"]](net, problem, strategy["name"], strategy["set"])


class Differences:
    """The largest difference met, relative to the largest expected value of its tensor."""

    def __init__(self):
        self.largest = 0.0

    def meet(self, found, expected, what, allowed):
        found, expected = (torch.as_tensor(v, dtype=torch.float64).flatten() for v in (found, expected))
        assert found.shape == expected.shape, what
        apart = ((found - expected).abs().max() / expected.abs().max().clamp(min=1e-300)).item()
        apart = 0.0 if torch.equal(found, expected) else apart
        self.largest = max(self.largest, apart)
        assert apart <= allowed, f"{what}: {apart:.1e} apart\n{found}\n{expected}"


def run(case):
    """All epochs of a case, compared: weights at the start, rows, rates, the step, and what predicts at the
    end; the largest difference."""
    net, driver = made(case)
    problem, allowed, met = STEPS["problems"][case["problem"]], tolerance(case), Differences()
    walk = problem["walk"]
    for epoch, record in enumerate(case["epochs"]):
        net.load(walk[epoch])
        driver.start_epoch(epoch)
        settled = record.get("settled", walk[epoch])
        for name, p in net.parameters():
            met.meet(p.detach(), settled[name], f"epoch {epoch}, weights {name}", allowed)
        if record.get("stop"):
            continue
        if record.get("rows") or driver.rows():
            assert driver.rows() == (record.get("rows") or list(range(len(net.y)))), f"epoch {epoch}, rows"
        found_rates = driver.rates(epoch)
        # The step is at weights that differ from those of the epoch's start.
        net.load(walk[epoch + 1])
        directions = record.get("directions", [problem["naive"].get(str(epoch))])
        for turn, rates in enumerate(record.get("rates", [[[], []]])):
            net.zero_grad()
            driver.step(epoch, turn)
            frozen = compare_rates(net, driver, rates, found_rates, met, allowed, f"epoch {epoch}")
            if str(epoch) in problem["naive"]:
                compare_gradients(net, driver.gradients(), directions[turn], frozen, met, allowed, f"epoch {epoch}")
        for name, values in driver.readings().items():
            met.meet(values, record[name], f"epoch {epoch}, {name}", allowed)
    net.load(walk[-1])
    fused = driver.fuse()
    assert (fused is None) == (case["fused"] is None)
    if fused is not None:
        met.meet(fused.detach(), case["fused"], "fused", allowed)
    return met.largest


def compare_rates(net, driver, rates, found_rates, met, allowed, what):
    """Rate factors of encoders and heads; returns the names of what the program holds fixed: a snippet
    leaves it without a gradient."""
    frozen = []
    for kind, expected, found in zip(("encoder", "head"), rates, found_rates):
        for m, rate in zip(net.names, expected or [1.0] * len(net.names)):
            if rate == 0.0:
                frozen += [name for name, _ in net.parameters() if name.startswith(f"{m}.{kind}")]
                # Own heads follow the rate of the heads.
                frozen += [f"{m}.own_head.weight", f"{m}.own_head.bias"] if kind == "head" else []
            else:
                met.meet([found.get(m, 1.0)], [rate], f"{what}, rate of {m}'s {kind}", allowed)
    gradients = driver.gradients()
    for name in frozen:
        g = gradients.get(name)
        assert g is None or not g.any(), f"{what}: {name} is not held fixed"
    return frozen


def compare_gradients(net, found, expected, frozen, met, allowed, what):
    for name, p in net.parameters():
        if name not in frozen:
            g = torch.zeros_like(p) if found[name] is None else found[name]
            met.meet(g, expected[name], f"{what}, gradient of {name}", allowed)


@every_case
def test_steps_are_those_of_the_program(case):
    run(case)


def test_every_strategy_is_compared():
    """Nothing is printed that has not met the strategy of its name."""
    compared = {case["strategy"]["name"] for case in CASES}
    assert compared == set(STEPS["snippets"]) == set(DRIVERS)


@pytest.mark.parametrize("name", STEPS["snippets"])
def test_knobs_have_the_names_and_defaults_of_the_strategy(name):
    module, found = snippet(name), {}
    for _, thing in inspect.getmembers(module, lambda t: inspect.isfunction(t) or inspect.isclass(t)):
        if thing.__module__ == module.__name__:
            parameters = inspect.signature(thing).parameters.values()
            given = {p.name: p.default for p in parameters if p.default is not p.empty}
            found.update({k: v for k, v in given.items() if k not in found})
    for knob, default in STEPS["snippets"][name]["knobs"].items():
        assert found["lambda_" if knob == "lambda" else knob] == default, knob


@pytest.mark.parametrize("name", STEPS["snippets"])
def test_the_docstring_calls_what_there_is(name):
    """Every call shown in a docstring has a callee in the file that takes its arguments."""
    module, n_calls, objects = snippet(name), 0, {}
    shown = [line[4:] for line in module.__doc__.splitlines() if line.startswith("    ")]
    nodes = [n for n in ast.walk(ast.parse("\n".join(shown))) if isinstance(n, (ast.Assign, ast.Call))]
    for node in nodes:
        made_of = getattr(getattr(node, "value", None), "func", None)
        if isinstance(node, ast.Assign) and inspect.isclass(vars(module).get(getattr(made_of, "id", ""))):
            objects[node.targets[0].id] = vars(module)[made_of.id]
    for call in (n for n in nodes if isinstance(n, ast.Call)):
        callee, bound = None, []
        if isinstance(call.func, ast.Name):
            callee = vars(module).get(call.func.id)
        elif isinstance(call.func.value, ast.Name) and call.func.value.id in objects:
            callee, bound = getattr(objects[call.func.value.id], call.func.attr), [None]
        if inspect.isfunction(callee) or inspect.isclass(callee):
            keywords = {keyword.arg: None for keyword in call.keywords}
            inspect.signature(callee).bind(*bound, *call.args, **keywords)
            n_calls += 1
    assert n_calls > 0


@pytest.mark.parametrize("n_samples", [1, 9])
@pytest.mark.parametrize("name", STEPS["snippets"])
def test_one_modality_and_one_sample_are_no_trouble(name, n_samples):
    case = next(case for case in CASES if case["strategy"]["name"] == name)
    own = " with own heads" if "own heads" in case["problem"] else ""
    problem = dict(STEPS["problems"][f"2 modalities{own}"])
    problem["modalities"] = problem["modalities"][:1]
    problem["trained_alone"] = {m: problem["trained_alone"][m] for m in problem["modalities"]}
    net = Network(problem)
    net.x, net.y = {m: x[:n_samples] for m, x in net.x.items()}, net.y[:n_samples]
    driver = DRIVERS[name](net, problem, name, case["strategy"]["set"])
    for epoch in range(5):
        net.load(problem["walk"][epoch])
        driver.start_epoch(epoch)
        driver.rates(epoch)
        net.zero_grad()
        driver.step(epoch, 0)
        assert all(g is None or g.isfinite().all() for g in driver.gradients().values()), epoch
    assert driver.fuse() is None or driver.fuse().isfinite().all()


def test_decisions_are_those_of_the_worked_examples():
    """The examples of the program's unit tests; all from the papers' formulas, by hand."""
    near = lambda value: pytest.approx(value, abs=1e-6)
    assert snippet("agm").responses({"a": 0.5, "b": 1.2}) == {"a": near(2.013753), "b": near(0.496585)}
    assert snippet("cggm").balance({"a": 0.3, "b": 0.1}) == {"a": near(0.25), "b": near(0.75)}
    assert snippet("cggm").balance({"a": 0.2, "b": -0.2}) == {"a": 1.0, "b": 1.0}
    assert snippet("cggm").balance({"a": 0.3, "b": -0.29}) == {"a": 0.0, "b": 2.0}
    paper, released = (snippet("pmr").Pmr(variant=v).behind for v in ("paper", "reference"))
    assert (paper(0.4), paper(0.5), paper(0.8), paper(1.25)) == (1.0, 1.0, near(0.25), 0.0)
    assert (released(0.8), released(1.25)) == (1.0, 0.0)
    growth = snippet("inforeg").growth
    assert (growth([]), growth([3.0]), growth([1.0, 3.0])) == (1.0, 1.0, 0.5)
    assert growth([float(i) for i in range(1, 13)]) == near(1 / 7.5) and growth([3.0, 2.0, 1.0]) < 0
    rate = snippet("mslr").rate
    assert rate([0.1, 0.4, 0.5, 0.6, 0.7, 0.8], 1.0) == near(0.8 / 0.6)
    assert (rate([], 1.0), rate([0.0, 0.0], 1.0), rate([0.6, 0.3], 0.0)) == (1.0, 1.0, 1.0)
    weights = snippet("gradient_blending").blend_weights
    before = dict.fromkeys("abc", (2.3, 2.3))
    assert list(weights(before, {"a": (1.8, 1.5), "b": (1.5, 0.9), "c": (1.4, 0.5)}).values()) == [
        near(0.625), near(0.25), near(0.125)
    ]  # fmt: skip
    at_floor = weights({"a": (2.0, 2.0), "b": (2.0, 2.0)}, {"a": (1.0, 1.0), "b": (1.0, 0.5)}, floor=0.1)
    assert at_floor == {"a": near(25 / 29), "b": near(4 / 29)}
    worse = {"a": (2.5, 1.0), "b": (2.4, 1.0)}
    assert weights({"a": (2.3, 2.3), "b": (2.3, 2.3)}, worse, floor=0.1) == {"a": 0.5, "b": 0.5}
    phase = snippet("gradient_blending_online").GradientBlending(["a"], super_epoch=3, stretch=2).phase
    measured = [("a", True), ("a", False), ("joint", True), ("joint", False)]
    first_round = [*measured, (None, True), (None, False), (None, False)]
    assert [phase(i, 20) for i in range(14)] == first_round * 2
    assert [phase(i, 20) for i in range(14, 20)] == first_round[:6]
    assert all(phase(i, 18) == (None, False) for i in range(14, 18)), "nothing would be left to train"
    turn = snippet("reconboost").turn
    assert [turn(["a", "b"], i, 2, 1) for i in range(7)] == ["a", "a", None, "b", "b", None, "a"]
    joint_weight = snippet("mmpareto").joint_weight
    assert joint_weight([torch.tensor([1.0, 0.0])], [torch.tensor([-0.5, 1.0])]) == near(7 / 13)
    assert joint_weight([torch.tensor([1.0, 0.0])], [torch.tensor([1.0, 1.0])]) == 0.5
    tmc = snippet("tmc")
    combined = tmc.combine([torch.tensor([[4.0, 1.0]]), torch.tensor([[0.0, 2.0]])])
    assert combined.tolist() == [[near(4.0), near(4.0)]]
    label = torch.tensor([0])
    loss = lambda penalty: tmc.opinion_loss(torch.tensor([[4.0, 1.0]]), label, penalty).item()
    assert (loss(0.0), loss(1.0) - loss(0.0)) == (near(0.2 + 1 / 6), near(0.6931471806 - 0.5))
    # No evidence but for the right of three classes: nothing is to be taken away.
    assert tmc.opinion_loss(torch.tensor([[4.0, 0.0, 0.0]]), label, 1.0).item() == near(1 / 5 + 1 / 6)
    divergence = snippet("lfm").divergence
    assert divergence({"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([[3.0, 4.0]])}).item() == near(0.0)
    assert divergence({"a": torch.tensor([[50.0, 0.0]]), "b": torch.tensor([[0.0, 50.0]])}).item() == near(0.6931471806)
    how_often = snippet("sample_valuation").how_often
    assert how_often(torch.tensor([1.0, 0.9, 0.4, 0.0, -0.1, -0.5])).tolist() == [0, 1, 2, 2, 3, 3]
    hidden = snippet("amco").n_hidden
    assert [hidden(10, epoch, ramp=10, most=0.8) for epoch in (0, 3, 5, 10, 50)] == [0, 5, 7, 8, 8]
    energies, losses = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.0, 0.5, 1.0])
    assert snippet("qmf").rank_loss(energies, losses).item() == near((0.3 + 0.4 + 0.7) / 3)


def projection(variant, alpha, progress):
    """P after a modality with the mean embedding (1, 2), from the identity."""
    mla, head = snippet("mla").Mla(variant=variant, alpha=alpha), torch.nn.Linear(2, 1)
    head.weight.grad = torch.zeros(1, 2)
    mla.project(head, torch.tensor([[1.0, 2.0]]))
    mla.project(head, torch.tensor([[7.0, 7.0]]), progress)
    return mla.projection


def test_projections_are_the_published_and_the_released_one():
    near = lambda *values: torch.tensor(values).reshape(2, 2)
    close = lambda found, expected: torch.allclose(found, expected, rtol=0, atol=1e-6)
    assert close(projection("paper", 0.1, 0.5), near(0.803922, -0.392157, -0.392157, 0.215686))
    released = projection("reference", 0.1, 0.0)
    assert close(released, near(0.067332, -0.705386, -0.705386, 0.018065))
    # alpha^(1 + progress): at the epoch's end alpha counts twice.
    assert close(projection("reference", 0.1**0.5, 1.0), released)
    parts = {"a": torch.tensor([[3.0, 0.0]]), "b": torch.tensor([[0.0, 1.0]])}
    h = [-(z.softmax(1) * z.log_softmax(1)).sum().item() for z in parts.values()]
    share = 1 / (1 + math.exp(h[0] - h[1]))
    expected = share * parts["a"] + (1 - share) * parts["b"]
    assert torch.allclose(snippet("mla").Mla().fuse(parts), expected) and share > 0.5


def test_fisher_traces_are_means_over_batches_of_weight_matrices():
    inforeg, encoder = snippet("inforeg").InfoReg(), torch.nn.Linear(2, 1)
    z, labels = torch.zeros(1, 2), torch.tensor([0])
    inforeg.start_epoch({"a": encoder})
    for slope in (1.0, 3.0):
        encoder.weight.grad, encoder.bias.grad = torch.full((1, 2), slope), torch.full((1,), 100.0)
        inforeg.modulate({"a": z}, labels, {"a": encoder})
    inforeg.start_epoch({"a": encoder})
    assert inforeg.state_dict()["traces"] == {"a": [(2.0 + 18.0) / 2]}


def test_energies_are_ranked_by_means_of_unequal_histories():
    """The rows were seen once, three times and twice; by their sums they would be ranked another way."""
    module = snippet("qmf")
    z, sums = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.2, 0.1]]), torch.tensor([2.0, 3.0, 1.0])
    labels, rows = torch.tensor([0, 0, 0]), torch.arange(3)
    qmf = module.Qmf(3, auxiliary=0.0, rank=1.0)
    qmf.load_state_dict({"times": torch.tensor([1.0, 3.0, 2.0]), "sums": {"a": sums}})
    found = qmf.loss({"a": z}, labels, rows)
    e = (z.logsumexp(1) / 10).tolist()
    # Means 2, 1 and 0.5, scaled to 1, 1/3 and 0; in every pair the better learned row should lead by as much.
    short = [2 / 3 - (e[1] - e[0]), 1 / 3 - (e[2] - e[1]), 1 - (e[2] - e[0])]
    expected = torch.nn.functional.cross_entropy(module.qmf_fuse({"a": z}), labels).item() + sum(short) / 3
    assert found.item() == pytest.approx(expected)
    state = qmf.state_dict()
    losses = torch.nn.functional.cross_entropy(z, labels, reduction="none")
    assert state["times"].tolist() == [2.0, 4.0, 3.0]
    assert torch.allclose(state["sums"]["a"], sums + losses)


def test_a_modality_stops_when_its_smoothed_loss_has_not_fallen_for_its_patience():
    module, encoder = snippet("mses"), torch.nn.Linear(1, 1)
    mses, kept = module.Mses(patience=2, smooth=0.5), []
    for epoch, loss in enumerate([1.0, 0.5, 1.75, 1.25]):
        encoder.load_state_dict({"weight": torch.full((1, 1), float(epoch)), "bias": torch.zeros(1)})
        stopped = mses.step({"a": loss}, {"a": encoder})
        kept.append((mses.smoothed["a"], mses.least["a"], mses.since["a"], stopped["a"]))
    assert kept == [(1.0, 1.0, 0, False), (0.75, 0.75, 0, False), (1.25, 0.75, 1, False), (1.25, 0.75, 2, True)]
    assert encoder.weight.item() == 1.0 and not encoder.weight.requires_grad
    never = module.Mses(patience=0)
    assert not any(never.step({"a": loss}, {"a": encoder})["a"] for loss in (1.0, 2.0, 3.0))


def test_modalities_are_judged_by_centred_parts():
    """Cut of (2, 0) and (0, 1) on training means (1, 0) and (0, 0.5): (1.5, 0.25) and (0.5, 0.75)."""
    z = lambda *row: torch.tensor([row, row])
    parts, means = {"a": z(2.0, 0.0), "b": z(0.0, 1.0)}, {"a": z(1.0, 0.0)[0], "b": z(0.0, 0.5)[0]}
    labels = torch.tensor([0, 0])
    loss = snippet("mses").losses(parts, labels, means)
    assert loss == {"a": pytest.approx(math.log1p(math.exp(-1.25))), "b": pytest.approx(math.log1p(math.exp(0.25)))}
    assert snippet("mslr").accuracies(parts, labels, means) == {"a": 1.0, "b": 0.0}
    assert snippet("mslr").Mslr(["a"], tilt=0.5).rates() == {"a": 1.0}


def test_contributions_are_shapley_values():
    contributions = snippet("sample_valuation").contributions
    z = lambda *rows: torch.tensor(rows)
    # Only a is right alone, both are right together; then three that are right together only.
    found = contributions({"a": z([3.0, 0.0]), "b": z([0.0, 1.0])}, torch.tensor([0]))
    assert found.tolist() == [[1.5, 0.5]]
    shy = z([0.4, 0.0, 0.5])
    found = contributions({"a": shy, "b": z([0.4, 0.5, 0.0]), "c": z([0.4, 0.1, 0.2])}, torch.tensor([0]))
    assert found.sum().item() == pytest.approx(3.0)


def gradients_of(net):
    return {name: p.grad.clone() for name, p in net.parameters()}


def test_noise_has_the_deviation_of_the_gradient():
    """OGM-GE's own draws: the right first two moments, the same for the same seed, none when off."""
    net, _ = made(CASES[0])
    torch.nn.functional.cross_entropy(sum(net.parts().values()), net.y).backward()
    clean = gradients_of(net)
    weight = f"{net.names[0]}.encoder.0.weight"

    def noisy(seed, **knobs):
        for name, p in net.parameters():
            p.grad = clean[name].clone()
        generator = torch.Generator().manual_seed(seed)
        snippet("ogm_ge").ogm(net.parts(), net.y, net.encoders, 0, generator=generator, **knobs)
        return gradients_of(net)[weight]

    base = noisy(0)
    deviation = clean[weight].std() + 1e-8
    shakes = torch.stack([(noisy(seed, noise=True) - base) / deviation for seed in range(400)]).flatten()
    # Four standard errors of 400 x 20 draws.
    assert abs(shakes.mean()) < 4 / len(shakes) ** 0.5 and abs(shakes.var() - 1) < 4 * (2 / len(shakes)) ** 0.5
    assert torch.equal(noisy(7, noise=True), noisy(7, noise=True))
    assert not torch.equal(noisy(7, noise=True), noisy(8, noise=True))


def test_draws_leave_out_as_often_as_they_should():
    draw = snippet("modality_dropout").draw_kept
    kept = torch.stack(list(draw(["a", "b", "c"], 20000, 0.6, torch.Generator().manual_seed(1)).values()), 1)
    assert kept.any(1).all()
    # All three are dropped with probability 0.216, and then one stays.
    assert kept.double().mean().item() == pytest.approx(0.4 + 0.216 / 3, abs=0.012)
    n, k = 2000, 6
    z = {"a": torch.full((n, k), 5.0), "b": torch.zeros(n, k)}
    z["a"][:, 0] += 1.0
    z["a"].requires_grad_(True)
    generator = torch.Generator().manual_seed(2)
    labels = torch.zeros(n, dtype=torch.long)
    snippet("amco").amco_loss(z, labels, 10, generator=generator).backward()
    hidden = z["a"].grad == 0
    assert (hidden.sum(1) == 3).all() and (hidden.double().mean(0) - 0.5).abs().max() < 0.05
    heads = {m: torch.nn.Linear(3, 2) for m in "ab"}
    f = {m: torch.randn(4000, 3, generator=generator).requires_grad_(True) for m in "ab"}
    labels = heads["a"](f["a"]).argmax(1).detach()
    opm, ahead = snippet("opm"), {m: heads[m](f[m]) for m in "ab"}
    q = opm.drop_probabilities(ahead, labels, 0.5, 0.5, "raw")
    opm.opm_loss(f, heads, labels, 9, batches=1.0, generator=generator).backward()
    for m in "ab":
        left_out = (f[m].grad == 0).all(1)
        assert left_out.double().mean().item() == pytest.approx(q[m], abs=0.03), m
    assert 0.5 < q["a"] < 1 and q["b"] == 0
    plain = torch.nn.functional.cross_entropy(sum(ahead.values()), labels)
    assert opm.opm_loss(f, heads, labels, 9, batches=0.0).item() == plain.item()
    nobody = {m: torch.zeros(4000, dtype=torch.bool) for m in "ab"}
    assert opm.opm_loss(f, heads, labels, 9, kept=nobody).item() == 0.0


def test_clusters_are_found_whatever_is_drawn():
    relearn = snippet("relearn")
    corners = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    labels = torch.arange(60) % 3
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        rows = corners[labels] + 0.5 * torch.randn(60, 2, generator=generator)
        assert relearn.purity(relearn.clusters(rows, 3, generator), labels) == 1.0
    assert relearn.purity(torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([0, 0, 1, 1, 1, 0])) == 4 / 6


def test_any_architecture_and_any_shape_of_features():
    """Gradient modulation on encoders of different kinds, one of them frozen in part."""
    encoders = torch.nn.ModuleDict({
        "image": torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten()),
        "sound": torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.LayerNorm(5)),
    })  # fmt: skip
    for p in encoders["sound"][1].parameters():
        p.requires_grad_(False)
    heads = torch.nn.ModuleDict({"image": torch.nn.Linear(18, 3), "sound": torch.nn.Linear(5, 3)})
    x, y = {"image": torch.randn(6, 1, 5, 5), "sound": torch.randn(6, 4)}, torch.arange(6) % 3
    f = {m: encoders[m](x[m]) for m in encoders}
    parts = {m: heads[m](f[m]) for m in f}
    torch.nn.functional.cross_entropy(sum(parts.values()), y).backward(retain_graph=True)
    factors = snippet("ogm").ogm(parts, y, encoders, 0, noise=True)
    assert set(factors) == set(encoders) and min(factors.values()) < 1
    snippet("mmpareto").mmpareto(parts, {m: 2 * z for m, z in parts.items()}, y, encoders)
    dropped = snippet("modality_dropout").modality_dropout(x)
    assert dropped["image"].shape == x["image"].shape
    forward = lambda x: sum(heads[m](encoders[m](x[m])) for m in encoders)
    assert snippet("functional_entropy").functional_entropy(forward, x).isfinite()


@pytest.mark.parametrize("case", [case for case in CASES if hasattr(made(case)[1], "memory")], ids=title)
def test_memory_survives_a_save(case):
    """Saved, loaded into a new object, and gone on with: the same gradients."""
    walk = STEPS["problems"][case["problem"]]["walk"]

    def train(net, driver, epochs):
        for epoch in epochs:
            net.load(walk[epoch])
            driver.start_epoch(epoch)
            driver.rates(epoch)
            net.load(walk[epoch + 1])
            net.zero_grad()
            driver.step(epoch, 0)
        return {name: None if g is None else g.clone() for name, g in driver.gradients().items()}

    net, driver = made(case)
    train(net, driver, range(4))
    file = io.BytesIO()
    torch.save(driver.memory.state_dict(), file)
    frozen = [p.requires_grad for _, p in net.parameters()]
    whole = train(net, driver, range(4, 6))
    net, driver = made(case)
    driver.memory.load_state_dict(torch.load(io.BytesIO(file.getvalue())))
    for (_, p), trains in zip(net.parameters(), frozen):
        p.requires_grad_(trains)
    resumed = train(net, driver, range(4, 6))
    for name, g in whole.items():
        assert (g is None and resumed[name] is None) or torch.equal(g, resumed[name]), name


@every_case
def test_single_precision_stays_single(case):
    torch.set_default_dtype(torch.float32)
    try:
        net, driver = made(case, torch.float32)
        walk = STEPS["problems"][case["problem"]]["walk"]
        for epoch in range(5):
            net.load(walk[epoch])
            driver.start_epoch(epoch)
            driver.rates(epoch)
            net.load(walk[epoch + 1])
            net.zero_grad()
            driver.step(epoch, 0)
            for name, g in driver.gradients().items():
                assert g is None or (g.dtype == torch.float32 and g.isfinite().all()), name
    finally:
        torch.set_default_dtype(torch.float64)


if __name__ == "__main__":
    for case in CASES:
        print(f"{run(case):8.1e}  {title(case)}")
