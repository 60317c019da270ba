"""What several test modules need."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # no test here asserts absolute time
settings.load_profile("untimed")

SHARED = (Path(__file__).parents[1] / ".." / "shared" / "data").resolve()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of Eurostat's files beside the checkout."""
    return _shared("eurostat")


@pytest.fixture(scope="session")
def shared_nuts() -> Path:
    """Return the folder of the NUTS classification beside the checkout."""
    return _shared("nuts")


@pytest.fixture(scope="session")
def shared_clusters() -> Path:
    """Return the folder of cluster registries beside the checkout."""
    return _shared("clusters")


def _shared(name: str) -> Path:
    """Return a folder of provider files.

    Where it is absent the test is skipped and says so, or fails if S3ETL_REQUIRE_SHARED=1.
    """
    if not (SHARED / name).is_dir():
        reason = f"the provider files ../shared/data/{name} are not beside this checkout"
        if os.environ.get("S3ETL_REQUIRE_SHARED") == "1":
            pytest.fail(f"S3ETL_REQUIRE_SHARED=1, but {reason}")
        pytest.skip(reason)
    return SHARED / name


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Call bytes by their length: a packed file holds the time, and names must be the same."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped anything where everything has to run (CI)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("S3ETL_REQUIRE_SHARED") == "1":
        reporter.write_line("")
        reporter.write_line(f"{len(skipped)} tests were skipped and every test has to run here.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
