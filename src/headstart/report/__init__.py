"""Floor 4: result records as pages and tables; knows nothing of tensors."""

from .building import build as build
from .table import HEADINGS as HEADINGS
from .table import Row as Row
from .table import table as table
