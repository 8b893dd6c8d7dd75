"""One entry for all file formats, recognised by content."""

from collections.abc import Mapping
from os import PathLike

from mcugraph.checks import path_text
from mcugraph.errors import FormatError, GraphError, UsageError
from mcugraph.formats.dims import Bindings, Key
from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits
from mcugraph.formats.model_file import model_file
from mcugraph.garbage import collected_seldom
from mcugraph.ir import Graph


def load(
    path: str | PathLike[str],
    dims: Mapping[Key, int] | None = None,
    signature: str | None = None,
    *,
    trust: bool = False,
    limits: LoadLimits | None = None,
) -> Graph:
    """The graph of a model file: TFLite, ONNX or a saved PyTorch program (.pt2).

    Args:
        path: The file; or C code that has it as an array of bytes, a zip archive or a folder with
            one such file.
        dims: Values for dynamic dimensions: ``{"seq": 64, ("input", 1): 512}`` binds the
            dimension called seq and axis 1 of the input called input. A dynamic batch (axis 0)
            becomes 1 unless it is bound.
        signature: In a TFLite file with several signatures, the one to take; None: the first
            subgraph, which is what TFLite Micro runs.
        trust: Whether a saved PyTorch program may run code that it brings along, as
            ``torch.export.load`` does; else it is read as data, and what cannot be is refused.
            Other files never run anything.
        limits: How much a file may become while it is read; None: the defaults of ``LoadLimits``.

    Returns:
        The graph, with operators in file order. Weights are not decoded.

    Raises:
        FormatError: The file is missing, empty, truncated, damaged or of an unknown format.
        DimensionError: A dynamic dimension other than the batch is not bound, or a binding
            does not fit the model.
    """
    name = path_text(path, "load takes the path of a model file", _remedy)
    where, data = model_file(name, limits if isinstance(limits, LoadLimits) else DEFAULT_LIMITS)
    return translated(where, data, dims, signature, trust=trust, limits=limits)


def translated(
    name: str,
    data: bytes,
    dims: Mapping[str | tuple[str, int], int] | None = None,
    signature: str | None = None,
    *,
    trust: bool = False,
    limits: LoadLimits | None = None,
) -> Graph:
    """The graph of a file's contents; else as ``load``, which reads them from ``name``."""
    bindings = Bindings(name, dims)
    if limits is not None and not isinstance(limits, LoadLimits):
        raise UsageError(f"limits: a LoadLimits is needed, not {limits!r}")
    try:
        with collected_seldom():
            return _by_content(name, data, bindings, signature, trust, limits or DEFAULT_LIMITS)
    except (FormatError, GraphError) as error:
        raise type(error)(f"{error}{bindings.hint()}") from error


def _by_content(
    name: str,
    data: bytes,
    bindings: Bindings,
    signature: str | None,
    trust: bool,
    limits: LoadLimits,
) -> Graph:
    if data[4:8] == b"TFL3":
        from mcugraph.formats.tflite.importer import load_tflite

        return load_tflite(name, data, bindings, signature, limits)
    if data.startswith(b"PK\x03\x04"):
        from mcugraph.formats.torch.importer import load_pt2

        return load_pt2(name, data, bindings, trust, limits)
    if signature is not None:
        raise FormatError(f"{name}: only TFLite files have signatures")
    from mcugraph.formats.onnx.importer import load_onnx

    return load_onnx(name, data, bindings, limits)


def graph_of(given: object, asker: str, also: str = "") -> Graph:
    """The graph that a public function is given, as it is or as the path of a model file.

    Args:
        given: What the caller handed in.
        asker: The public function, for the error.
        also: What else it takes.

    Raises:
        UsageError: It is neither; the message says how to come by a graph.
        McuGraphError: The file cannot be read.
    """
    if isinstance(given, Graph):
        return given
    if isinstance(given, str | PathLike):
        return load(given)
    raise UsageError(
        f"{asker} takes a Graph or the path of a model file{also}, "
        f"not {type(given).__name__}{_remedy(given)}"
    )


def _remedy(given: object) -> str:
    """How to make a graph of what is none, where there is a way."""
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(given).__mro__}
    if ("torch", "Module") in kinds:
        return "; make a Graph of a module with mg.from_torch(module, example_inputs)"
    if ("torch", "ExportedProgram") in kinds:
        return "; make a Graph of a program with mg.from_torch(program)"
    if ("onnx", "ModelProto") in kinds:
        return "; save it with onnx.save and give the path"
    if isinstance(given, bytes | bytearray):
        return "; write them to a file and give the path"
    return ""
