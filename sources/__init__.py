"""The world outside: everything that enters the machine, and the bytes as they came.

No judging, no computing and no database here; only this room may touch the network.
"""

from pathlib import Path

DATASETS = Path(__file__).parent / "datasets"
"""Folder of the dataset declarations."""
TABLES = Path(__file__).parent / "tables"
"""Folder of the declared reference tables."""
REGISTRIES = Path(__file__).parent / "registries"
"""Folder of the declared registers."""
