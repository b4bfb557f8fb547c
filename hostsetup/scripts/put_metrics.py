#!/usr/bin/python3 -I
"""put_metrics.py REGION NAMESPACE: send three metrics of this host to CloudWatch, once.

    DiskUsedPercent      of the fullest filesystem that the services write to
    MemoryUsedPercent    memory that is not available without swapping (MemAvailable in proc(5))
    CertificateDaysLeft  until the first certificate of this host's public names expires; 0 if a name has none

Exit codes: 0 if CloudWatch has them, 3 if the host has no role or its role may not write them, 1 for anything else. The
last line says why.

Runs on the host's own Python (3.9 and later) with its standard library: botocore would add 60 MB of memory every five
minutes to a host of 1 GiB, and the curl of Ubuntu 22.04 does not sign the token of a role. The signature is AWS's
version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
AWS_ENDPOINT_URL_CLOUDWATCH and AWS_EC2_METADATA_SERVICE_ENDPOINT name other endpoints, as for AWS's own programs.
"""

import datetime
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Optional

METADATA = "http://169.254.169.254"
SECONDS = 10
DAY = 86400

#: Folders whose filesystems matter: the services' state, the journal, and the system.
FOLDERS = ("/", "/var", "/var/lib/agentkeys", "/var/log")
CERTIFICATES = Path("/etc/letsencrypt/live")
#: Key and name of every public host, one line each.
HOSTS = Path("/usr/local/share/agentkeys/hosts")
READER = Path(__file__).resolve().parent / "read_certificates.py"


class RefusedError(Exception):
    """This host may not send metrics."""


def disk_used(folders: tuple[str, ...] = FOLDERS) -> float:
    """Percent, as df(1) calculates it: what only root may fill counts as used."""
    worst = 0.0
    for folder in folders:
        if Path(folder).is_dir():
            found = os.statvfs(folder)
            used = found.f_blocks - found.f_bfree
            worst = max(worst, 100 * used / max(1, used + found.f_bavail))
    return worst


def memory_used(meminfo: str) -> float:
    """Percent."""
    lines = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    total, available = (int(lines[key].split()[0]) for key in ("MemTotal", "MemAvailable"))
    return 100 * (total - available) / total


def days_left(table: str, read: str, now: float) -> float:
    """Days until the first certificate ends. ``table`` is the list of hosts, ``read`` what READER printed."""
    names = [line.split()[1] for line in table.splitlines() if line.split()[1:]]
    ends = {}
    for line in read.splitlines():
        name, fact, *value = line.split(" ", 2)
        if fact == "ends":
            ends[name] = int(value[0])
    return min((max(0.0, (ends.get(name, 0) - now) / DAY) for name in names), default=0.0)


def measured() -> dict[str, float]:
    """The metrics, by name."""
    table = HOSTS.read_text()
    names = [line.split()[1] for line in table.splitlines() if line.split()[1:]]
    read = subprocess.run([str(READER), str(CERTIFICATES), *names], capture_output=True, text=True, check=True).stdout
    return {
        "DiskUsedPercent": disk_used(),
        "MemoryUsedPercent": memory_used(Path("/proc/meminfo").read_text()),
        "CertificateDaysLeft": days_left(table, read, time.time()),
    }


def _ask(url: str, headers: dict[str, str], body: Optional[bytes] = None, method: str = "GET") -> str:
    request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 - both URLs are AWS's
    # The metadata service and AWS are reached directly, whatever a proxy variable says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as answer:
        return str(answer.read().decode())


def credentials(metadata: str) -> dict[str, str]:
    """Of the instance's role, by the metadata service's second version. Raises RefusedError if it has no role."""
    base = f"{metadata}/latest"
    try:
        token = _ask(f"{base}/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}, method="PUT")
        with_token = {"X-aws-ec2-metadata-token": token}
        roles = f"{base}/meta-data/iam/security-credentials/"
        found: dict[str, str] = json.loads(_ask(roles + _ask(roles, with_token).split()[0], with_token))
    except (OSError, IndexError, ValueError) as error:
        raise RefusedError(f"the metadata service gives no credentials of a role ({error})") from None
    return found


def signed(url: str, body: bytes, region: str, of: dict[str, str], now: datetime.datetime) -> dict[str, str]:
    """Headers of a signed POST of a form to CloudWatch."""
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": urllib.parse.urlsplit(url).netloc,
        "x-amz-date": stamp,
        "x-amz-security-token": of["Token"],
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{region}/monitoring/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{of['SecretAccessKey']}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={of['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    )
    return headers


def form(namespace: str, metrics: dict[str, float]) -> bytes:
    """The body of PutMetricData:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    """
    fields: dict[str, Any] = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": namespace}
    for number, (name, value) in enumerate(metrics.items(), start=1):
        fields[f"MetricData.member.{number}.MetricName"] = name
        fields[f"MetricData.member.{number}.Value"] = round(value, 2)
    return urllib.parse.urlencode(fields).encode()


def put(region: str, namespace: str, metrics: dict[str, float]) -> None:
    """Send the metrics. Raises RefusedError, OSError."""
    url = os.environ.get("AWS_ENDPOINT_URL_CLOUDWATCH") or f"https://monitoring.{region}.amazonaws.com"
    role = credentials(os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA)
    body = form(namespace, metrics)
    try:
        _ask(f"{url}/", signed(url, body, region, role, datetime.datetime.now(datetime.timezone.utc)), body, "POST")
    except urllib.error.HTTPError as error:
        said = error.read(2000).decode(errors="replace")
        if "AccessDenied" in said:
            raise RefusedError(f"the host's role may not write metrics of {namespace}") from None
        raise OSError(f"CloudWatch answers {error.code}: {' '.join(said.split())}") from None


def main() -> int:
    region, namespace = sys.argv[1:]
    try:
        metrics = measured()
        put(region, namespace, metrics)
    except RefusedError as error:
        print(f"not sent: {error}")
        return 3
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"not sent: {error}")
        return 1
    print("sent " + ", ".join(f"{name} {value:.1f}" for name, value in metrics.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
