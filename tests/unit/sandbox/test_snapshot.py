"""The snapshot of the emulated account is read by the versions that come after."""

import io

import pytest

from sandbox.aws import snapshot


@pytest.mark.parametrize("module", ["sandbox.account.snapshot", "sandbox.aws.snapshot"])
def test_a_snapshot_of_any_version_names_what_this_one_has(module):
    """Version 0.3.0 kept the module in another folder."""
    written = f"c{module}\n_private_key\n.".encode()
    assert snapshot._Unpickler(io.BytesIO(written)).load() is snapshot._private_key
