#!/usr/bin/python3 -I
"""Delivers mail from the spool to the bucket: ``mail_delivery.py CONFIGURATION [check]``.

A message leaves the spool only after the store has taken it. An object's key is the name of the spool file, so a
delivery that was interrupted writes the same object again. While the store is away, mail waits. With ``check`` it
makes sure of the bucket's expiry rule, writes a setup notification as SES does, and ends.
"""

import http
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

#: Debian's and Ubuntu's; it includes the store's own CA after the step ``trust``.
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
#: Seconds between two looks into the spool.
LOOK_SECONDS = 1.0
#: Seconds to wait after a failed delivery: doubled after each further one.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
#: Names of unfinished files of the receiver start so.
UNFINISHED = "."
RULE = "inbound-30d-ttl"
NOTIFICATION = "AGENTKEYS_SETUP_NOTIFICATION"


#: Google's API of objects, and the metadata server of its hosts:
#: https://docs.cloud.google.com/compute/docs/metadata/overview
UPLOADS = (
    "https://storage.googleapis.com/upload/storage/v1/b/{bucket}/o?uploadType=media&ifGenerationMatch=0&name={key}"
)
TOKENS = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"


class GoogleStore:
    """Writes objects by Google's API, with the token of the host's service account, which has no key.

    Raises OSError; an ``HTTPError``, which is one, says what Google answered.
    """

    def __init__(self) -> None:
        self._trust = ssl.create_default_context(cafile=AUTHORITIES if Path(AUTHORITIES).exists() else None)

    def put_object(self, Bucket: str, Key: str, Body: Any) -> None:  # noqa: N803 - as boto3 names them
        """Write one object unless it is there: the host may create objects, and not replace one."""
        asked = urllib.request.Request(TOKENS, headers={"Metadata-Flavor": "Google"})
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - a constant URL
            token = json.load(answer)["access_token"]
        url = UPLOADS.format(bucket=Bucket, key=urllib.parse.quote(Key, safe=""))
        content = Body if isinstance(Body, bytes) else Body.read()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "message/rfc822"}
        request = urllib.request.Request(url, data=content, headers=headers, method="POST")  # noqa: S310 - of UPLOADS
        try:
            urllib.request.urlopen(request, timeout=60, context=self._trust).close()  # noqa: S310 - likewise
        except urllib.error.HTTPError as error:
            # An earlier delivery wrote it and was interrupted before it removed the message.
            if error.code != http.HTTPStatus.PRECONDITION_FAILED:
                raise


def store(configuration: "dict[str, Any]") -> Any:
    """A client of the object store. Path style needs no host name, DNS and certificate for each bucket."""
    if configuration["api"] == "gcs":
        return GoogleStore()
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    key = os.environ.get("AGENTKEYS_STORE_KEY") or (folder and os.path.join(folder, "store-key"))  # noqa: PTH118
    if key and Path(key).exists():
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = key
    options: dict[str, Any] = {
        "s3": {"addressing_style": "path" if configuration["path_style"] else "virtual"},
        "connect_timeout": 10,
        "read_timeout": 60,
        "retries": {"max_attempts": 2},
    }
    # Newer SDKs send checksums that many other stores reject; older ones do not know the option.
    wanted = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    try:
        config = Config(**options, **wanted)
    except TypeError:
        config = Config(**options)
    return boto3.Session(region_name=configuration["region"]).client(
        "s3",
        endpoint_url=configuration["endpoint"],
        verify=AUTHORITIES if Path(AUTHORITIES).exists() else None,
        config=config,
    )


def waiting(spool: Path) -> "list[Path]":
    """The complete messages, oldest first."""
    found = [path for path in spool.iterdir() if not path.name.startswith(UNFINISHED)]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def deliver(client: Any, configuration: "dict[str, Any]", path: Path) -> None:
    """Write one message to the bucket, then remove it from the spool. Raises the SDK's errors."""
    with path.open("rb") as body:
        client.put_object(Bucket=configuration["bucket"], Key=configuration["prefix"] + path.name, Body=body)
    path.unlink()


def deliver_all(client: Any, configuration: "dict[str, Any]") -> bool:
    """Try every message once. Returns whether none is left that was tried."""
    whole = True
    for path in waiting(Path(configuration["spool"])):
        try:
            deliver(client, configuration, path)
        except (ClientError, urllib.error.HTTPError) as error:
            # Possibly the store refuses only this message, so the others are tried too.
            whole = False
            print(f"{path.name} stays in the spool: {error}", flush=True)
        except (BotoCoreError, OSError) as error:
            print(f"{path.name} and later mail stay in the spool: {error}", flush=True)
            return False
        else:
            print(f"{path.name} delivered", flush=True)
    return whole


def expire(client: Any, configuration: "dict[str, Any]") -> bool:
    """Make sure that the bucket deletes old mail. Returns whether the rule had to be written. Raises ClientError.

    Google's bucket has its rule from the program, and the host's service account may not see it.
    """
    bucket, prefix, days = configuration["bucket"], configuration["prefix"], configuration["expire_days"]
    if configuration["api"] == "gcs":
        return False
    try:
        rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    for rule in rules:
        named = rule.get("Filter", {}).get("Prefix", rule.get("Prefix"))
        if named == prefix and rule["Status"] == "Enabled" and rule.get("Expiration", {}).get("Days") == days:
            return False
    wanted = {"ID": RULE, "Filter": {"Prefix": prefix}, "Status": "Enabled", "Expiration": {"Days": days}}
    kept = [rule for rule in rules if rule.get("ID") != RULE]
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*kept, wanted]})
    return True


def check(configuration: "dict[str, Any]") -> str:
    """What was done. Raises SystemExit with what is wrong and what to do."""
    bucket, endpoint, days = configuration["bucket"], configuration["endpoint"], configuration["expire_days"]
    try:
        client = store(configuration)
        written = expire(client, configuration)
        client.put_object(Bucket=bucket, Key=configuration["prefix"] + NOTIFICATION, Body=b"")
    except (BotoCoreError, ClientError, OSError) as error:
        if configuration["api"] == "gcs":
            raise SystemExit(
                f"the bucket {bucket!r} cannot be used for mail: {error}. The host's service account needs the role "
                f"Storage Object Creator on {configuration['prefix']}*. Run `pulumi up` again, which grants it"
            ) from None
        raise SystemExit(
            f"the bucket {bucket!r} at {endpoint} cannot be used for mail: {error}. The host's key needs s3:PutObject "
            f"on {configuration['prefix']}*, s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration on the "
            "bucket. In clouds/host, check buckets, storeEndpoint, storeCa and storeAccessKeyId. Then run `pulumi up` "
            "again"
        ) from None
    return f"{'changed' if written else 'unchanged'} expiry of {configuration['prefix']} in {bucket}: {days} days"


def main() -> None:
    configuration = json.loads(Path(sys.argv[1]).read_text())
    if sys.argv[2:] == ["check"]:
        print(check(configuration))
        return
    client, pause = None, FIRST_PAUSE
    while True:
        try:
            client = client or store(configuration)
            done = deliver_all(client, configuration)
        except (BotoCoreError, OSError) as error:
            print(f"mail stays in the spool: {error}", flush=True)
            done = False
        if done:
            pause = FIRST_PAUSE
            time.sleep(LOOK_SECONDS)
        else:
            # Another client next time: a new key or token may be there.
            client = None
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


if __name__ == "__main__":
    main()
