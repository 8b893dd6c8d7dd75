"""Cores that code is compiled for, and machines that QEMU has with them.

Memory maps and clocks are those of QEMU's own machines (hw/arm/ in its sources, release 7.2), which
are those of the boards.
"""

from mcugraph.errors import UsageError
from mcugraph.records import dataclass

_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of the address space: where it begins, and its bytes."""

    origin: int
    size: int


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of QEMU.

    Attributes:
        name: What ``-machine`` takes.
        core: The core that it has.
        flash: Where code and tables lie, the table of vectors first.
        ram: Where the arena, other variables and the stack lie.
        hertz: Of the clock that the core's own timer counts.
    """

    name: str
    core: str
    flash: Region
    ram: Region
    hertz: int


@dataclass(frozen=True, slots=True)
class Core:
    """A core of Arm's Cortex-M family.

    Attributes:
        name: As in ``--target``.
        flags: What tells GCC of it.
        machine: The machine of QEMU that runs its code if nobody names another.
    """

    name: str
    flags: tuple[str, ...]
    machine: str


@dataclass(frozen=True, slots=True)
class Target:
    """What code is compiled for, and what runs it."""

    core: Core
    machine: Machine


def _core(name: str, machine: str, fpu: str | None = None) -> Core:
    floats = () if fpu is None else (f"-mfpu={fpu}", "-mfloat-abi=hard")
    return Core(name, (f"-mcpu={name}", "-mthumb", *floats), machine)


# Each runs the code of those before it as well.
CORES = {
    core.name: core
    for core in (
        _core("cortex-m0", "microbit"),
        _core("cortex-m3", "mps2-an385"),
        _core("cortex-m4", "mps2-an386", "fpv4-sp-d16"),
        _core("cortex-m7", "mps2-an500", "fpv5-sp-d16"),
        _core("cortex-m33", "mps2-an505", "fpv5-sp-d16"),
        _core("cortex-m55", "mps3-an547", "auto"),
    )
}
_RAM = 0x2000_0000
_STM32_FLASH = 0x0800_0000


def _machine(
    name: str, core: str, hertz: int, sizes: tuple[int, int], flash: int = 0, ram: int = _RAM
) -> Machine:
    """A machine with so many bytes of flash and of RAM, and where they begin."""
    return Machine(name, core, Region(flash, sizes[0]), Region(ram, sizes[1]), hertz)


MACHINES = {
    machine.name: machine
    for machine in (
        _machine("microbit", "cortex-m0", 16_000_000, (256 * _KIB, 16 * _KIB)),
        _machine("stm32vldiscovery", "cortex-m3", 24_000_000, (128 * _KIB, 8 * _KIB), _STM32_FLASH),
        _machine("mps2-an385", "cortex-m3", 25_000_000, (4 * _MIB, 4 * _MIB)),
        _machine("mps2-an386", "cortex-m4", 25_000_000, (4 * _MIB, 4 * _MIB)),
        _machine("netduinoplus2", "cortex-m4", 168_000_000, (1 * _MIB, 192 * _KIB), _STM32_FLASH),
        _machine("mps2-an500", "cortex-m7", 25_000_000, (4 * _MIB, 4 * _MIB)),
        # It begins in the secure state; these are the secure addresses.
        _machine(
            "mps2-an505", "cortex-m33", 20_000_000, (4 * _MIB, 4 * _MIB), 0x1000_0000, 0x3800_0000
        ),
        _machine("mps3-an547", "cortex-m55", 32_000_000, (512 * _KIB, 512 * _KIB)),
    )
}
DEFAULT_CORE = "cortex-m4"


# Those with the DSP extension and without vectors, for which it is known what CMSIS-NN needs.
CMSIS_NN_CORES = ("cortex-m4", "cortex-m7", "cortex-m33")


def find_target(core: str | None = None, machine: str | None = None) -> Target:
    """A core and a machine for it.

    Args:
        core: Its name; None: the machine's, or ``"cortex-m4"``.
        machine: Its name; None: the core's own.

    Raises:
        UsageError: One of them is unknown, or the machine does not run the core's code.
    """
    if machine is not None and machine not in MACHINES:
        raise UsageError(f"unknown machine {machine!r}; expected one of {', '.join(MACHINES)}")
    if core is None:
        core = DEFAULT_CORE if machine is None else MACHINES[machine].core
    if core not in CORES:
        raise UsageError(f"unknown target {core!r}; expected one of {', '.join(CORES)}")
    chosen = MACHINES[CORES[core].machine if machine is None else machine]
    order = list(CORES)
    if order.index(chosen.core) < order.index(core):
        raise UsageError(
            f"machine {chosen.name} has a {chosen.core}, which does not run code for {core}: "
            f"give --target {chosen.core}, or another machine"
        )
    return Target(CORES[core], chosen)


def roomiest(core: str) -> str:
    """The machine with the most memory that runs a core's code; of several, that of a nearer core.

    Args:
        core: A known one.
    """
    order = list(CORES)
    able = [each for each in MACHINES.values() if order.index(each.core) >= order.index(core)]
    return max(able, key=lambda m: (m.flash.size + m.ram.size, -order.index(m.core))).name
