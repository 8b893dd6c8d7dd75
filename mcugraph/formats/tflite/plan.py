"""The memory plan that a TFLite file brings along."""

import struct

from mcugraph.formats.tflite.file import File

# Name of the metadata that holds a memory plan: version, subgraph, count, then the offsets
# (tensorflow/lite/micro/docs/memory_management.md).
PLAN = "OfflineMemoryAllocation"


def offsets(file: File, tensors: int) -> tuple[int, ...] | None:
    """An offset for each tensor of all subgraphs; None where there is no plan that fits them.

    Args:
        file: The file.
        tensors: How many tensors all subgraphs have together.
    """
    for entry in file.model.metadata:
        if entry.name != PLAN or entry.buffer >= len(file.buffers):
            continue
        start, length = file.buffers[entry.buffer].data
        if length < 12 or length % 4:
            continue
        words = struct.unpack_from(f"<{length // 4}i", file.data, start)
        if words[2] == tensors <= len(words) - 3:
            return words[3 : 3 + tensors]
    return None
