"""Every resource of the program can be looked up by `agentkeys adopt`, or the `up` creates it."""

from unittest.mock import MagicMock

import pytest

from dev.recorder import run
from ops.commands.adopt import MADE_ANEW, AdoptError, Lookup, Wanted
from tests.support.stacks import a_stack


def lookup(release):
    return Lookup(names=a_stack("prod", release).names, zone_id="Z1", of=lambda service: MagicMock())


def test_every_resource_is_looked_up_or_created_by_the_up(release):
    recorded = run("prod", changed={**release, "alarmEmail": "ops@example.org"})
    sought = [item for item in recorded.custom if not item.request.type.startswith(MADE_ANEW)]
    assert {"aws:dlm/lifecyclePolicy:LifecyclePolicy", "aws:s3/bucket:Bucket"} <= {item.request.type for item in sought}
    looked = lookup(release)
    for item in sought:
        looked.identifier(Wanted(name=item.request.name, type=item.request.type, inputs=item.inputs))


def test_a_type_without_a_row_is_an_error_that_names_the_table(release):
    with pytest.raises(AdoptError, match=r"q is a aws:sqs/queue:Queue, and LOOKUPS .* has no row"):
        lookup(release).identifier(Wanted(name="q", type="aws:sqs/queue:Queue", inputs={}))
