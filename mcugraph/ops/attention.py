"""Scaled dot-product attention as one operator."""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Dim, Dims, Role, Signature, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Rules, count, given
from mcugraph.ops.labels import Channels, compress, equal_rows, varies
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Attention(Rules):
    """softmax(query keys^T) values, head by head: (query, keys, values, mask, past...).

    Operands are (batch, heads, length, depth), or (batch, length, heads * depth) with the
    numbers of heads as attributes. Fewer heads of keys than of queries are shared (grouped
    queries).

    Attributes:
        query_heads, key_heads: Where operands have three axes.
        outputs: How many outputs: result, present keys, present values, scores.
        scale: What scores are multiplied by; None: they are divided by the root of the depth.
        variant: What else is done to scores, in words; empty: nothing but adding the mask.
    """

    query_heads: int | None = None
    key_heads: int | None = None
    outputs: int = 1
    scale: float | None = None
    variant: str = ""

    @property
    def kind(self) -> str:
        return "attention"

    def role(self, index: int) -> Role:
        return Role.WEIGHT

    def _heads(self, shape: Dims, heads: int | None) -> Dims:
        """A shape as (batch, heads, length, depth)."""
        if len(shape) == 4:
            return shape
        if len(shape) != 3 or heads is None:
            raise GraphError(f"attention cannot take an operand of shape {shape}")
        return (shape[0], heads, shape[1], shape[2] // heads)

    def _by_head(self, labels: Array, heads: int | None) -> Array:
        """An array as (batch, heads, length, depth)."""
        batch, count, length, depth = self._heads(labels.shape, heads)
        if labels.ndim == 4:
            return labels
        return labels.reshape(batch, length, count, depth).transpose(0, 2, 1, 3)

    def _operands(self, inputs: Sequence[Dims | None]) -> tuple[Dims, Dims, Dims]:
        query, keys, values = inputs[:3]
        if query is None or keys is None or values is None:
            raise GraphError("attention needs a query, keys and values")
        q = self._heads(query, self.query_heads)
        k, v = self._heads(keys, self.key_heads), self._heads(values, self.key_heads)
        past = inputs[4] if len(inputs) > 4 else None
        if past is not None:
            length = k[2] + past[2]
            k = (*k[:2], length, k[3])
            v = (*v[:2], length, v[3])
        return q, k, v

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        query = given(inputs, 0)
        q, k, v = self._operands([None if t is None else t.shape for t in inputs])
        if len(query.shape) == 4:
            result: Dims = (q[0], q[1], q[2], v[3])
        else:
            result = (q[0], q[2], q[1] * v[3])
        shapes: tuple[Dims, ...] = (result, k, v, (q[0], q[1], q[2], k[2]))
        return tuple(TensorType(query.dtype, shape) for shape in shapes[: self.outputs])

    def macs(self, s: Signature) -> Dim | None:
        q, k, v = self._operands(s.inputs)
        return count(q[:3]) * k[2] * (q[3] + v[3])

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        found = [channels.labels(index) for index in range(3)]
        query, keys, values = found
        if query is None or keys is None or values is None or self.outputs > 1:
            return None
        q = self._by_head(query, self.query_heads)
        k, v = self._by_head(keys, self.key_heads), self._by_head(values, self.key_heads)
        if any(varies(labels, 2) for labels in (q, k, v)):
            return None
        shared = q.shape[1] // k.shape[1]
        channels.unite(q[:, :, 0], np.repeat(k[:, :, 0], shared, axis=1))
        for part in (q, k, v):
            equal_rows(channels, part, "equal channels in every head")
        result = np.repeat(v[:, :, :1], shared, axis=1)
        whole = np.broadcast_to(result, (*q.shape[:3], v.shape[3]))
        if query.ndim == 3:
            whole = whole.transpose(0, 2, 1, 3)
        return (compress(whole.reshape(channels.results[0])),)
