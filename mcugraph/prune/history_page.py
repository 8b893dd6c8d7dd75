"""What happened while a model was pruned, as one HTML page with nothing from elsewhere."""

from collections.abc import Mapping, Sequence

from mcugraph.ir import Array
from mcugraph.report.pages.charts import Axis, curves, table, text
from mcugraph.report.pages.shell import html
from mcugraph.units import exact


def page(
    steps: Sequence[int],
    costs: Mapping[str, Array],
    budgets: Mapping[str, int],
    groups: Sequence[str],
    widths: Array,
) -> str:
    """Costs against their budgets over the training, and what became of each group.

    Args:
        steps: After how many training steps each update was, one at the least.
        costs: By name, shape (updates,).
        budgets: By name of the cost.
        groups: Their names.
        widths: Classes of each group that stay, shape (updates, groups).
    """
    across = Axis("training steps", steps[0], steps[-1], lambda step: f"{step:,.0f}")
    title = f"Pruning over {steps[-1]:,} steps"
    shares = {name: cost / (budgets.get(name) or cost[0]) for name, cost in costs.items()}
    most = max(1.0, *(float(share.max()) for share in shares.values()))
    body = [
        f"<h1>{text(title)}</h1>",
        "<h2>Costs, as a multiple of their budgets</h2>",
        "<p>A cost without a budget: of what it was at first.</p>",
        curves(
            steps,
            {name: share.tolist() for name, share in shares.items()},
            across,
            Axis("of the budget", 0.0, most, lambda share: f"{share:.2f}"),
            "Costs as a multiple of their budgets over training steps",
            1.0,
        ),
        table(
            ["cost", "budget", "first", "last"],
            [
                [
                    name,
                    exact(budgets[name]) if name in budgets else "",
                    *(exact(round(float(cost[i]))) for i in (0, -1)),
                ]
                for name, cost in costs.items()
            ],
        ),
        "<h2>Widths</h2>",
        table(
            ["group", "first", "last", "kept"],
            [
                [name, exact(int(a)), exact(int(b)), f"{b / a:.0%}" if a else ""]
                for name, a, b in zip(groups, widths[0], widths[-1], strict=True)
            ],
        ),
    ]
    return html(title, "\n".join(body))
