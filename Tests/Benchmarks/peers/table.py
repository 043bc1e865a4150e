"""Prints the figures of a run as Markdown: `table.py FOLDER` with ours.json, turns.json or both in it."""

import json
import os
import statistics
import sys

# What measure.py calls a figure, and `siyu bench jobs`.
OURS = {
    "enqueue 8": "enqueue, 8 producers, 2 processes of 4",
    "bulk": "enqueue in bulk",
    "drain 1": "drain, 1 worker process",
    "drain 2": "drain, 2 worker processes",
    "WAL per job": "WAL of a drained job",
    "dead tuples per 100,000": "dead tuples after 100000 jobs",
    "start p50 ms": "enqueue to start when idle, p50",
    "start p99 ms": "enqueue to start when idle, p99",
}


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def spread(values):
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))}–{number(max(values))})"


def show_ours(answers):
    """Answers of one run of several pairs, or of several runs of one pair each."""
    first = answers[0]
    print(f"{first['server']}; {'release' if first['is_release_build'] else 'DEBUG'} build\n")
    print("| figure | unit | ours: median (min–max) | raw | ours/raw | raw is |\n|---|---|--:|--:|--:|---|")
    for index, figure in enumerate(first["figures"]):
        def cell(part):
            parts = [answer["figures"][index].get(part) for answer in answers]
            parts = [part for part in parts if part]
            if not parts:
                return ""
            if len(parts) > 1:
                return spread([part["median"] for part in parts])
            return f"{number(parts[0]['median'])} ({number(parts[0]['min'])}–{number(parts[0]['max'])})"

        print(f"| {figure['name']} | {figure['unit']} | {cell('ours')} | {cell('raw')} | {cell('ratio')} | "
              f"{figure.get('raw_name') or ''} |")
    print()


def per_round(answers):
    """Our figures by the names of measure.py, a value for each round."""
    def value(answer, name):
        for figure in answer["figures"] if answer else []:
            if figure["name"] == name and figure.get("ours"):
                return figure["ours"]["median"]
        return None

    return {figure: [value(answer, name) for answer in answers] for figure, name in OURS.items()}


def show_peers(peers, ours):
    print(f"| queue | {' | '.join(OURS)} | settings |\n|---|{'--:|' * len(OURS)}---|")
    if ours:
        print(f"| ours | {' | '.join(spread(ours[figure]) for figure in OURS)} | |")
    for name, peer in peers.items():
        cells = [spread(peer["figures"].get(figure, [])) for figure in OURS]
        print(f"| {name} {peer['version']} | {' | '.join(cells)} | {peer['settings']}; {peer['jobs']:,} jobs |")
    print()


def show_ratios(peers, ours):
    """Each round's own quotient: both sides of it met the same minutes."""
    print("ours/peer, of the same round: more is better for jobs/s, less for ms, bytes and dead tuples\n")
    print(f"| ours beside | {' | '.join(OURS)} | rounds |\n|---|{'--:|' * len(OURS)}--:|")
    for name, peer in peers.items():
        cells, rounds = [], 0
        for figure in OURS:
            pairs = zip(ours[figure], peer["figures"].get(figure, []))
            ratios = [mine / theirs for mine, theirs in pairs if mine is not None and theirs]
            rounds = max(rounds, len(ratios))
            cells.append(spread(ratios))
        print(f"| {name} | {' | '.join(cells)} | {rounds} |")
    print()


def read(name):
    path = os.path.join(sys.argv[1], name)
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return json.load(file)


alone, turns = read("ours.json"), read("turns.json")
if alone:
    show_ours([alone])
if turns:
    answers = [answer for answer in turns["ours"] if answer]
    if answers:
        show_ours(answers)
    show_peers(turns["peers"], per_round(turns["ours"]) if answers else None)
    if answers:
        show_ratios(turns["peers"], per_round(turns["ours"]))
    for name, peer in turns["peers"].items():
        for failure in peer["failures"]:
            print(f"{name}: {failure}\n")
