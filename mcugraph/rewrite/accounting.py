"""Which form of a network is counted: as it is deployed, or as the paper counts it."""

from mcugraph.ir import Graph

ACCOUNTINGS = ("deployed", "paper")


def account(graph: Graph, accounting: str) -> Graph:
    """The graph in the form that an accounting counts."""
    return graph
