"""The deployed form: the network that a TFLite file of it holds, operator for operator.

Everything counts this one: peak, arena, work, flash, plans and functions of widths.
"""

from mcugraph.ir import Graph
from mcugraph.rewrite.arguments import store_arguments
from mcugraph.rewrite.biases import zero_biases
from mcugraph.rewrite.cleaning import copy_by_reshape, drop_identities, drop_unread_states
from mcugraph.rewrite.edit import Edit, rewritten
from mcugraph.rewrite.factors import fold_factors, fold_own_factors
from mcugraph.rewrite.folding import fold_batch_norm
from mcugraph.rewrite.fusing import fuse_activations, fuse_squeezes, reduce_globally
from mcugraph.rewrite.norms import join_group_norms, split_norms
from mcugraph.rewrite.padding import pad_before
from mcugraph.rewrite.settling import settle_reshapes, share_results
from mcugraph.rewrite.softmaxes import turn_softmax
from mcugraph.rewrite.spelling import split_activations
from mcugraph.rewrite.splitting import (
    depthwise_of_one_channel,
    split_attention,
    split_batch_norm,
    split_by_slices,
    split_channel_shuffle,
    split_clip,
    split_silu,
)
from mcugraph.rewrite.sums import fold_sums
from mcugraph.rewrite.transposed import convolve_unstrided, cut_after, split_groups
from mcugraph.rewrite.variances import split_variances
from mcugraph.rewrite.written_gelus import join_gelus


def fold_constants(edit: Edit) -> None:
    """Sums and products with constants folded into layers; what one leaves may go in the next."""
    while any([fold_sums(edit), fold_factors(edit)]):
        pass


# In this order: what is split may be fused, what is fused is not padded again, and arguments are
# those of the operators that there are in the end.
STEPS = (
    drop_identities,
    copy_by_reshape,
    drop_unread_states,
    join_gelus,
    split_silu,
    split_activations,
    split_attention,
    turn_softmax,
    split_channel_shuffle,
    split_by_slices,
    fold_own_factors,
    fold_batch_norm,
    split_batch_norm,
    join_group_norms,
    split_norms,
    split_variances,
    fold_constants,
    zero_biases,
    fuse_activations,
    split_clip,
    convolve_unstrided,
    depthwise_of_one_channel,
    reduce_globally,
    fuse_squeezes,
    settle_reshapes,
    fuse_activations,
    share_results,
    pad_before,
    cut_after,
    split_groups,
    store_arguments,
)


def deploy_form(graph: Graph) -> Graph:
    """A graph, without its subgraphs, as it is deployed."""
    return _numbered(rewritten(graph, *STEPS))


def _numbered(graph: Graph) -> Graph:
    """The tensors in the order of a converter's file: inputs, constants, results as they come.

    Between tensors of equal size TFLM's planner goes by their numbers.
    """
    results = [name for operator in graph.operators for name in operator.outputs]
    made = set(results)
    given = [name for name in graph.tensors if name not in made]
    order = dict.fromkeys((*graph.inputs, *given, *results))
    return graph.replace(tensors={name: graph.tensors[name] for name in order})
