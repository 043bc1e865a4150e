"""Prints the figures of a run as Markdown: `table.py FOLDER` with ours.json, peers.json or both in it."""

import json
import os
import statistics
import sys


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def spread(values):
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))}–{number(max(values))})"


def ours(answer):
    print(f"{answer['server']}; {'release' if answer['is_release_build'] else 'DEBUG'} build\n")
    print("| figure | unit | ours: median (min–max) | raw | ours/raw | raw is |\n|---|---|--:|--:|--:|---|")
    for figure in answer["figures"]:
        def cell(name, digits=None):
            part = figure.get(name)
            if not part:
                return ""
            show = (lambda value: f"{value:.{digits}f}") if digits else number
            return f"{show(part['median'])} ({show(part['min'])}–{show(part['max'])})"

        print(f"| {figure['name']} | {figure['unit']} | {cell('ours', 2 if figure['unit'] == 'ms' else None)} | "
              f"{cell('raw')} | {cell('ratio', 2)} | {figure.get('raw_name') or ''} |")
    print()


def peers(answer):
    columns = ["enqueue 8", "bulk", "drain 1", "drain 2", "start p50 ms", "start p99 ms", "WAL per job",
               "dead tuples per 100,000"]
    print(f"| peer | {' | '.join(columns)} | settings |\n|---|{'--:|' * len(columns)}---|")
    for name, peer in answer.items():
        cells = [spread(peer["figures"][column]) if column in peer["figures"] else "–" for column in columns]
        print(f"| {name} {peer['version']} | {' | '.join(cells)} | {peer['settings']}; {peer['jobs']:,} jobs |")
    for name, peer in answer.items():
        for failure in peer["failures"]:
            print(f"\n{name}: {failure}")


folder = sys.argv[1]
for name, show in (("ours.json", ours), ("peers.json", peers)):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path) as file:
            show(json.load(file))
