"""What an operator does with one stack that is up."""

import pytest

from tests.support.live import ground, home  # noqa: F401 - fixtures of this folder


@pytest.fixture(scope="package", autouse=True)
def _up(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("ground").bring_up("test")
