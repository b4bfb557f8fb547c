"""COS's XML API: buckets with their settings, and objects. https://www.tencentcloud.com/document/product/436/7751

Rights come from CAM's policies and a bucket's own. An ACL other than ``private``, and versioning, are refused. Objects'
contents are files beside the account's file.
"""

import base64
import calendar
import email.utils
import hashlib
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sandbox.fronts.calls import Answer, Call
from sandbox.tencentcloud import policies
from sandbox.tencentcloud.account import Account, Caller
from sandbox.tencentcloud.errors import CosError

_XML = {"Content-Type": "application/xml"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}-[0-9]{10}")

#: A bucket's settings, by parameter: the end of their actions' names, and the error when there is none.
_SETTINGS = {
    "lifecycle": ("Lifecycle", "NoSuchLifecycleConfiguration"),
    "policy": ("Policy", "NoSuchBucketPolicy"),
    "encryption": ("Encryption", "NoSuchEncryptionConfiguration"),
    "cors": ("CORS", "NoSuchCORSConfiguration"),
    "website": ("Website", "NoSuchWebsiteConfiguration"),
    "tagging": ("Tagging", "NoSuchTagSet"),
    "replication": ("Replication", "ReplicationConfigurationNotFoundError"),
    "origin": ("Origin", "NoSuchOriginConfiguration"),
    "domain": ("Domain", "NoSuchDomainConfiguration"),
    "intelligenttiering": ("IntelligentTiering", "NoSuchIntelligentTieringConfiguration"),
}
#: Settings that every bucket has, with what they are at first.
_ALWAYS = {
    "versioning": ("Versioning", "VersioningConfiguration"),
    "accelerate": ("Accelerate", "AccelerateConfiguration"),
    "logging": ("Logging", "BucketLoggingStatus"),
}


class Cos:
    """The buckets of the emulated account."""

    def __init__(self, account: Account, folder: Path) -> None:
        self._account, self._folder = account, folder
        self._end = f"cos.{account.identity.region}.myqcloud.com"

    def answer(self, call: Call, caller: Caller | None) -> Answer:
        """Answer a call. Raises CosError."""
        bucket = call.host.removesuffix(self._end).rstrip(".")
        key = unquote(call.path).lstrip("/")
        if not bucket:
            raise _unknown(call)
        return self._object(call, caller, bucket, key) if key else self._bucket(call, caller, bucket)

    def _bucket(self, call: Call, caller: Caller | None, bucket: str) -> Answer:
        query = {pair.partition("=")[0]: unquote(pair.partition("=")[2]) for pair in call.raw_query.split("&") if pair}
        setting = next((name for name in query if name in {*_SETTINGS, *_ALWAYS, "acl"}), "")
        if setting:
            return self._setting(call, caller, bucket, setting)
        match call.method:
            case "PUT":
                return self._create(call, caller, bucket)
            case "HEAD":
                self._require(call, caller, bucket, "HeadBucket")
                return Answer(body=b"")
            case "DELETE":
                self._require(call, caller, bucket, "DeleteBucket")
                if self._objects(bucket):
                    raise CosError(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
                del self._account.table("buckets")[bucket]
                self._account.save()
                return Answer(body=b"", status=204)
            case "GET" if "versions" in query:
                return self._versions(call, caller, bucket, query)
            case "GET" if query.keys() <= {"prefix", "delimiter", "marker", "max-keys", "encoding-type"}:
                return self._list(call, caller, bucket, query)
            case "POST" if "delete" in query:
                return self._delete_many(call, caller, bucket)
        raise _unknown(call)

    def _create(self, call: Call, caller: Caller | None, bucket: str) -> Answer:
        buckets = self._account.table("buckets")
        self._require(call, caller, bucket, "PutBucket", there=False)
        if not _NAME.fullmatch(bucket) or not bucket.endswith(f"-{self._account.identity.app_id}"):
            raise CosError(400, "InvalidBucketName", f"The bucket name {bucket} is not valid.")
        if bucket in buckets:
            raise CosError(409, "BucketAlreadyOwnedByYou", "The bucket is there already.")
        _require_private(call)
        buckets[bucket] = {}
        self._account.save()
        return Answer(body=b"", headers=_XML)

    def _setting(self, call: Call, caller: Caller | None, bucket: str, name: str) -> Answer:
        end, error = {**_SETTINGS, **_ALWAYS, "acl": ("ACL", "")}[name]
        verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(call.method)
        if verb is None or (call.method == "DELETE" and name not in _SETTINGS):
            raise _unknown(call)
        kept = self._require(call, caller, bucket, f"{verb}Bucket{end}")
        if name == "acl":
            _require_private(call)
            return Answer(body=self._acl() if verb == "Get" else b"", headers=_XML)
        if verb == "Get":
            if name in _ALWAYS:
                return Answer(body=kept.get(name, f"<{error}></{error}>").encode(), headers=_XML)
            if name not in kept:
                raise CosError(404, error, f"The bucket has no {name} configuration.")
            return Answer(body=kept[name].encode(), headers=_XML)
        if verb == "Delete":
            kept.pop(name, None)
        else:
            kept[name] = _checked(name, call.body)
        self._account.save()
        return Answer(body=b"", status=204 if verb == "Delete" else 200, headers=_XML)

    def _acl(self) -> bytes:
        owner = f"qcs::cam::uin/{self._account.identity.uin}:uin/{self._account.identity.uin}"
        return (
            f"<AccessControlPolicy><Owner><ID>{owner}</ID><DisplayName>{owner}</DisplayName></Owner>"
            '<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:type="CanonicalUser"><ID>{owner}</ID><DisplayName>{owner}</DisplayName></Grantee>'
            "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
        ).encode()

    def _list(self, call: Call, caller: Caller | None, bucket: str, query: dict[str, str]) -> Answer:
        prefix = query.get("prefix", "")
        # COS compares a prefix in its encoded form.
        self._require(call, caller, bucket, "GetBucket", {"cos:prefix": quote(prefix, safe="")})
        if query.get("delimiter") or query.get("marker"):
            raise CosError(501, "NotImplemented", "the sandbox's emulator of COS lists everything below a prefix")
        found = [item for item in self._objects(bucket) if item["key"].startswith(prefix)]
        shown = "".join(
            f"<Contents><Key>{escape(item['key'])}</Key><Size>{item['size']}</Size><ETag>{item['etag']}</ETag>"
            f"<LastModified>{item['modified']}</LastModified></Contents>"
            for item in found
        )
        return Answer(
            body=f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><Marker/>"
            f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{shown}</ListBucketResult>".encode(),
            headers=_XML,
        )

    def _versions(self, call: Call, caller: Caller | None, bucket: str, query: dict[str, str]) -> Answer:
        self._require(call, caller, bucket, "GetBucketObjectVersions")
        prefix = query.get("prefix", "")
        shown = "".join(
            f"<Version><Key>{escape(item['key'])}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest></Version>"
            for item in self._objects(bucket)
            if item["key"].startswith(prefix)
        )
        return Answer(
            body=f"<ListVersionsResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>{shown}"
            "</ListVersionsResult>".encode(),
            headers=_XML,
        )

    def _delete_many(self, call: Call, caller: Caller | None, bucket: str) -> Answer:
        keys = [found.text or "" for found in ElementTree.fromstring(call.body).iter("Key")]  # noqa: S314 - signed
        for key in keys:
            self._require(call, caller, bucket, "DeleteObject", key=key)
            self._remove(bucket, key)
        self._account.save()
        return Answer(body=b"<DeleteResult></DeleteResult>", headers=_XML)

    def _object(self, call: Call, caller: Caller | None, bucket: str, key: str) -> Answer:
        action = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
        # S3's SDKs name the operation. An object has one version, whose id is null.
        known = ["", f"x-id={action.get(call.method)}", *(["versionId=null"] if call.method == "DELETE" else [])]
        if call.method not in action or call.raw_query not in known:
            raise _unknown(call)
        self._require(call, caller, bucket, action[call.method], key=key)
        if call.method == "PUT":
            return self._put(call, bucket, key)
        found = self._account.table("objects").get(f"{bucket}/{key}")
        if call.method == "DELETE":
            self._remove(bucket, key)
            self._account.save()
            return Answer(body=b"", status=204)
        if found is None:
            raise CosError(404, "NoSuchKey", "The specified key does not exist.")
        headers = {"ETag": found["etag"], "Content-Type": found["type"], "Last-Modified": _http_date(found["modified"])}
        return Answer(body=self._file(bucket, key).read_bytes(), headers=headers)

    def _put(self, call: Call, bucket: str, key: str) -> Answer:
        if "x-cos-copy-source" in call.headers or "x-amz-copy-source" in call.headers:
            raise _unknown(call)
        _require_private(call)
        given = call.headers.get("content-md5")
        digest = hashlib.md5(call.body).digest()  # noqa: S324 - COS's
        if given and given != base64.b64encode(digest).decode():
            raise CosError(400, "BadDigest", "The Content-MD5 is not that of the body.")
        file = self._file(bucket, key)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(call.body)
        self._account.table("objects")[f"{bucket}/{key}"] = {
            "bucket": bucket,
            "key": key,
            "size": len(call.body),
            "etag": f'"{digest.hex()}"',
            "type": call.headers.get("content-type", "application/octet-stream"),
            "modified": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        }
        self._account.save()
        return Answer(body=b"", headers={"ETag": f'"{digest.hex()}"', "x-cos-server-side-encryption": "AES256"})

    def _require(
        self,
        call: Call,
        caller: Caller | None,
        bucket: str,
        action: str,
        context: dict[str, str] | None = None,
        *,
        key: str = "",
        there: bool = True,
    ) -> dict[str, Any]:
        """The bucket, if the caller may do this. ``there`` is whether it must exist. Raises CosError."""
        identity = self._account.identity
        found: dict[str, Any] | None = self._account.table("buckets").get(bucket)
        own = [policies.parsed(found["policy"])] if found and "policy" in found else []
        resource = f"qcs::cos:{identity.region}:uid/{identity.app_id}:{bucket}/{key}"
        # Only TLS reaches this front.
        seen = {"cos:secure-transport": "true", **(context or {})}
        # A bucket's policy could allow as well; the emulator knows policies that deny.
        if caller is None or not policies.allows(caller.layers, f"name/cos:{action}", resource, seen, own):
            who = caller.name if caller else "nobody"
            raise CosError(403, "AccessDenied", f"Access Denied: {who}, {call.method}, {action}, {resource}")
        if found is None and there:
            raise CosError(404, "NoSuchBucket", "The specified bucket does not exist.")
        return {} if found is None else found

    def _objects(self, bucket: str) -> list[dict[str, Any]]:
        found = [item for item in self._account.table("objects").values() if item["bucket"] == bucket]
        return sorted(found, key=lambda item: str(item["key"]))

    def _remove(self, bucket: str, key: str) -> None:
        if self._account.table("objects").pop(f"{bucket}/{key}", None):
            self._file(bucket, key).unlink(missing_ok=True)

    def _file(self, bucket: str, key: str) -> Path:
        return self._folder / bucket / hashlib.sha256(key.encode()).hexdigest()


def _checked(name: str, body: bytes) -> str:
    """A setting that this emulator can keep, as text. Raises CosError."""
    text = body.decode()
    if name == "versioning" and "Enabled" in text:
        raise CosError(501, "NotImplemented", "the sandbox's emulator of COS keeps one version of an object")
    if name != "policy":
        return text
    try:
        statements = policies.parsed(text)["statement"]
    except (ValueError, KeyError) as error:
        raise CosError(400, "MalformedPolicy", str(error)) from None
    if any(one["effect"] != "deny" or one["principal"] != {"qcs": ["qcs::cam::anyone:anyone"]} for one in statements):
        raise CosError(501, "NotImplemented", "the sandbox's emulator of COS knows bucket policies that deny anyone")
    return text


def _require_private(call: Call) -> None:
    for header in ("x-cos-acl", "x-amz-acl"):
        if call.headers.get(header, "private") not in ("private", "default"):
            raise CosError(501, "NotImplemented", f"the sandbox's emulator of COS knows no ACL {call.headers[header]}")


def _unknown(call: Call) -> CosError:
    asked = f"{call.method} {call.path}{'?' if call.raw_query else ''}{call.raw_query.partition('=')[0]}"
    return CosError(501, "NotImplemented", f"the sandbox's emulator of COS does not emulate {asked}")


def _http_date(text: str) -> str:
    return email.utils.formatdate(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S.000Z")), usegmt=True)
