"""What plain moto still lacks, seen on its own server: a probe that answers alike says which extension can go."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.probes import validate
from sandbox.aws.probes.ground import Ground
from sandbox.aws.probes.rows import table
from sandbox.layout import LOOPBACK
from tests.support.emulated import ACCOUNT_ID, REGION, ZONE


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A server without the sandbox's extensions."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    with (
        log,
        subprocess.Popen(
            [Path(sys.executable).with_name("moto_server"), "-H", LOOPBACK, "-p", str(port)],
            # Without what an account of this process has put into the environment for itself.
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("MOTO_")},
                "MOTO_ACCOUNT_ID": ACCOUNT_ID,
            },
            stdout=log,
            stderr=log,
        ) as server,
    ):
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex((LOOPBACK, port)) == 0:
                    break
            time.sleep(0.1)
        yield Ground(
            keys={"aws_access_key_id": "test", "aws_secret_access_key": "test"},
            account_id=ACCOUNT_ID,
            region=REGION,
            zone=ZONE,
            endpoint=f"http://{LOOPBACK}:{port}",
            other={"aws_access_key_id": "other", "aws_secret_access_key": "other"},
        )
        server.terminate()


@pytest.mark.parametrize("name", table())
def test_moto_alone_still_lacks_it(moto: Ground, emulated_answers: dict[str, validate.Outcome], name: str) -> None:
    """Moto answers otherwise than the emulated account, or not at all."""
    (plain,) = validate.run([table()[name]], moto)
    ours = emulated_answers[name].answers
    assert ours is not None
    behaviour, _ = validate.compared(plain.answers or {}, ours)
    assert behaviour, f"moto has closed the gap of {', '.join(table()[name].subjects)}: take the extension away"
