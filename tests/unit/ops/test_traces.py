"""How a resource of the account is matched with one that the program wants."""

import pytest

from ops.traces import _same_key

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample"


@pytest.mark.parametrize("comment", ["", " ops@example.org", " agentkeys broker host\n"])
def test_a_key_pair_is_the_same_whatever_its_comment(comment):
    """EC2 keeps the comment that a key was imported with; the provider (5.100) compares an ed25519 key with it."""
    assert _same_key(f"{KEY}{comment}", KEY)
    assert not _same_key(f"{KEY}{comment}", KEY.replace("AAAAI", "AAAAJ"))
