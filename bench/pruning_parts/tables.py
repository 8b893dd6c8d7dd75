"""Results of the pruning benchmark as Markdown."""

from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Any

from pruning_parts.runs import COSTS, FROM_SCRATCH
from pruning_parts.statistics import Difference, paired

Row = dict[str, Any]
Key = tuple[str, str, str]  # data, network, triple
# What the default is held against, and at which budgets it has to be better.
RIVALS = ("uniform", "Torch-Pruning", "L1 one-shot")


class Table:
    """Rows of results, by what they are of.

    Args:
        rows: Of a file of results.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.plain = {
            (r["data"], r["network"], r["seed"]): r for r in rows if r["method"] == "unpruned"
        }
        self.again = {
            (r["data"], r["network"], r["seed"], tuple(r["widths"])): r
            for r in rows
            if r["method"] in FROM_SCRATCH
        }
        pruned = [r for r in rows if r["triple"]]
        self.cells = list(dict.fromkeys((r["data"], r["network"], r["triple"]) for r in pruned))
        self.methods = list(dict.fromkeys(r["method"] for r in pruned))

    def of(self, key: Key, method: str) -> list[Row]:
        """The runs of a method at some budgets."""
        wanted = *key, method
        return [
            r for r in self.rows if (r["data"], r["network"], r["triple"], r["method"]) == wanted
        ]

    def accuracy(self, key: Key, method: str) -> dict[int, float]:
        """In per cent, by seed, of the runs that met the budgets."""
        return {r["seed"]: 100 * r["accuracy"] for r in self.of(key, method) if is_met(r)}

    def retrained(self, key: Key, method: str) -> dict[int, float]:
        """The same of the same widths, trained from the start."""
        found = {
            r["seed"]: self.again.get((r["data"], r["network"], r["seed"], tuple(r["widths"])))
            for r in self.of(key, method)
        }
        return {seed: 100 * r["accuracy"] for seed, r in found.items() if r is not None}

    def rivals(self) -> list[str]:
        """Those that the default is to be better than, as far as there are results of them."""
        return [name for name in RIVALS if name in self.methods]

    def differences(self, key: Key, method: str, other: str) -> Difference:
        """What one method has more than another, in points."""
        return paired(self.accuracy(key, method), self.accuracy(key, other))

    def detailed(self) -> Iterator[str]:
        """All methods at all budgets, one table a network."""
        for data, network in dict.fromkeys(key[:2] for key in self.cells):
            whole = [r for r in self.plain.values() if (r["data"], r["network"]) == (data, network)]
            said = f"**{network}, {data}**"
            if whole:
                costs = ", ".join(f"{name} {whole[0][name]:,}" for name in COSTS)
                accuracy = 100 * mean(r["accuracy"] for r in whole)
                said += f": the whole network has {accuracy:.1f} %, {costs}"
            yield said + "\n"
            yield (
                "| budgets | method | accuracy, % | to uniform | same widths retrained | to uniform"
                " | peak, size, MACs used | met | slimmed at | time |"
            )
            yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
            for key in self.cells:
                if key[:2] == (data, network):
                    for method in self.methods:
                        if self.of(key, method):
                            yield self._line(key, method)
            yield ""

    def _line(self, key: Key, method: str) -> str:
        rows, again = self.of(key, method), self.retrained(key, method)
        accuracy = self.accuracy(key, method)
        met = sum(is_met(r) for r in rows)
        used = " ".join(f"{mean(r[n] / r['budgets'][n] for r in rows):.2f}" for n in COSTS)
        steps = [r["met_at"] for r in rows if r["met_at"] is not None]
        own = method in FROM_SCRATCH
        times = [
            r["seconds"] / plain["seconds"]
            for r in rows
            if (plain := self.plain.get((r["data"], r["network"], r["seed"])))
        ]
        cells = [
            key[2],
            method,
            f"{mean(accuracy.values()):.1f}" if accuracy else "over budget",
            "" if method == "uniform" else str(self.differences(key, method, "uniform")),
            f"{mean(again.values()):.1f}" if again and not own else "",
            "" if own else str(paired(again, self.accuracy(key, "uniform"))),
            used,
            f"{met} of {len(rows)}",
            f"{mean(steps):.0f}" if steps else "-",
            f"{mean(times):.2f}" if times else "",
        ]
        return "| " + " | ".join(cells) + " |"

    def against(self, method: str, others: Sequence[str]) -> Iterator[str]:
        """What a method has more than some others, in points, with 95 % intervals."""
        yield "| network | budgets | " + " | ".join(f"over {other}" for other in others) + " |"
        yield "|---|---|" + "--:|" * len(others)
        for key in self.cells:
            found = [str(self.differences(key, method, other)) for other in others]
            if all(entry == "-" for entry in found):
                continue
            yield f"| {key[1]}, {key[0]} | {key[2]} | " + " | ".join(found) + " |"

    def pooled(self, method: str, others: Sequence[str]) -> Iterator[str]:
        """The same over all networks and seeds at once."""
        triples = list(dict.fromkeys(key[2] for key in self.cells))
        yield "| " + method + " over | " + " | ".join(triples) + " |"
        yield "|---|" + "--:|" * len(triples)
        for other in others:
            found = []
            for triple in triples:
                keys = [key for key in self.cells if key[2] == triple]
                mine, its = (
                    {(k, s): a for k in keys for s, a in self.accuracy(k, m).items()}
                    for m in (method, other)
                )
                found.append(str(paired(mine, its)))
            yield f"| {other} | " + " | ".join(found) + " |"

    def budgets(self) -> Iterator[str]:
        """Whether each method met its budgets, and what it left of the binding one."""
        yield "| method | budgets met | binding budget unused, mean | at most |"
        yield "|---|--:|--:|--:|"
        for method in self.methods:
            rows = [r for r in self.rows if r["triple"] and r["method"] == method]
            unused = [unused_of(r) for r in rows if is_met(r)]
            left = f"{mean(unused):.1%} | {max(unused):.1%}" if unused else "- | -"
            yield f"| {method} | {len(unused)} of {len(rows)} | {left} |"


def is_met(row: Row) -> bool:
    """Whether a network is within all its budgets."""
    return all(row[name] <= limit for name, limit in row["budgets"].items())


def unused_of(row: Row) -> float:
    """The share that is left of the budget of which the least is left."""
    return 1 - max(row[name] / limit for name, limit in row["budgets"].items())
