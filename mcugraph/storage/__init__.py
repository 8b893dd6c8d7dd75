"""How matrices of weights are stored in flash, those that hold many zeros above all.

Rows are output channels, columns the rest in the order in which a deployment reads it (channels
last). A form says what a matrix takes, to the byte, from its shape and the number of its weights
that are not zero, or of blocks that hold any; it writes the tables that kernels read, and reads
them back.
"""

from mcugraph.storage.bitmap import Bitmap
from mcugraph.storage.block_rows import BLOCKS, Blocks
from mcugraph.storage.choice import DENSE, FORMS, SPARSE, Family, break_even, cheapest
from mcugraph.storage.crs import Crs
from mcugraph.storage.dense_rows import DenseRows
from mcugraph.storage.flash_budget import FlashAllocation, PrunableLayer, allocate_flash
from mcugraph.storage.form import Encoded, Form
from mcugraph.storage.n_of_m import PATTERNS, NofM
from mcugraph.storage.worth import ByScores, ShareKept, Worth

__all__ = [
    "BLOCKS",
    "DENSE",
    "FORMS",
    "PATTERNS",
    "SPARSE",
    "Bitmap",
    "Blocks",
    "ByScores",
    "Crs",
    "DenseRows",
    "Encoded",
    "Family",
    "FlashAllocation",
    "Form",
    "NofM",
    "PrunableLayer",
    "ShareKept",
    "Worth",
    "allocate_flash",
    "break_even",
    "cheapest",
]
