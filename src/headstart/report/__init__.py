"""Floor 4: result records as pages and tables; knows nothing of tensors."""

from .building import build as build
from .table import Row as Row
from .table import columns as columns
from .table import table as table
