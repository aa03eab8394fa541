"""Programs for ranges of sizes: graphs traced at many sizes, fitted by one template that gives each of them.

An integer in the template is a polynomial of atoms, which are floor((size + a) / b); another number is a quotient of
two such integers. They must be right for all traces; in small ranges every size is traced. Sizes 0 and 1 decide what
broadcasts and what is contiguous: graphs for them are apart.
"""

from __future__ import annotations

import fractions
import itertools
import json
import random

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft.export.dims import Dim


_EVERY = 64  # so many combinations of sizes are all traced
_MOST_DIMS = 4
_MOST_DIVISOR = 64
_SOME = (11, 13, 16, 17, 19, 24, 31, 32, 33, 37, 48, 61, 64, 65, 97, 127, 128, 129, 255, 256, 257, 509, 1023, 1024)


class Mismatch(Exception):
    """A part of the graph that no template gives for all sizes: (path in the graph, what it is for two sizes)."""

    path: Any
    one: Any
    two: Any

    def __init__(self, path: Any, one: Any, two: Any) -> None:
        self.path, self.one, self.two = path, one, two


def special_cases(dims: Sequence[Dim]) -> list[tuple[int | None, ...]]:
    """For each dimension whether its size is 0, 1 or (None) another one, in all combinations that the ranges allow."""
    choices = [[n for n in (0, 1) if d.min <= n <= d.max] + ([None] if d.max >= 2 else []) for d in dims]
    return list(itertools.product(*choices))


def sizes_to_trace(dims: Sequence[Dim], fixed: Sequence[int | None]) -> Any:
    """Combinations of sizes of a case: all of them where they are few."""
    ranges = [range(max(d.min, 2), d.max + 1) if f is None else range(f, f + 1) for d, f in zip(dims, fixed)]
    count = 1
    for r in ranges:
        count *= len(r)
    if count <= _EVERY:
        return list(itertools.product(*ranges))
    rng = random.Random(count)
    chosen = [_some_of(r, rng) for r in ranges]
    found = {tuple(r[0] for r in ranges), tuple(r[-1] for r in ranges)}
    for place, sizes in enumerate(chosen):
        for others in (0, -1):
            base = [c[min(3, len(c) - 1)] if others == 0 else rng.choice(c) for c in chosen]
            for size in sizes:
                found.add((*base[:place], size, *base[place + 1 :]))
    if len(chosen) > 1:
        for _ in range(40):
            found.add(tuple(rng.choice(c) for c in chosen))
    return sorted(found)


def _some_of(sizes, rng):
    if len(sizes) <= 24:
        return list(sizes)
    first, last = sizes[0], sizes[-1]
    some = {*range(first, first + 8), last - 1, last, *(n for n in _SOME if first <= n <= last)}
    some.update(rng.randint(first, last) for _ in range(6))
    return sorted(some)


def template_of(samples: Any) -> Any:
    """(atoms, template) that give the graphs of all samples, a list of (sizes, graph). Raises Mismatch."""
    fitter = _Fitter([sizes for sizes, _ in samples])
    graphs = [graph for _, graph in samples]
    fitter.join(graphs, (), only_look=True)  # finds the atoms
    return fitter.atoms, fitter.join(graphs, ())


class _Fitter:
    def __init__(self, sizes):
        self.sizes = sizes
        self.count = len(sizes[0])
        self.varying = [d for d in range(self.count) if len({s[d] for s in sizes}) > 1]
        self.atoms = [[d, 0, 1] for d in range(self.count)]
        self.known = {}

    def join(self, values, path, only_look=False):
        first = values[0]
        kind = type(first)
        for number, value in enumerate(values):
            if type(value) is not kind:
                raise Mismatch(path, (self.sizes[0], first), (self.sizes[number], value))
        if kind is dict:
            self._check_equal([sorted(v) for v in values], path)
            return {key: self.join([v[key] for v in values], (*path, key), only_look) for key in first}
        if kind is list:
            self._check_equal([len(v) for v in values], path)
            return [self.join(list(items), (*path, i), only_look) for i, items in enumerate(zip(*values))]
        if kind is int and any(v != first for v in values):
            terms = self._terms(tuple(values), only_look)
            if terms is not None:
                return {"$size": terms}
            if only_look:
                return None
        if kind is float and any(v != first for v in values):
            ratio = self._ratio(values, only_look)
            if ratio is not None:
                return {"$ratio": ratio}
        self._check_equal(values, path)
        return first

    def _ratio(self, values, only_look):
        """Terms of two integers whose quotient, rounded once, is the number: 1 / n, n / (n - 1)."""
        found = [fractions.Fraction(v).limit_denominator(2**31) for v in values]
        if any(f.numerator / f.denominator != v for f, v in zip(found, values)):
            return None
        parts = [tuple(f.numerator for f in found), tuple(f.denominator for f in found)]
        ratio = [self._terms(part, only_look) for part in parts]
        return None if None in ratio else ratio

    def _check_equal(self, values, path):
        for number, value in enumerate(values):
            if value != values[0]:
                raise Mismatch(path, (self.sizes[0], values[0]), (self.sizes[number], value))

    def _terms(self, values, only_look):
        found = self.known.get(values)
        if found is None:
            found = self._affine(values)
            if found is None:
                found = self._floor(values) or self._polynomial(values, 2)
            if found is None and not only_look:
                found = self._polynomial(values, 3) or self._polynomial(values, 4)
            if found is not None:
                self.known[values] = found
        return found

    def _values_of(self, atom):
        d, more, divisor = self.atoms[atom]
        return [(s[d] + more) // divisor for s in self.sizes]

    def _affine(self, values):
        return self._solve(values, [(), *((d,) for d in self.varying)])

    def _floor(self, values):
        """c0 + c1 * floor((size + more) / divisor) of one size."""
        for d in self.varying:
            for divisor in range(2, _MOST_DIVISOR + 1):
                for more in range(divisor):
                    if self._is_floor(values, d, more, divisor):
                        atom = [d, more, divisor]
                        if atom not in self.atoms:
                            self.atoms.append(atom)
                        return self._solve(values, [(), (self.atoms.index(atom),)])
        return None

    def _is_floor(self, values, d, more, divisor):
        steps = [(s[d] + more) // divisor for s in self.sizes]
        i = next((i for i, step in enumerate(steps) if step != steps[0]), None)
        if i is None:
            return False
        slope, rest = divmod(values[i] - values[0], steps[i] - steps[0])
        if rest:
            return False
        return all(v - values[0] == slope * (step - steps[0]) for v, step in zip(values, steps))

    def _polynomial(self, values, degree):
        atoms = [i for i, atom in enumerate(self.atoms) if atom[0] in self.varying]
        products = [p for n in range(degree + 1) for p in itertools.combinations_with_replacement(atoms, n)]
        # Twice as many traces as unknowns: half of them are a test.
        return self._solve(values, products) if 2 * len(products) <= len(self.sizes) else None

    def _solve(self, values, products):
        """Whole factors of the products of atoms whose sum gives all values, as terms; None where there are none."""
        columns = []
        for product in products:
            column = [1] * len(values)
            for atom in product:
                column = [a * b for a, b in zip(column, self._values_of(atom))]
            columns.append(column)
        factors = _solution(columns, values)
        if factors is None:
            return None
        return [[f, *product] for f, product in zip(factors, products) if f != 0]


def _solution(columns, values):
    """Integers x with sum(x[i] * columns[i]) == values, or None; those that are free are 0."""
    rows = [[fractions.Fraction(c[i]) for c in columns] + [fractions.Fraction(values[i])] for i in range(len(values))]
    pivots, rank = [], 0
    for column in range(len(columns)):
        place = next((r for r in range(rank, len(rows)) if rows[r][column] != 0), None)
        if place is None:
            continue
        rows[rank], rows[place] = rows[place], rows[rank]
        scale = rows[rank][column]
        rows[rank] = [v / scale for v in rows[rank]]
        for r in range(len(rows)):
            if r != rank and rows[r][column] != 0:
                factor = rows[r][column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[rank])]
        pivots.append(column)
        rank += 1
    if any(row[-1] != 0 for row in rows[rank:]):
        return None
    solution = [0] * len(columns)
    for r, column in enumerate(pivots):
        if rows[r][-1].denominator != 1:
            return None
        solution[column] = int(rows[r][-1])
    return solution


def described(mismatch: Mismatch, samples: Any, dims: Sequence[Dim]) -> str:
    """What is wrong, for people: the op and its line."""
    graphs = {sizes: graph for sizes, graph in samples}
    (one_sizes, one), (two_sizes, two) = mismatch.one, mismatch.two

    def shown(sizes):
        return ", ".join(f"{d.name}={n}" for d, n in zip(dims, sizes))

    path = mismatch.path
    first, second = graphs[one_sizes], graphs[two_sizes]
    if path in _LISTS or path[0] == "nodes" and path[2:] in (("op",), ("fields",), ("fields", "function")):
        place = _first_difference(first["nodes"], second["nodes"])
        ops = [_op_text(graph, place) for graph in (first, second)]
        return f"it does something else for {shown(two_sizes)} ({ops[1]}) than for {shown(one_sizes)} ({ops[0]})"
    where = ""
    if path[0] == "nodes":
        where = f" of {_op_text(first, path[1])}"
    elif path[0] == "values":
        maker = next((i for i, n in enumerate(first["nodes"]) if path[1] in n["outputs"]), None)
        where = " of an argument" if maker is None else f" of the result of {_op_text(first, maker)}"
    name = next((part for part in reversed(path) if type(part) is str), "a number")
    return f"'{name}'{where} is {json.dumps(one)} for {shown(one_sizes)} and {json.dumps(two)} for {shown(two_sizes)}"


_LISTS = (("nodes",), ("values",), ("inputs",), ("lines",))


def _first_difference(one, two):
    for place, (a, b) in enumerate(zip(one, two)):
        if (a["op"], a["fields"].get("function")) != (b["op"], b["fields"].get("function")):
            return place
    return min(len(one), len(two))


def _op_text(graph, place):
    if place >= len(graph["nodes"]):
        return "no more ops"
    node = graph["nodes"][place]
    line = graph["lines"][node["line"]]
    name = node["fields"].get("function", node["op"])
    return f"the op {name}" + (f" at {line}" if line else "")
