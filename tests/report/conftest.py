"""Reports to test on: made once, since they are frozen."""

from __future__ import annotations

import pytest

from interlock.report.html.page import render_page

from . import plant


@pytest.fixture(scope="session")
def plant_report():
    return plant.report()


@pytest.fixture(scope="session")
def hostile_report():
    return plant.hostile_report()


@pytest.fixture(scope="session")
def large_report():
    return plant.large_report()


@pytest.fixture(scope="session")
def large_page(large_report) -> str:
    return render_page(large_report)
