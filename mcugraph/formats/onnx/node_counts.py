"""What the nodes of an ONNX file come to: counted before it is listed, and held against limits."""

from mcugraph.formats.load_limits import LoadLimits
from mcugraph.formats.onnx.node import OnnxNode


class NodeCounts:
    """What has been counted in one file so far.

    Args:
        path: The file, named in errors.
        limits: How much there may be.
    """

    def __init__(self, path: str, limits: LoadLimits) -> None:
        self._path, self._limits, self._parts = path, limits, 0

    def runs(self, node: OnnxNode, count: int) -> None:
        """Hold how often a node runs its body.

        Raises:
            FormatError: That is more than the limit.
        """
        self._hold(node, "runs of its body", count)

    def parts(self, node: OnnxNode, count: int) -> None:
        """Count the parts of a sequence that a node makes.

        Raises:
            FormatError: All sequences together have more than the limit.
        """
        self._parts += count
        self._hold(node, "parts of sequences", self._parts)

    def _hold(self, node: OnnxNode, what: str, count: int) -> None:
        where = f"{self._path}: operator {node.label!r} ({node.native})"
        self._limits.hold("trips", f"{where}: {what}", count)
