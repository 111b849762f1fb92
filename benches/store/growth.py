#!/usr/bin/env python3
"""Plots the lines that BENCH_ONLY=growth prints: growth.py < growth.csv > docs/images/store-growth.svg"""
import csv
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 380, 300, 56, 36, 44
COLOURS = ["#2563eb", "#d97706", "#059669"]


def panel(x0, title, label, points, names):
    """One log-log chart; points are (x, [y of each name])."""
    xs = [x for x, _ in points]
    ys = [y for _, values in points for y in values]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    x_low, x_high = math.log10(min(xs)), math.log10(max(xs))
    x_of = lambda x: x0 + LEFT + (math.log10(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - 24)
    y_of = lambda y: HEIGHT - BOTTOM - (math.log10(y) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
    label_of = lambda power: f"{10**power:g} ms" if power < 3 else f"{10 ** (power - 3):g} s"
    out = [f'<text x="{x0 + LEFT}" y="18" font-weight="bold">{title}</text>']
    for power in range(low, high + 1):
        y = y_of(10**power)
        out.append(f'<line x1="{x0 + LEFT}" x2="{x0 + WIDTH - 24}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{x0 + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label_of(power)}</text>')
    for x in xs:
        out.append(f'<text x="{x_of(x):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:,}</text>')
    out.append(f'<text x="{x0 + (LEFT + WIDTH) / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{label}</text>')
    for n, (name, colour) in enumerate(zip(names, COLOURS)):
        line = " ".join(f"{x_of(x):.1f},{y_of(values[n]):.1f}" for x, values in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(v[n]):.1f}" r="3" fill="{colour}"/>' for x, v in points]
        out.append(f'<text x="{x0 + LEFT + 8}" y="{TOP + 12 + 15 * n}" fill="{colour}">{name}</text>')
    return out


def main():
    rows = [row for row in csv.reader(sys.stdin) if row]
    names = [name.removesuffix(" ms").removesuffix(" p50") for name in rows[0][2:]]
    data = [(int(row[0]), int(row[1]), [float(value) for value in row[2:]]) for row in rows[1:]]
    series = [(s, values) for s, i, values in data if i == 1]
    instances = [(i, values) for s, i, values in data if s == 5000]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {2 * WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        *panel(0, "One instance", "series", series, names),
        *panel(WIDTH, "5,000 series", "instances", instances, names),
        "</svg>",
    ]
    print("\n".join(out))


main()
