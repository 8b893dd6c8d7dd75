"""What a neural network costs on a microcontroller: exact SRAM, flash and work.

Everything public is here; it is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcugraph import testing
    from mcugraph.codegen.project import Project
    from mcugraph.coupling.groups import WidthGroup
    from mcugraph.deployment.entry import deploy
    from mcugraph.errors import (
        DimensionError,
        FormatError,
        GraphError,
        InternalError,
        McuGraphError,
        ToolError,
        UsageError,
    )
    from mcugraph.formats.load_limits import LoadLimits
    from mcugraph.formats.loader import load
    from mcugraph.formats.torch.importer import from_torch
    from mcugraph.ir import Graph, Op, Operator, Signature, Tensor, TensorType
    from mcugraph.ops.custom import CustomOp, register
    from mcugraph.optimizer.entry import optimize
    from mcugraph.optimizer.result import Optimization
    from mcugraph.planning.arena import ArenaProblem, Block, Plan
    from mcugraph.planning.entry import plan
    from mcugraph.profiler import profile
    from mcugraph.profiles import Profile
    from mcugraph.report.pages.entry import write_report
    from mcugraph.scheduling.bounds import cut_bound, operator_bound
    from mcugraph.scheduling.entry import schedule
    from mcugraph.scheduling.problem import Problem
    from mcugraph.scheduling.result import Schedule
    from mcugraph.scheduling.runtime import Runtime
    from mcugraph.slimming.slimmer import slim
    from mcugraph.space.space import Space, widths
    from mcugraph.tflm.kernels import register_kernels
    from mcugraph.tflm.kernels.own import KernelLibrary, OperatorCall

# Public name -> the module that defines it.
_HOME = {
    "ArenaProblem": "mcugraph.planning.arena",
    "Block": "mcugraph.planning.arena",
    "CustomOp": "mcugraph.ops.custom",
    "DimensionError": "mcugraph.errors",
    "FormatError": "mcugraph.errors",
    "Graph": "mcugraph.ir",
    "GraphError": "mcugraph.errors",
    "InternalError": "mcugraph.errors",
    "KernelLibrary": "mcugraph.tflm.kernels.own",
    "LoadLimits": "mcugraph.formats.load_limits",
    "McuGraphError": "mcugraph.errors",
    "Op": "mcugraph.ir",
    "Operator": "mcugraph.ir",
    "OperatorCall": "mcugraph.tflm.kernels.own",
    "Optimization": "mcugraph.optimizer.result",
    "Plan": "mcugraph.planning.arena",
    "Problem": "mcugraph.scheduling.problem",
    "Profile": "mcugraph.profiles",
    "Project": "mcugraph.codegen.project",
    "Runtime": "mcugraph.scheduling.runtime",
    "Schedule": "mcugraph.scheduling.result",
    "Signature": "mcugraph.ir",
    "Space": "mcugraph.space.space",
    "Tensor": "mcugraph.ir",
    "TensorType": "mcugraph.ir",
    "ToolError": "mcugraph.errors",
    "UsageError": "mcugraph.errors",
    "WidthGroup": "mcugraph.coupling.groups",
    "cut_bound": "mcugraph.scheduling.bounds",
    "deploy": "mcugraph.deployment.entry",
    "from_torch": "mcugraph.formats.torch.importer",
    "load": "mcugraph.formats.loader",
    "operator_bound": "mcugraph.scheduling.bounds",
    "optimize": "mcugraph.optimizer.entry",
    "plan": "mcugraph.planning.entry",
    "profile": "mcugraph.profiler",
    "register": "mcugraph.ops.custom",
    "register_kernels": "mcugraph.tflm.kernels",
    "schedule": "mcugraph.scheduling.entry",
    "slim": "mcugraph.slimming.slimmer",
    "widths": "mcugraph.space.space",
    "write_report": "mcugraph.report.pages.entry",
}
# Modules that can be used without an import of their own.
_MODULES = ("testing",)

__version__ = "0.1.0"
__all__ = [
    "ArenaProblem",
    "Block",
    "CustomOp",
    "DimensionError",
    "FormatError",
    "Graph",
    "GraphError",
    "InternalError",
    "KernelLibrary",
    "LoadLimits",
    "McuGraphError",
    "Op",
    "Operator",
    "OperatorCall",
    "Optimization",
    "Plan",
    "Problem",
    "Profile",
    "Project",
    "Runtime",
    "Schedule",
    "Signature",
    "Space",
    "Tensor",
    "TensorType",
    "ToolError",
    "UsageError",
    "WidthGroup",
    "cut_bound",
    "deploy",
    "from_torch",
    "load",
    "operator_bound",
    "optimize",
    "plan",
    "profile",
    "register",
    "register_kernels",
    "schedule",
    "slim",
    "testing",
    "widths",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"mcugraph.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'mcugraph' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOME[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_MODULES})
