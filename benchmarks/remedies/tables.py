"""docs/remedies-tables.md from kept comparisons: what every method gains on every data set.

    python benchmarks/remedies/tables.py FOLDER ...    # folders of `rivalry remedy SET.npz --out FOLDER`

Nothing is computed here but counts: every figure is one of report.json.
"""

import json
import pathlib
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "remedies-tables.md"


def number(cell, signed):
    """Points of an estimate with its interval, or why there is none."""
    if cell["value"] is None:
        return "" if "itself" in cell["method"] or "is a control" in cell["method"] else "-"
    form = "{:+.1f}" if signed else "{:.1f}"
    value, low, high = (100.0 * cell[k] if cell[k] is not None else None for k in ("value", "low", "high"))
    if low is None:
        return form.format(value)
    return f"{form.format(value)} [{form.format(low)}, {form.format(high)}]"


def command(report):
    """The words that make this table again."""
    settings, name = report["settings"], report["data"]["name"]
    # The digits are compiled in.
    source = "demo" if name == "handwritten" else f"{name}.npz"
    words = f"rivalry remedy {source} --seeds {settings['seeds']}"
    if settings["configurations"] != 8:
        words += f" --configurations {settings['configurations']}"
    return words


def section(report):
    data, results, verdict = report["data"], report["results"], report["verdict"]
    names = ", ".join(m["name"] for m in data["modalities"])
    notes = [f"Note: {note}" for note in verdict["notes"] if note.startswith("on test rows")]
    lines = [
        f"## {data['name']}",
        "",
        f"    {command(report)}",
        "",
        f"{data['n']} samples, {len(data['classes'])} classes, {names}; {report['settings']['n_trials']} trainings of each row. "
        f"Best alone: {results['best_unimodal']}; modality that joint training damages most: {results['weakest_modality'] or 'none'}.",
        "",
        f"**{verdict['code']}**: {verdict['sentence']}",
        *(["", *notes] if notes else []),
        "",
        "| row | accuracy | over joint | over best alone | over ensemble | p | passes |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["remedies"]:
        p = "" if row["adjusted_p"] is None else f"{row['adjusted_p']:.3f}"
        passes = row["relative_cost"]["passes"]
        lines.append(
            f"| {row['name']}{' **chosen**' if row['chosen'] else ''} | {number(row['accuracy'], False)} "
            f"| {number(row['gain_over_joint'], True)} | {number(row['gain_over_best_unimodal'], True)} "
            f"| {number(row['gain_over_ensemble'], True)} | {p} | {'' if passes is None else f'{passes:.1f}'} |"
        )
    refused = results["refused"]
    if refused:
        lines += ["", "Not applicable: " + "; ".join(f"{r['name']} ({r['why']})" for r in refused) + "."]
    return lines


def above(cell):
    return cell["low"] is not None and cell["low"] > 0.0


def below(cell):
    return cell["high"] is not None and cell["high"] < 0.0


def summary(reports):
    """By row: on how many sets its interval lies above or below that of joint training and of the ensemble."""
    rows = {}
    for report in reports:
        for row in report["results"]["remedies"]:
            if row["strategy"] == "unimodal":
                continue
            rows.setdefault(row["name"], []).append(row)
    lines = [
        "| row | sets | over joint, mean | above joint | below joint | above the ensemble | below the ensemble | proven |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    proven = [set(report["verdict"]["proven"]) for report in reports]
    for name, found in rows.items():
        gains = [row["gain_over_joint"]["value"] for row in found]
        gains = [gain for gain in gains if gain is not None]
        mean = f"{100.0 * sum(gains) / len(gains):+.1f}" if gains else ""
        count = lambda test, key: sum(test(row[key]) for row in found)
        own = lambda text, is_own: "" if is_own else text
        lines.append(
            f"| {name} | {len(found)} | {mean} "
            f"| {own(count(above, 'gain_over_joint'), name == 'naive')} | {own(count(below, 'gain_over_joint'), name == 'naive')} "
            f"| {own(count(above, 'gain_over_ensemble'), name == 'ensemble')} | {own(count(below, 'gain_over_ensemble'), name == 'ensemble')} "
            f"| {own(sum(name in p for p in proven), found[0]['kind'] == 'control')} |"
        )
    return lines


def answers(reports):
    lines = [
        "| set | joint | best alone | ensemble | chosen | its accuracy | over joint | answer |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for report in reports:
        rows = {row["name"]: row for row in report["results"]["remedies"]}
        alone = rows[f"{report['results']['best_unimodal']} alone"]
        chosen = rows[report["results"]["chosen"]]
        verdict = report["verdict"]
        lines.append(
            f"| [{report['data']['name']}](#{report['data']['name']}) | {number(rows['naive']['accuracy'], False)} "
            f"| {number(alone['accuracy'], False)} | {number(rows['ensemble']['accuracy'], False)} | {chosen['name']} "
            f"| {number(chosen['accuracy'], False)} | {number(chosen['gain_over_joint'], True)} "
            f"| `{verdict['code']}`: {', '.join(verdict['proven']) or verdict['use']} |"
        )
    return lines


def main(folders):
    reports = [json.loads((pathlib.Path(folder) / "report.json").read_text()) for folder in folders]
    if not reports:
        sys.exit("give the folders of kept comparisons: python benchmarks/remedies/tables.py FOLDER ...")
    lines = [
        "# Every remedy on the development sets",
        "",
        "Percent and points, intervals at level 0.95. Each table is what the command above it printed; [remedy.md](remedy.md) has the rules,",
        "[datasets.md](datasets.md) says where the sets come from. *p*: of \"it beats every control\", adjusted over methods. *passes*: samples through encoders, naive joint",
        "training being 1. Written by `benchmarks/remedies/tables.py` from kept reports.",
        "",
        "## Answers",
        "",
        *answers(reports),
        "",
        "## Methods over all sets",
        "",
        "*above*, *below*: sets in which the whole interval of the difference is above or below 0, not adjusted for the number of rows. *proven*: by the rule of",
        "[the answer](remedy.md#the-answer).",
        "",
        *summary(reports),
    ]
    for report in reports:
        lines += ["", *section(report)]
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
