"""Loads moto's lists of the instance types that a region offers when a request asks for the region.

Moto loads the lists of every region when its EC2 is imported, which takes a second of CPU and 60 MB. Import this module
before moto's EC2: it imports that without the lists. If moto's EC2 was imported already, all lists stay.
"""

import importlib
import sys
from typing import Any

from moto.utilities import utils

_MODULE = "moto.ec2.models.instance_types"
_FOLDER = "ec2/resources/instance_type_offerings"


class Offerings(dict[str, Any]):
    """The offerings of one location type by region, as moto has them. A region that AWS does not have is missing."""

    def __init__(self, location_type: str) -> None:
        self._location_type = location_type

    def __missing__(self, region: str) -> Any:
        """Raises KeyError, as moto's table does."""
        try:
            found = utils.load_resource(f"{_FOLDER}/{self._location_type}/{region}.json")
        except FileNotFoundError:
            raise KeyError(region) from None
        for offering in found:
            offering["LocationType"] = self._location_type
        self[region] = found
        return found

    def get(self, region: str, default: Any = None) -> Any:
        """Moto asks for regions by this method."""
        try:
            return self[region]
        except KeyError:
            return default


def _import_without_offerings() -> None:
    load = utils.load_resource
    utils.load_resource = lambda resource: [] if resource.startswith(_FOLDER) else load(resource)
    try:
        module = importlib.import_module(_MODULE)
    finally:
        utils.load_resource = load
    module.load_resource = load  # type: ignore[attr-defined]
    offerings = module.INSTANCE_TYPE_OFFERINGS
    offerings.update({location_type: Offerings(location_type) for location_type in offerings})


if _MODULE not in sys.modules:
    _import_without_offerings()
