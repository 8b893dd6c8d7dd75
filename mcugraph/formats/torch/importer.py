"""PyTorch modules and saved programs to graphs."""

from collections.abc import Mapping
from typing import Any

from mcugraph.errors import DimensionError, FormatError, GraphError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.folded_values import Folding
from mcugraph.formats.load_limits import UNLIMITED, LoadLimits
from mcugraph.formats.torch.constant_calls import fold
from mcugraph.formats.torch.control import conditional
from mcugraph.formats.torch.export import export, functional
from mcugraph.formats.torch.given import inputs_of, installed, plain_module
from mcugraph.formats.torch.program import ProgramReader
from mcugraph.formats.torch.saved.archive import SavedArchive
from mcugraph.formats.torch.saved.programs import read_trusted, read_untrusted
from mcugraph.formats.torch.sizes import Sizes
from mcugraph.ir import Graph, Source, verify


def from_torch(
    model: Any, example_inputs: Any = (), kwargs: Mapping[str, Any] | None = None
) -> Graph:
    """The graph of a PyTorch model at inference.

    The model goes through ``torch.export``, which runs it on fake tensors; no real data passes
    through it, and it comes back untouched, in the mode it was in. Operators bear the path of
    the module that made them, parameters and buffers their name in the state dict. Values are
    read from the model when a rule asks for them.

    Args:
        model: A ``torch.nn.Module``, a ``torch.fx.GraphModule`` among them, or a
            ``torch.export.ExportedProgram``, which needs no inputs.
        example_inputs: The positional inputs: a tuple, or one tensor. Only their shapes and
            types matter; they may lie on another device than the model's.
        kwargs: The inputs by keyword.

    Returns:
        The graph, with operators in the order in which the model runs them, without those that
        no output depends on.

    Raises:
        FormatError: ``torch.export`` rejects the model; the message quotes its reason.
        DimensionError: The shape of a tensor depends on data.
        UsageError: The model is none, the inputs are none, or PyTorch is not installed.
    """
    torch = installed()
    if isinstance(model, torch.export.ExportedProgram):
        program, name = model, "main"
    else:
        model = plain_module(model, "from_torch")
        name = type(model).__name__
        program = export(model, *inputs_of(example_inputs, kwargs))
    folding = Folding(name, UNLIMITED)  # the model is here already
    return _graph(program, name, name, Bindings(name, None), folding, Source("torch"))


def load_pt2(path: str, data: bytes, bindings: Bindings, trust: bool, limits: LoadLimits) -> Graph:
    """The graph of a program that ``torch.export.save`` wrote.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file, a zip archive.
        bindings: Values for dynamic dimensions.
        trust: Whether ``torch.export.load`` may run code that the file brings along; else the file
            is read as data.
        limits: How much it may become.

    Raises:
        FormatError: The archive is damaged, or holds something else, or only loads with trust.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    archive = SavedArchive(path, data, limits)
    installed()
    program = read_trusted(archive) if trust else read_untrusted(archive)
    source = Source("torch", path, len(data))
    return _graph(program, path, "main", bindings, Folding(path, limits), source)


def _graph(
    program: Any, where: str, name: str, bindings: Bindings, folding: Folding, source: Source
) -> Graph:
    try:
        plain = functional(program, where)
        reader = ProgramReader(plain, Sizes(bindings), (conditional, fold), folding)
        graph = reader.translate(name, source)
        verify(graph)
    except GraphError as error:
        raise FormatError(f"{where}: {error}") from error
    except DimensionError as error:
        if str(error).startswith(f"{where}: "):
            raise
        raise DimensionError(f"{where}: {error}") from error
    return graph
