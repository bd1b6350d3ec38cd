"""What holds for all tests."""

import os

import pytest
from hypothesis import settings

# The same examples in each run, so that a change is judged by what it changes; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything is said to be installed (`make test-real`), a skipped test has failed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("EXCLAVE_ALL_TOOLS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, although every tool is said to be there: {report.longrepr}"
