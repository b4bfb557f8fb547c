"""What the host measures, and how it signs what it sends; tests/emulated/test_alarms_emulated.py has CloudWatch."""

import datetime
import os
from types import ModuleType, SimpleNamespace
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.sites import SCRIPTS

# An import would write its bytecode into the folder of the host's scripts.
put_metrics = ModuleType("put_metrics")
put_metrics.__file__ = str(SCRIPTS / "put_metrics.py")
exec((SCRIPTS / "put_metrics.py").read_text(), vars(put_metrics))  # noqa: S102 - the project's own script

NOW = datetime.datetime(2026, 11, 28, 10, 11, 12, tzinfo=datetime.UTC)
ROLE = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret/+example", "Token": "token=="}
MEMINFO = "MemTotal:        1000000 kB\nMemFree:  1 kB\nMemAvailable:     250000 kB\nHugePages_Total:       0\n"
HOSTS = "broker broker.example.org\nsigner signer.example.org\n"


def test_the_signature_is_the_one_that_botocore_makes(monkeypatch):
    body = put_metrics.form("agentkeys-metrics-test", {"DiskUsedPercent": 12.5})
    url = "https://monitoring.us-east-1.amazonaws.com"
    ours = put_metrics.signed(url, body, "us-east-1", ROLE, NOW)
    theirs = AWSRequest(method="POST", url=f"{url}/", data=body, headers={"content-type": ours["content-type"]})
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: NOW.replace(tzinfo=None))
    keys = Credentials(ROLE["AccessKeyId"], ROLE["SecretAccessKey"], ROLE["Token"])
    SigV4Auth(keys, "monitoring", "us-east-1").add_auth(theirs)
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]


def test_a_form_has_every_metric_once():
    fields = parse_qs(put_metrics.form("space", {"A": 1.234, "B": 2.0}).decode())
    assert fields == {
        "Action": ["PutMetricData"], "Version": ["2010-08-01"], "Namespace": ["space"],
        "MetricData.member.1.MetricName": ["A"], "MetricData.member.1.Value": ["1.23"],
        "MetricData.member.2.MetricName": ["B"], "MetricData.member.2.Value": ["2.0"],
    }  # fmt: skip


def test_memory_that_can_be_had_is_not_used():
    assert put_metrics.memory_used(MEMINFO) == 75


@pytest.mark.parametrize(
    ("read", "days"),
    [
        ("broker.example.org ends 864000\nsigner.example.org ends 1728000\n", 10),
        ("broker.example.org begins 1\nbroker.example.org ends 1728000\nsigner.example.org ends 864000\n", 10),
        ("broker.example.org ends 864000\n", 0),
        ("broker.example.org unreadable ValueError: no certificate\nsigner.example.org ends 864000\n", 0),
        ("broker.example.org ends -5\nsigner.example.org ends 864000\n", 0),
    ],
)
def test_the_first_certificate_that_ends_counts_and_a_name_without_one_has_no_days(read, days):
    assert put_metrics.days_left(HOSTS, read, now=0.0) == days


def test_the_fullest_filesystem_counts_as_df_counts_it(monkeypatch, tmp_path):
    full = SimpleNamespace(f_blocks=1000, f_bfree=250, f_bavail=200)
    empty = SimpleNamespace(f_blocks=1000, f_bfree=900, f_bavail=900)
    (tmp_path / "state").mkdir()
    monkeypatch.setattr(os, "statvfs", lambda folder: full if str(folder).endswith("state") else empty)
    folders = (str(tmp_path), str(tmp_path / "state"), str(tmp_path / "absent"))
    assert put_metrics.disk_used(folders) == pytest.approx(100 * 750 / 950)


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (put_metrics.RefusedError("the host has no role"), 3, "not sent: the host has no role\n"),
        (OSError("CloudWatch answers 500: busy"), 1, "not sent: CloudWatch answers 500: busy\n"),
        (None, 0, "sent DiskUsedPercent 1.0\n"),
    ],
)
def test_the_exit_code_says_whether_the_host_may(monkeypatch, capsys, raised, code, said):
    def put(region, namespace, metrics):
        assert (region, namespace, metrics) == ("eu-west-1", "space", {"DiskUsedPercent": 1.0})
        if raised:
            raise raised

    monkeypatch.setattr(put_metrics.sys, "argv", ["put_metrics.py", "eu-west-1", "space"])
    monkeypatch.setattr(put_metrics, "measured", lambda: {"DiskUsedPercent": 1.0})
    monkeypatch.setattr(put_metrics, "put", put)
    assert put_metrics.main() == code
    assert capsys.readouterr().out == said


def test_a_host_without_a_metadata_service_may_not(monkeypatch):
    with pytest.raises(put_metrics.RefusedError, match="gives no credentials of a role"):
        put_metrics.credentials("http://127.0.0.1:1")
