#!/usr/bin/env python3
"""Draws the cost of a flow against n, d, K and m from the latest kept result:
one panel a knob, both axes logarithmic, a line of slope one for the eye."""

import html
import json
import math
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, HEIGHT, GAP, LEFT, TOP = 150, 150, 34, 52, 34
WORDS = {"n": "samples n", "d": "features d", "K": "classes K", "m": "neurons per class m"}


def panel(knob, rows, low, high, left):
    xs = [math.log2(row["value"]) for row in rows]
    first, last = min(xs), max(xs)

    def x(value):
        return left + WIDTH * (math.log2(value) - first) / (last - first)

    def y(seconds):
        return TOP + HEIGHT * (1 - (math.log10(seconds) - low) / (high - low))

    parts = [f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    for row in rows:
        parts.append(f'<text x="{x(row["value"]):.1f}" y="{TOP + HEIGHT + 14}" text-anchor="middle">{row["value"]}</text>')
    start, end = rows[0], rows[-1]
    ends = [start["cpu_seconds"], start["cpu_seconds"] * end["value"] / start["value"]]
    parts.append(
        f'<line x1="{x(start["value"]):.1f}" y1="{y(ends[0]):.1f}" x2="{x(end["value"]):.1f}" y2="{y(ends[1]):.1f}" '
        'stroke="#bbb" stroke-dasharray="3 3"/>'
    )
    points = " ".join(f'{x(r["value"]):.1f},{y(r["cpu_seconds"]):.1f}' for r in rows)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#0b5394" stroke-width="1.5"/>')
    for row in rows:
        said = html.escape(f'{knob} = {row["value"]}: {row["cpu_seconds"]} s, {row["gradient_evaluations"]} gradients')
        parts.append(f'<circle cx="{x(row["value"]):.1f}" cy="{y(row["cpu_seconds"]):.1f}" r="3" fill="#0b5394"><title>{said}</title></circle>')
    parts.append(f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 30}" text-anchor="middle">{WORDS[knob]}</text>')
    return parts


def main():
    kept = sorted((ROOT / "benchmarks" / "results").glob("lab-*.json"))
    rows = json.loads(kept[-1].read_text())["cost"]
    knobs = list(dict.fromkeys(row["knob"] for row in rows))
    seconds = [row["cpu_seconds"] for row in rows]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds) * 1.3))
    total = LEFT + len(knobs) * (WIDTH + GAP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {TOP + HEIGHT + 42}" font-family="sans-serif" font-size="11" role="img">',
        "<title>CPU seconds of a gradient flow against n, d, K and m</title>",
        f'<rect width="{total}" height="{TOP + HEIGHT + 42}" fill="#fff"/>',
        f'<text x="{LEFT}" y="18">CPU seconds of a gradient flow to its event, one thread, tolerance 1e-3 (dashes: proportional)</text>',
    ]
    for power in range(low, high + 1):
        y = TOP + HEIGHT * (1 - (power - low) / (high - low))
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for i, knob in enumerate(knobs):
        out += panel(knob, [row for row in rows if row["knob"] == knob], low, high, LEFT + i * (WIDTH + GAP))
    target = ROOT / "docs" / "figures" / "flow-cost.svg"
    target.write_text("\n".join([*out, "</svg>"]) + "\n")
    print(target)


if __name__ == "__main__":
    main()
