"""Each test that asks for a site runs for every one of them."""

import pytest

from hostsetup.services import Site
from tests.support.sites import SITES, a_site


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest) -> Site:
    return a_site(request.param)
