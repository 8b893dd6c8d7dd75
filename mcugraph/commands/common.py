"""Arguments that several commands take."""

import argparse
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from mcugraph.errors import McuGraphError, UsageError
from mcugraph.formats.load_limits import LoadLimits
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import Graph
from mcugraph.profiler import SEARCH_SECONDS, profile
from mcugraph.profiles import Profile
from mcugraph.report.screen import Screen
from mcugraph.report.screen import screen as shown_on
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.runtime import find_runtime
from mcugraph.tflm.kernels import register_kernels
from mcugraph.tflm.kernels.own import from_module
from mcugraph.units import parse_share

Number = TypeVar("Number", int, float)


def counting(command: argparse.ArgumentParser) -> None:
    """How a model is counted, on which runtime, and how its file is read."""
    forms(command)
    command.add_argument(
        "--runtime",
        default="tflm",
        metavar="NAME",
        help="tflm (the default), inplace, inputs_elsewhere, or deploy: the C code that "
        "the command deploy writes",
    )
    reading(command)


def kernels(command: argparse.ArgumentParser) -> None:
    """Which kernels TFLM is built with."""
    command.add_argument(
        "--kernels",
        type=library,
        metavar="NAME",
        help="what TFLM is built with: reference, cmsis-nn, or MODULE:NAME of a KernelLibrary of "
        "your own (default: those that the memory plan in the file is for, else reference)",
    )


def library(text: str) -> str:
    """The name of a kernel library; ``MODULE:NAME`` is imported and registered as such.

    Raises:
        UsageError: There is none there.
    """
    if ":" in text:
        register_kernels(text, from_module(text))
    return text


def built(command: argparse.ArgumentParser) -> None:
    """Generated code that was built, whose bytes count."""
    command.add_argument(
        "--built",
        metavar="FOLDER",
        help="with --runtime deploy: what `deploy --build` made of the model, for the exact code "
        "on boards of the core that it was built for",
    )


def forms(command: argparse.ArgumentParser) -> None:
    """Which form of a model is counted."""
    command.add_argument(
        "--accounting",
        default="deployed",
        metavar="NAME",
        help="deployed (what TFLite runs; the default) or paper",
    )
    command.add_argument(
        "--precision",
        metavar="NAME",
        help="int8: what a float model costs once quantised; the default keeps its types",
    )


def reading(command: argparse.ArgumentParser) -> None:
    """How a model file is read."""
    command.add_argument(
        "--signature", metavar="NAME", help="of a TFLite file with several, the one to take"
    )
    sizes(command)
    command.add_argument(
        "--trust",
        action="store_true",
        help="let a saved PyTorch program run code that it brings along; else it is read as data",
    )


def sizes(command: argparse.ArgumentParser) -> None:
    """Dynamic dimensions, and how large a file may become."""
    command.add_argument(
        "--dim",
        action="append",
        default=[],
        type=dimension,
        metavar="NAME=VALUE",
        help="bind a dynamic dimension, by its name or as INPUT:AXIS=VALUE; repeatable",
    )
    command.add_argument(
        "--load-limit",
        action="append",
        default=[],
        type=load_limit,
        metavar="NAME=N",
        help="let the file become larger while it is read: "
        f"{', '.join(LoadLimits.__slots__)}; repeatable",
    )


def names(command: argparse.ArgumentParser) -> None:
    """How operators and tensors are called."""
    command.add_argument(
        "--full-names",
        action="store_true",
        help="show names of operators and tensors in full, however long they are",
    )


def screen(options: argparse.Namespace) -> Screen:
    """What the answer is shown on."""
    return shown_on(options.full_names)


def output(
    command: argparse.ArgumentParser, name: str, purpose: str, required: bool = True
) -> None:
    """Where what the command makes is written, beside the answer on standard output."""
    command.add_argument(
        *("-o", "--output"), required=required, type=written, metavar=name, help=purpose
    )


def time_limit(command: argparse.ArgumentParser) -> None:
    """How long searches that write something may take."""
    command.add_argument(
        "--time-limit",
        type=seconds,
        default=10.0,
        metavar="S",
        help="seconds that each search may take (default: 10)",
    )


def loaded(options: argparse.Namespace, path: str) -> Graph:
    """The graph of a file, read as the options say."""
    from mcugraph.formats.loader import load

    limits = load_limits(options)
    return load(path, dims(options), options.signature, trust=options.trust, limits=limits)


def load_limits(options: argparse.Namespace) -> LoadLimits:
    """How much a file may become."""
    return LoadLimits(**dict(options.load_limit))


def dims(options: argparse.Namespace) -> dict[str | tuple[str, int], int]:
    """The values of dynamic dimensions.

    Raises:
        UsageError: One of them is given two values.
    """
    found: dict[str | tuple[str, int], int] = {}
    for name, value in options.dim:
        if found.setdefault(name, value) != value:
            shown = name if isinstance(name, str) else f"{name[0]}:{name[1]}"
            raise UsageError(f"--dim gives {shown} two values, {found[name]} and {value}")
    return found


def planned_for(graph: Graph) -> str:
    """The kernels that the memory plan in a file is for; empty: all, or there is none."""
    model = graph.source.file
    return model.planned_for if isinstance(model, TfliteModel) else ""


def counted(
    options: argparse.Namespace,
    path: str,
    time_limit: float = SEARCH_SECONDS,
    built: str | None = None,
    storage: bool = False,
) -> tuple[Graph, Profile]:
    """The graph of a file, and its profile counted as the options say."""
    graph = loaded(options, path)
    return graph, profile(
        graph,
        options.runtime,
        options.accounting,
        options.precision,
        options.kernels or planned_for(graph) or "reference",
        time_limit,
        built,
        storage,
    )


def problems(options: argparse.Namespace) -> Callable[[Callable[[Problem], int]], Problem]:
    """The scheduling problem of a model file, or of an operator graph as JSON.

    It depends on the figure that is asked for: an operator of a model that calls subgraphs needs
    besides what that figure is for the largest of them. So what returns takes the figure.
    """
    if options.model.lower().endswith(".json"):
        plain = Problem.from_json(options.model)
        return lambda _: plain
    graph = loaded(options, options.model)
    runs = counted_forms(graph, options.accounting, options.precision).runs
    return partial(Problem.with_bodies, runs, find_runtime(options.runtime))


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return value


def positive(text: str) -> int:
    """A positive integer."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number")
    return int(text)


def written(text: str) -> str:
    """The path of a file or a folder to write, which standard output is none of."""
    if text == "-":
        raise argparse.ArgumentTypeError(
            "standard output is for the answer; give a path, ./- for a file called -"
        )
    return text


def quantity(parse: Callable[[str], Number]) -> Callable[[str], Number]:
    """A number with a unit, read by ``parse``."""

    def read(text: str) -> Number:
        try:
            return parse(text)
        except McuGraphError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


share = quantity(parse_share)


def load_limit(text: str) -> tuple[str, int]:
    """A limit of ``LoadLimits``: NAME=N."""
    name, _, value = text.partition("=")
    if name not in LoadLimits.__slots__ or not value.isdecimal():
        known = ", ".join(LoadLimits.__slots__)
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=N, with a name of {known}")
    return name, int(value)


def dimension(text: str) -> tuple[str | tuple[str, int], int]:
    """A value for a dynamic dimension: NAME=VALUE or INPUT:AXIS=VALUE."""
    name, _, value = text.rpartition("=")
    if not name or not value.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE or INPUT:AXIS=VALUE")
    head, _, axis = name.rpartition(":")
    return (head, int(axis)) if head and axis.isdecimal() else name, int(value)
