#!/usr/bin/env python3
"""Draws the cost of a flow against n, d, K and m, and of a race against threads, from
the latest kept result: one panel a knob, both axes logarithmic, a line for the eye:
proportional to the knob, or inversely to the number of threads."""

import html
import json
import math
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, HEIGHT, GAP, LEFT, TOP = 150, 150, 34, 52, 34
WORDS = {"n": "samples n", "d": "features d", "K": "classes K", "m": "neurons per class m", "threads": "threads"}


class Scale:
    """Decades of seconds."""

    def __init__(self, seconds):
        self.low = math.floor(math.log10(min(seconds)))
        self.high = math.ceil(math.log10(max(seconds) * 1.3))

    def y(self, seconds):
        return TOP + HEIGHT * (1 - (math.log10(seconds) - self.low) / (self.high - self.low))

    def labels(self, left):
        for power in range(self.low, self.high + 1):
            yield f'<text x="{left - 6}" y="{self.y(10.0**power) + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'


def panel(knob, points, scale, left):
    """`points`: (value of the knob, seconds, words)."""
    xs = [math.log2(value) for value, _, _ in points]
    first, last = min(xs), max(xs)

    def x(value):
        return left + WIDTH * (math.log2(value) - first) / (last - first)

    parts = [f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for value, _, _ in points:
        parts.append(f'<text x="{x(value):.1f}" y="{TOP + HEIGHT + 14}" text-anchor="middle">{value}</text>')
    (low, seconds, _), high = points[0], points[-1][0]
    factor = low / high if knob == "threads" else high / low
    parts.append(
        f'<line x1="{x(low):.1f}" y1="{scale.y(seconds):.1f}" x2="{x(high):.1f}" y2="{scale.y(seconds * factor):.1f}" '
        'stroke="#bbb" stroke-dasharray="3 3"/>'
    )
    line = " ".join(f"{x(value):.1f},{scale.y(s):.1f}" for value, s, _ in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#0b5394" stroke-width="1.5"/>')
    for value, s, words in points:
        said = html.escape(f"{knob} = {value}: {words}")
        parts.append(f'<circle cx="{x(value):.1f}" cy="{scale.y(s):.1f}" r="3" fill="#0b5394"><title>{said}</title></circle>')
    parts.append(f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 30}" text-anchor="middle">{WORDS[knob]}</text>')
    return parts


def main():
    kept = sorted((ROOT / "benchmarks" / "results").glob("lab-*.json"))
    found = json.loads(kept[-1].read_text())
    panels = {}
    for row in found["cost"]:
        words = f'{row["cpu_seconds"]} s, {row["gradient_evaluations"]} gradients'
        panels.setdefault(row["knob"], []).append((row["value"], row["cpu_seconds"], words))
    scale = Scale([seconds for points in panels.values() for _, seconds, _ in points])
    # The race takes other seconds than one flow: it has an axis of its own.
    races = []
    for row in found.get("threads", []):
        wall = row["wall_seconds"]["median"]
        races.append((row["threads"], wall, f'{wall:.1f} s, {row["cpu_seconds"]["median"]:.1f} CPU seconds'))
    ends = LEFT + len(panels) * (WIDTH + GAP)
    total = ends + (LEFT + WIDTH if races else 0)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {TOP + HEIGHT + 42}" font-family="sans-serif" font-size="11" role="img">',
        "<title>CPU seconds of a gradient flow against n, d, K and m; seconds of a race against threads</title>",
        f'<rect width="{total}" height="{TOP + HEIGHT + 42}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18">CPU seconds of a gradient flow to its event, one thread, tolerance 1e-3 (dashes: proportional)</text>',
        *scale.labels(LEFT),
    ]
    for i, (knob, points) in enumerate(panels.items()):
        out += panel(knob, points, scale, LEFT + i * (WIDTH + GAP))
    if races:
        left, scale = ends + LEFT - GAP, Scale([seconds for _, seconds, _ in races])
        out.append(f'<text x="{left}" y="18">Seconds of a race of 16 trials</text>')
        out += [*scale.labels(left), *panel("threads", races, scale, left)]
    target = ROOT / "docs" / "figures" / "flow-cost.svg"
    target.write_text("\n".join([*out, "</svg>"]) + "\n")
    print(target)


if __name__ == "__main__":
    main()
