"""Labels that are given to a graph: of channels that go together as parts of its structure."""

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from mcugraph.ir import Array
from mcugraph.ops.labels import FIXED
from mcugraph.records import dataclass

FIRST = FIXED + 1  # the label of the first class
Way = tuple[str, int, str]


@dataclass(frozen=True)
class Seeds:
    """What is labelled otherwise than operators say.

    Attributes:
        classes: How many classes there are; they have the first labels that channels have.
        made: Name of an operator -> the class of each channel that its layer makes; -1: its own.
        joined: (name of an operator that joins, number of an operand) -> the class of what it
            reads there, whatever that is elsewhere.
        ways: (name of an operator, plane, way) -> whether it works in that way, as
            ``Channels.works`` says; where nothing is said, shapes and labels tell.
    """

    classes: int = 0
    made: Mapping[str, Array] = field(default_factory=dict)
    joined: Mapping[tuple[str, int], int] = field(default_factory=dict)
    ways: Mapping[Way, bool] = field(default_factory=dict)

    def among(self, operator: str, own: Array) -> Array:
        """The labels of what a layer makes.

        Args:
            operator: Its name.
            own: What they would be otherwise.
        """
        given = self.made.get(operator)
        return own if given is None else np.where(given < 0, own, FIRST + given)
