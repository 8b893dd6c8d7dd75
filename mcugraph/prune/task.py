"""What a model is trained for: its batches, outputs, loss and metric, by callables or defaults."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch.utils import _pytree

from mcugraph.checks import check_callable
from mcugraph.errors import UsageError
from mcugraph.formats.torch.export import inference

_LITTLE = 0.05  # of the entropy: what new weights may be better than a guess by chance

Inputs = tuple[torch.Tensor, ...]
Batch = tuple[Inputs, Any]


class TrainingTask:
    """How a model is fed, trained and judged; without callables: a classification.

    Args:
        examples: The model's inputs; their first axis is the batch.
        unpack: From what a loader gives to ``(inputs, targets)``: a tuple of tensors, one for each
            input, and anything. None: a tuple or list that starts with the inputs; what follows
            are the targets.
        forward: From a model and its inputs to its outputs. None: the model is called.
        loss: From outputs and targets to a scalar tensor. None: cross entropy, for targets that
            are classes.
        metric: From the outputs and the targets of a whole data set, joined along their first
            axis, to a number. None: the share of right classes, or the loss where one is given.
    """

    def __init__(
        self,
        examples: Inputs,
        unpack: Callable[[Any], Any] | None = None,
        forward: Callable[[Any, Inputs], Any] | None = None,
        loss: Callable[[Any, Any], Any] | None = None,
        metric: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        for name, value in (
            ("unpack", unpack),
            ("forward", forward),
            ("loss", loss),
            ("metric", metric),
        ):
            if value is not None:
                check_callable(name, value)
        self.examples = examples
        self.classifies = loss is None
        self._unpack = unpack
        self._forward = forward or _called
        self._loss: Callable[[Any, Any], Any] = loss or cross_entropy
        self._metric = metric or (accuracy if loss is None else self._loss)
        self.metric = _name(self._metric, "metric") if metric or loss is None else "loss"

    def batch(self, given: Any, source: str, device: Any) -> Batch:
        """What a loader gave, checked, on a device.

        Raises:
            UsageError: It is no pair of inputs and targets, or an input does not look like the
                example.
        """
        inputs, targets = self._unpacked(given, source)
        self._check(inputs, source)
        return moved((inputs, targets), device)  # type: ignore[no-any-return]

    def outputs(self, model: Any, inputs: Inputs) -> Any:
        """What a model, or a function like one, makes of inputs."""
        return self._forward(model, inputs)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """The loss of a batch, a scalar tensor.

        Raises:
            UsageError: It is none.
        """
        return self.loss_of(self.outputs(model, batch[0]), batch[1])

    def loss_of(self, outputs: Any, targets: Any) -> torch.Tensor:
        """The loss of outputs.

        Raises:
            UsageError: It is no scalar tensor.
        """
        value: Any = self._loss(outputs, targets)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            raise UsageError(f"loss(outputs, targets) has to give a scalar, not {_kind(value)}")
        return value

    def score(self, model: Any, loader: Iterable[Any], source: str, device: Any) -> float:
        """The metric of a model, or of a function like one, over a data set.

        Raises:
            UsageError: The loader is empty, or the metric is no number.
        """
        return self._over(model, loader, source, device, self._metric)

    def guesses(self, model: Any, loader: Iterable[Any], source: str, device: Any) -> bool | None:
        """Whether a model does no better than who guesses; None: it is no classification.

        Who knows nothing but how many samples of each class there are has their entropy for a
        cross entropy.

        Raises:
            UsageError: The loader is empty, or gives no classes.
        """
        if not self.classifies:
            return None
        return self._over(model, loader, source, device, _over_entropy) > -_LITTLE

    def _over(
        self, model: Any, loader: Iterable[Any], source: str, device: Any, metric: Any
    ) -> float:
        """A metric of the outputs and targets of a whole data set."""
        outputs, targets = [], []
        mode = inference(model) if isinstance(model, torch.nn.Module) else nullcontext()
        with mode, torch.no_grad():
            for given in loader:
                inputs, wanted = self.batch(given, source, device)
                # In the end all of them: not in the memory of an accelerator.
                outputs.append(moved(self.outputs(model, inputs), "cpu"))
                targets.append(moved(wanted, "cpu"))
        if not outputs:
            raise UsageError(f"{source} is empty")
        value = metric(_joined(outputs), _joined(targets))
        try:
            return float(value)
        except (TypeError, ValueError):
            raise UsageError(
                f"metric(outputs, targets) has to give a number, not {_kind(value)}"
            ) from None

    def _unpacked(self, given: Any, source: str) -> Batch:
        if self._unpack is None:
            return self._by_place(given, source)
        made: Any = self._unpack(given)
        if isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], tuple | list):
            return tuple(made[0]), made[1]
        raise UsageError(f"unpack has to give (inputs, targets), inputs a tuple, not {_kind(made)}")

    def _by_place(self, given: Any, source: str) -> Batch:
        count = len(self.examples)
        if not isinstance(given, tuple | list) or len(given) <= count:
            wanted = "(input, target)" if count == 1 else f"{count} inputs and a target"
            raise UsageError(f"{source} gives {_kind(given)}, not {wanted}: say how with unpack=")
        inputs, rest = tuple(given[:count]), tuple(given[count:])
        return inputs, rest[0] if len(rest) == 1 else rest

    def _check(self, inputs: tuple[Any, ...], source: str) -> None:
        if len(inputs) != len(self.examples):
            raise UsageError(
                f"{source} gives {len(inputs)} inputs; the model has {len(self.examples)}"
            )
        for index, (value, example) in enumerate(zip(inputs, self.examples, strict=True)):
            if not isinstance(value, torch.Tensor):
                raise UsageError(f"{source}: input {index} is a {type(value).__name__}, no tensor")
            if value.shape[1:] != example.shape[1:]:
                wanted = ", ".join(map(str, ("batch", *example.shape[1:])))
                raise UsageError(
                    f"{source}: input {index} has shape {tuple(value.shape)}, not ({wanted})"
                )


class Loaders:
    """The data of a task.

    Args:
        train: Training batches.
        validate: Batches that the weights are not trained on.
        test: Those that scores are of.

    Raises:
        UsageError: One cannot be read more than once, or the first has no length.
    """

    def __init__(self, train: Iterable[Any], validate: Iterable[Any], test: Iterable[Any]) -> None:
        self.train, self.validate, self.test = train, validate, test
        for name in ("train", "validate", "test"):
            check_loader(name, getattr(self, name))
        try:
            self.steps = len(train)  # type: ignore[arg-type]
        except TypeError:
            raise UsageError(
                "train has no length: give a DataLoader of a dataset that has one, or a list of"
                " batches"
            ) from None
        if not self.steps:
            raise UsageError("train is empty")

    def first(self, name: str) -> Any:
        """The first batch of a loader.

        Raises:
            UsageError: There is none.
        """
        for given in getattr(self, name):
            return given
        raise UsageError(f"{name} is empty")


def endless(validate: Iterable[Any]) -> Iterator[Any]:
    """The batches of validation data, again and again.

    Raises:
        UsageError: It is empty.
    """
    while True:
        count = 0
        for given in validate:
            count += 1
            yield given
        if not count:
            raise UsageError("validate is empty")


def check_loader(name: str, loader: Any) -> None:
    """Hold a loader to be one that can be read again and again.

    Raises:
        UsageError: It is none.
    """
    # Asking for an iterator would start a loader's workers.
    reads = hasattr(loader, "__iter__") or hasattr(loader, "__getitem__")
    if not reads or isinstance(loader, str | Mapping | Iterator):
        raise UsageError(
            f"{name}: a DataLoader or a list of batches is needed, not {_kind(loader)}"
        )


def cross_entropy(outputs: Any, targets: Any) -> torch.Tensor:
    """The mean cross entropy of classes.

    On an accelerator, which would be waited for, classes that are none make the loss NaN instead of
    an error.

    Args:
        outputs: Logits, shape (samples, classes, ...).
        targets: Classes, shape (samples, ...).

    Raises:
        UsageError: They are something else.
    """
    _check_classes(outputs, targets)
    if targets.is_cpu:
        return F.cross_entropy(outputs, targets.long())
    return unwatched_cross_entropy(outputs, targets)


def unwatched_cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The same without a look at the classes, for which an accelerator would be waited for.

    Where a class is none, the loss is NaN.
    """
    last = outputs.shape[1] - 1
    wrong = ((targets < 0) | (targets > last)).any()
    return F.cross_entropy(outputs, targets.long().clamp(0, last)).masked_fill(wrong, torch.nan)


def accuracy(outputs: Any, targets: Any) -> float:
    """The share of right classes; arguments and errors as for ``cross_entropy``."""
    _check_classes(outputs, targets)
    return float((outputs.argmax(1) == targets).double().mean())


def _over_entropy(outputs: Any, targets: Any) -> float:
    """By what share the mean cross entropy is above the entropy of the classes; both in nats."""
    loss = float(cross_entropy(outputs, targets))
    shares = targets.unique(return_counts=True)[1].double() / targets.numel()
    entropy = -float((shares * shares.log()).sum())
    return (loss - entropy) / entropy if entropy else loss


def _check_classes(outputs: Any, targets: Any) -> None:
    more = "; for another task give loss= and metric="
    if not isinstance(outputs, torch.Tensor) or outputs.dim() < 2 or outputs.shape[1] < 2:
        said = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else _kind(outputs)
        raise UsageError(f"the model gives {said}, not logits (samples, classes){more}")
    if not isinstance(targets, torch.Tensor) or targets.is_floating_point():
        said = str(targets.dtype) if isinstance(targets, torch.Tensor) else _kind(targets)
        raise UsageError(f"the targets are {said}, not classes{more}")
    wanted = (outputs.shape[0], *outputs.shape[2:])
    if tuple(targets.shape) != wanted:
        raise UsageError(f"the targets have shape {tuple(targets.shape)}, not {wanted}{more}")
    if (
        targets.is_cpu
        and targets.numel()
        and not 0 <= int(targets.min()) <= int(targets.max()) < outputs.shape[1]
    ):
        raise UsageError(
            f"the targets go from {int(targets.min())} to {int(targets.max())}, and the model has"
            f" {outputs.shape[1]} classes{more}"
        )


def _called(model: Any, inputs: Inputs) -> Any:
    return model(*inputs)


def moved(values: Any, device: Any) -> Any:
    """Nested values with their tensors on a device."""
    return _pytree.tree_map(
        lambda entry: entry.to(device) if isinstance(entry, torch.Tensor) else entry, values
    )


def _joined(parts: list[Any]) -> Any:
    """Values of batches as those of all samples, in the same structure.

    Raises:
        UsageError: Batches differ in it, or hold something else than tensors.
    """
    leaves, specs = zip(*map(_pytree.tree_flatten, parts), strict=True)
    if any(spec != specs[0] for spec in specs):
        raise UsageError("outputs or targets differ in their structure from batch to batch")
    columns = list(zip(*leaves, strict=True))
    for column in columns:
        if not all(isinstance(entry, torch.Tensor) and entry.dim() for entry in column):
            raise UsageError(
                f"outputs and targets have to be tensors with an axis of samples, not"
                f" {_kind(column[0])}; unpack= can make such"
            )
    return _pytree.tree_unflatten([torch.cat(column) for column in columns], specs[0])


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list) and value:
        inside = ", ".join(type(entry).__name__ for entry in value[:4])
        return f"{type(value).__name__} of {inside}{', ...' if len(value) > 4 else ''}"
    return type(value).__name__


def _name(function: Any, otherwise: str) -> str:
    name = getattr(function, "__name__", otherwise)
    return otherwise if name == "<lambda>" else name.replace("_", " ")
