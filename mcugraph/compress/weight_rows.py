"""Weights of a model as the matrices that a deployment stores: rows are output channels.

PyTorch keeps the weights of a convolution channels first, a device channels last; and a dense
layer that reads a flattened image has its columns in the device's order there.
"""

import copy
from collections.abc import Iterable
from typing import Any

import torch

from mcugraph.errors import UsageError
from mcugraph.export.device_form import device_form
from mcugraph.export.tools import called, tensors_of, value_of
from mcugraph.records import dataclass

TRANSPOSED = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)
_LAYERS = (
    *(torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d),
    *TRANSPOSED,
)
_MOST_COLUMNS = 1 << 24  # whole numbers that a float32 tells apart


@dataclass(frozen=True, slots=True)
class WeightRows:
    """Where the weights of a layer lie in its matrix.

    Attributes:
        name: Of the parameter.
        shape: Of the parameter.
        axes: Its axes in the order of the matrix, that of the rows first.
        columns: Of each column of the matrix, its number before; None: they stay.
    """

    name: str
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    columns: torch.Tensor | None = None

    def matrix(self, values: torch.Tensor) -> torch.Tensor:
        """Values in the shape of the parameter, as (rows, columns)."""
        rows = values.permute(self.axes).reshape(self.shape[self.axes[0]], -1)
        return rows if self.columns is None else rows[:, self.columns.to(rows.device)]

    def back(self, matrix: torch.Tensor) -> torch.Tensor:
        """A matrix in the shape of the parameter: the inverse of ``matrix``."""
        if self.columns is not None:
            places = torch.empty_like(self.columns)
            places[self.columns] = torch.arange(len(places))
            matrix = matrix[:, places.to(matrix.device)]
        laid = matrix.reshape([self.shape[axis] for axis in self.axes])
        return laid.permute([self.axes.index(axis) for axis in range(len(self.axes))])


def rows_of(
    model: torch.nn.Module, modules: Iterable[str] | None = None, example_inputs: Any = None
) -> dict[str, WeightRows]:
    """The weights of a model that can be masked, by the names of their parameters.

    Args:
        model: A module.
        modules: Names of layers, of modules that hold some, or of parameters. None: all
            convolutions and dense layers.
        example_inputs: Of the model, to know the device's order of columns. None: that of the
            model.

    Raises:
        UsageError: There is no such layer, or none at all.
        FormatError: ``torch.export`` rejects the model.
    """
    layers = {f"{name}.weight".lstrip("."): m for name, m in model.named_modules() if is_layer(m)}
    parameters = dict(model.named_parameters())
    every = {name: layers.get(name) for name in parameters if name in layers}
    found = every if modules is None else {}
    for given in () if modules is None else modules:
        inside = {name: layer for name, layer in every.items() if lies_in(name, str(given))}
        if not inside and parameters.get(given, torch.empty(0)).dim() > 1:
            inside = {given: None}
        if not inside:
            names = ", ".join(name.removesuffix(".weight") for name in every)
            raise UsageError(f"there is no layer {given!r} with weights; there are {names}")
        found |= inside
    if not found and modules is not None:
        raise UsageError("no layer is named: None is all convolutions and dense layers")
    if not found:
        raise UsageError(f"{type(model).__name__} has no convolution and no dense layer")
    orders = {} if example_inputs is None else _orders(model, list(found), example_inputs)
    return {
        name: WeightRows(name, tuple(parameters[name].shape), _axes(layer, parameters[name].dim()))
        if name not in orders
        else WeightRows(name, tuple(parameters[name].shape), (0, 1), orders[name])
        for name, layer in found.items()
    }


def is_layer(module: torch.nn.Module) -> bool:
    """Whether a module is a convolution or a dense layer with weights of its own."""
    return isinstance(module, _LAYERS) and isinstance(module.weight, torch.nn.Parameter)


def lies_in(name: str, given: str) -> bool:
    """Whether a weight is the one that is named, or lies in the module that is."""
    return given in ("", name) or name.startswith(f"{given}.")


def _axes(layer: torch.nn.Module | None, count: int) -> tuple[int, ...]:
    """The axes of a layer's weights, as the device has them: outputs, window, inputs."""
    if isinstance(layer, TRANSPOSED):
        return (1, *range(2, count), 0)
    return (0, *range(2, count), 1)


def _orders(
    model: torch.nn.Module, names: list[str], example_inputs: Any
) -> dict[str, torch.Tensor]:
    """Of dense layers, which of their columns stands where on the device.

    A copy of the model has the numbers of the columns in place of the weights; where they are
    found in its form for the device tells what happened to them.
    """
    trial = copy.deepcopy(model).cpu()
    parameters = dict(trial.named_parameters())
    first, begins = 0, dict[int, str]()
    for name in names:
        weight = parameters[name]
        if weight.dim() != 2:
            continue
        columns = weight.shape[1]
        if first + columns >= _MOST_COLUMNS:
            raise UsageError(f"{name}: a model of more than {_MOST_COLUMNS:,} columns")
        with torch.no_grad():
            weight.copy_(torch.arange(first, first + columns).expand_as(weight))
        begins[first] = name
        first += columns
    form, _ = device_form(trial, tuple(value.cpu() for value in tensors_of(example_inputs)))
    found = {}
    for node in form.graph.nodes:
        if called(node) != "linear" or node.args[1].op != "get_attr":
            continue
        row = value_of(form, node.args[1])[0]
        numbers = row.long()
        begin = int(numbers.min())
        # Other weights of the model, such as those of attention, may begin with such a number, too.
        counted = torch.arange(begin, begin + len(row), device=row.device)
        if begin in begins and torch.equal(row.sort().values, counted.to(row)):
            found[begins[begin]] = numbers - begin
    return found
