"""Tables of a model as arrays of C: among the code that reads them, or in files of their own.

Editors, code hosts and compilers take a file of some MB, and not one of a hundred.
"""

from collections.abc import Iterator

from mcugraph.codegen.c_program import FlashTable
from mcugraph.codegen.emit.c_text import array, comment, element_type
from mcugraph.codegen.emit.identifiers import Identifiers
from mcugraph.codegen.emit.licence import HEADER

# Bytes of flash whose text, about 5 MB, one file holds.
LARGEST = 1 << 20


class TableArrays:
    """The arrays of one model, each written once however often it is read.

    Args:
        names: Of the file of the code.
        prefix: What names of the model begin with.
        largest: Bytes of tables that a file holds, except for a table that alone is larger; None:
            they are all among the code.
    """

    def __init__(self, names: Identifiers, prefix: str, largest: int | None) -> None:
        self._names, self._prefix, self._largest = names, prefix, largest
        self._found: dict[tuple[str, bytes], str] = {}
        self._declared: list[str] = []
        self._parts: list[list[str]] = []
        self._room = 0

    def name(self, table: FlashTable) -> str:
        """The array of a table that was added.

        Raises:
            KeyError: It was not.
        """
        return self._found[table.key]

    def add(self, table: FlashTable, owner: str) -> Iterator[str]:
        """The lines that a table takes among the code: none where it is in a file of its own."""
        if table.key in self._found:
            return
        name = self._names.of(owner, table.role)
        if self._largest is not None:
            # Seen by all of a program: no name within a file has two of these, and no prefix ends.
            name = f"{self._prefix}__{name}"
        self._found[table.key] = name
        said = [comment(table.said)] if table.said else []
        if self._largest is None:
            yield from (*said, array(name, table.values))
            return
        if not self._parts or table.nbytes > self._room:
            self._parts.append([])
            self._room = self._largest
        self._room -= table.nbytes
        self._parts[-1] += (*said, array(name, table.values, "const"))
        count = max(table.values.size, 1)
        self._declared.append(f"extern const {element_type(table.values)} {name}[{count}];")

    @property
    def header(self) -> str | None:
        """The name of the header that declares those in files of their own; None: there are none.

        It is for the model's own files.
        """
        return f"{self._prefix}_weights.h" if self._declared else None

    def files(self) -> dict[str, str]:
        """Name -> text of the files of tables, their header first."""
        if self.header is None:
            return {}
        guard = f"{self._prefix.upper()}_WEIGHTS_H"
        begin = f'#ifndef {guard}\n#define {guard}\n\n#include "runtime/mg_common.h"\n'
        declared = "\n".join(self._declared)
        found = {self.header: f"{HEADER}\n{begin}\n{declared}\n\n#endif\n"}
        for i, arrays in enumerate(self._parts):
            text = "\n".join([HEADER, f'#include "{self.header}"\n', *arrays])
            found[f"{self._prefix}_weights_{i}.c"] = text
        return found
