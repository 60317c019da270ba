"""Where things are on this machine, read once from the environment (prefix ``S3ETL_``).

Directories and addresses only. A choice that changes a figure is a declaration, not a setting.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one installation.

    Attributes:
        home: Directory of all state (``S3ETL_HOME``).
        warehouse: SQLAlchemy URL of the warehouse (``S3ETL_WAREHOUSE``); empty means a DuckDB
            file under ``home``.
        source: What ``--from`` means when it is not given (``S3ETL_SOURCE``), as several paths
            separated by ``:`` or one of ``live``, ``sample`` and ``sample-revised``.
        eurostat: Base address of Eurostat's dissemination API (``S3ETL_EUROSTAT``), for mirrors.
        nuts: Address that takes the place of scheme and host of the NUTS files
            (``S3ETL_NUTS``), for mirrors; empty means the declared addresses.
        requests_per_second: Most requests per second in the long run
            (``S3ETL_REQUESTS_PER_SECOND``); a burst of one refresh may go faster.
        attempts: How often a request is tried before giving up (``S3ETL_ATTEMPTS``).
        read_timeout: Seconds without a byte before an answer counts as broken
            (``S3ETL_READ_TIMEOUT``).
        poll_seconds: First pause between questions whether an asynchronous extraction is ready
            (``S3ETL_POLL_SECONDS``); it doubles up to a minute.
        poll_budget: Seconds to wait for one asynchronous extraction (``S3ETL_POLL_BUDGET``).
    """

    model_config = SettingsConfigDict(env_prefix="S3ETL_", frozen=True)

    home: Path = Path("var")
    warehouse: str = ""
    source: str = "sample"
    eurostat: str = "https://ec.europa.eu/eurostat/api/dissemination/"
    nuts: str = ""
    requests_per_second: float = Field(default=5.0, gt=0)
    attempts: int = Field(default=5, ge=1)
    read_timeout: float = Field(default=60.0, gt=0)
    poll_seconds: float = Field(default=5.0, gt=0)
    poll_budget: float = Field(default=3600.0, gt=0)

    @property
    def sources(self) -> list[str]:
        """What ``--from`` names when it is not given."""
        return [part for part in self.source.split(":") if part]

    @property
    def warehouse_url(self) -> str:
        """SQLAlchemy URL of the warehouse."""
        return self.warehouse or f"duckdb:///{(self.home / 'warehouse.duckdb').absolute()}"
