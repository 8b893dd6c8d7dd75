"""Modules whose forward method was traced and rewritten."""

import copy
from typing import Any

import torch


class SlimModule(torch.fx.GraphModule):
    """A traced module that keeps all that the module it was made from had.

    A plain ``GraphModule`` forgets, and forgets again in every copy, what its code does not use.
    """

    @classmethod
    def of(cls, module: torch.nn.Module, graph: torch.fx.Graph) -> "SlimModule":
        """A module with the children, parameters and attributes of another, and new code.

        Args:
            module: Where they come from; they are shared.
            graph: The code.
        """
        made = cls(module, graph, class_name=type(module).__name__)
        made._take(vars(module))
        return made

    @property
    def code(self) -> Any:
        """A part of the model that bears this name; else the code as text."""
        held = (*self._modules.items(), *self._parameters.items(), *self._buffers.items())
        return dict(held).get("code", self._code)

    def __deepcopy__(self, memo: dict[int, Any]) -> "SlimModule":
        held = {key: value for key, value in vars(self).items() if key not in _OWN}
        shell = torch.nn.Module()
        copied = copy.deepcopy(held, memo)
        shell.__dict__.update({k: copied[k] for k in ("_parameters", "_buffers", "_modules")})
        made = SlimModule(shell, copy.deepcopy(self.graph), class_name=type(self).__name__)
        made._take(copied)
        memo[id(self)] = made
        return made

    def __reduce__(self) -> Any:
        restore, arguments = super().__reduce__()
        held = {key: value for key, value in vars(self).items() if key not in _OWN}
        return _restored, (restore, arguments, held)

    def _take(self, attributes: dict[str, Any]) -> None:
        for key, value in attributes.items():
            if key not in _OWN:
                self.__dict__[key] = value


def _restored(restore: Any, arguments: Any, held: dict[str, Any]) -> SlimModule:
    """Read from a pickle."""
    shell = torch.nn.Module()
    shell.__dict__.update(held)
    plain = restore(*arguments)
    made = SlimModule(shell, plain.graph, class_name=type(plain).__name__)
    made._take(held)
    return made


# What a GraphModule makes for itself.
_OWN = frozenset(vars(torch.fx.GraphModule(torch.nn.Module(), torch.fx.Graph()))) - frozenset(
    vars(torch.nn.Module())
)


def by_mode(training: bool, in_training: Any, at_rest: Any) -> Any:
    """What a call is given, by the mode of the module that makes it."""
    return in_training if training else at_rest


class Step(torch.nn.Module):
    """One call as a module, so that operators made by it bear its path.

    Args:
        method: Whether the target is the name of a method rather than a function.
        target: What is called.
    """

    def __init__(self, method: bool, target: Any) -> None:
        super().__init__()
        self.method, self.target = method, target

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        if self.method:
            return getattr(args[0], self.target)(*args[1:], **kwargs)
        return self.target(*args, **kwargs)


class Whole(torch.nn.Module):
    """A model in a module: of a ``GraphModule`` alone, the exporter forgets inner paths.

    Args:
        model: What is called.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.whole = model

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.whole(*args, **kwargs)
