"""Where things are on this machine, read once from the environment (prefix ``S3ETL_``).

Directories and addresses only. A choice that changes a figure is a declaration, not a setting.
"""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one installation.

    Attributes:
        home: Directory of all state (``S3ETL_HOME``).
        warehouse: SQLAlchemy URL of the warehouse (``S3ETL_WAREHOUSE``); empty means a DuckDB
            file under ``home``.
        source: What ``--from`` means when it is not given (``S3ETL_SOURCE``), as several paths
            separated by ``:`` or one of ``sample`` and ``sample-revised``.
    """

    model_config = SettingsConfigDict(env_prefix="S3ETL_", frozen=True)

    home: Path = Path("var")
    warehouse: str = ""
    source: str = "sample"

    @property
    def sources(self) -> list[str]:
        """What ``--from`` names when it is not given."""
        return [part for part in self.source.split(":") if part]

    @property
    def warehouse_url(self) -> str:
        """SQLAlchemy URL of the warehouse."""
        return self.warehouse or f"duckdb:///{(self.home / 'warehouse.duckdb').absolute()}"
