"""Cloud Storage's JSON API: buckets, objects, managed folders and their policies.

Every bucket has uniform access: the only rights are bindings on the bucket and on managed folders
(https://docs.cloud.google.com/storage/docs/managed-folders). Objects' contents are files beside the project's file.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sandbox.fronts.calls import Answer, Call
from sandbox.gcp import iam
from sandbox.gcp.calls import ApiError, Caller, decoded
from sandbox.gcp.project import Project

#: What a bucket's own policy and the project's owner decide.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_CONSTRAINT = "constraints/storage.publicAccessPrevention"


class Storage:
    """The buckets of the emulated project."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project, self._folder = project, folder

    def answer(self, call: Call, caller: Caller) -> Answer | None:
        """Answer a call; None for one that is not known. Raises ApiError."""
        path = call.path.removeprefix("/upload").removeprefix("/download").removeprefix("/storage/v1")
        match [unquote(part) for part in path.strip("/").split("/")]:
            case ["b"] if call.method == "POST":
                return self._create(call, caller)
            case ["b", bucket]:
                return self._bucket(call, caller, bucket)
            case ["b", bucket, "iam"]:
                return self._policy(call, caller, self._found(bucket), bucket)
            case ["b", bucket, "o", *names]:
                self._found(bucket)
                return self._objects(call, caller, bucket, names)
            case ["b", bucket, "managedFolders", *names]:
                self._found(bucket)
                return self._folders(call, caller, bucket, names)
        return None

    def _objects(self, call: Call, caller: Caller, bucket: str, names: list[str]) -> Answer | None:
        if names:
            return self._object(call, caller, bucket, names[0])
        return self._insert(call, caller, bucket) if call.method == "POST" else self._list(call, caller, bucket)

    def _folders(self, call: Call, caller: Caller, bucket: str, names: list[str]) -> Answer | None:
        match names:
            case []:
                return self._folder_made(call, caller, bucket) if call.method == "POST" else None
            case [name]:
                return self._folder_of(call, caller, bucket, name)
            case [name, "iam"]:
                return self._policy(call, caller, self._managed(bucket, name), f"{bucket}/{name}")
        return None

    def _is_owner(self, caller: Caller) -> bool:
        return f"user:{self._project.identity.owner}" in caller.members

    def _require_owner(self, caller: Caller, permission: str, what: str) -> None:
        if not self._is_owner(caller):
            raise _refused(caller, permission, what)

    def _found(self, bucket: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self._project.table("buckets").get(bucket)
        if found is None:
            raise ApiError(404, "The specified bucket does not exist.")
        return found

    def _managed(self, bucket: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self._project.table("folders").get(f"{bucket}/{name}")
        if found is None:
            raise ApiError(404, "The specified managed folder does not exist.")
        return found

    def _create(self, call: Call, caller: Caller) -> Answer:
        wanted, buckets = decoded(call), self._project.table("buckets")
        name = wanted.get("name", "")
        self._require_owner(caller, "storage.buckets.create", self._project.identity.project_id)
        if not _NAME.fullmatch(name):
            raise ApiError(400, f"Invalid bucket name: '{name}'", "invalid")
        if name in buckets:
            raise ApiError(409, "Your previous request to create the named bucket succeeded and you already own it.")
        if not _uniform(wanted):
            raise ApiError(501, "the sandbox's emulator of Google knows buckets with uniform access only")
        buckets[name] = {
            **wanted,
            "kind": "storage#bucket",
            "id": name,
            "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
            "projectNumber": self._project.identity.number,
            "metageneration": "1",
            "location": wanted.get("location", "US"),
            "storageClass": wanted.get("storageClass", "STANDARD"),
            "timeCreated": _now(),
            "etag": "CAE=",
            "policy": {"bindings": []},
        }
        self._project.save()
        return Answer(body=self._shown(buckets[name]))

    @staticmethod
    def _shown(kept: Mapping[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in kept.items() if key != "policy"}
        if "iamConfiguration" in shown:
            # The former name of uniform access, which Google still answers with.
            access = shown["iamConfiguration"]
            shown["iamConfiguration"] = {**access, "bucketPolicyOnly": access["uniformBucketLevelAccess"]}
        return shown

    def _bucket(self, call: Call, caller: Caller, name: str) -> Answer:
        action = {"GET": "get", "DELETE": "delete"}.get(call.method, "update")
        found = self._found(name)
        self._require_owner(caller, f"storage.buckets.{action}", name)
        if call.method == "DELETE":
            if any(key.startswith(f"{name}/") for key in self._project.table("objects")):
                raise ApiError(409, "The bucket you tried to delete is not empty.")
            folders = self._project.table("folders")
            for key in [key for key in folders if key.startswith(f"{name}/")]:
                del folders[key]
            del self._project.table("buckets")[name]
            self._project.save()
            return Answer(status=204, body=b"")
        if call.method in ("PATCH", "PUT"):
            changed = {key: value for key, value in decoded(call).items() if key not in ("name", "id", "policy")}
            if not _uniform({**found, **changed}):
                raise ApiError(501, "the sandbox's emulator of Google knows buckets with uniform access only")
            found.update(changed, metageneration=str(int(found["metageneration"]) + 1))
            self._project.save()
        return Answer(body=self._shown(found))

    def _policy(self, call: Call, caller: Caller, holder: dict[str, Any], what: str) -> Answer:
        kind = "managedFolders" if "/" in what else "buckets"
        action = "getIamPolicy" if call.method == "GET" else "setIamPolicy"
        self._require_owner(caller, f"storage.{kind}.{action}", what)
        if call.method == "PUT":
            given = decoded(call)
            iam.check_policy(given)
            if given.get("etag") not in (None, "", _etag(holder["policy"])):
                raise ApiError(412, "The policy's etag does not match: another change came first.")
            if iam.is_public(given) and self._keeps_public_out(what.partition("/")[0]):
                raise ApiError(
                    412,
                    "Bindings of allUsers are not allowed: public access prevention is enforced.",
                )
            holder["policy"] = {"bindings": given.get("bindings", [])}
            self._project.save()
        policy = holder["policy"]
        version = 3 if any("condition" in binding for binding in policy["bindings"]) else 1
        if version == 3 and call.query.get("optionsRequestedPolicyVersion") != "3" and call.method == "GET":
            raise ApiError(400, "The policy has conditions, and the request does not ask for version 3.")
        return Answer(body={**policy, "kind": "storage#policy", "version": version, "etag": _etag(policy)})

    def _keeps_public_out(self, bucket: str) -> bool:
        own = self._found(bucket).get("iamConfiguration", {}).get("publicAccessPrevention") == "enforced"
        project = self._project.table("organization-policies").get(_CONSTRAINT, {})
        return own or bool(project.get("booleanPolicy", {}).get("enforced"))

    def _allows(self, caller: Caller, permission: str, bucket: str, name: str) -> bool:
        """``name`` is an object's name or, for a list, its prefix."""
        if self._is_owner(caller):
            return True
        held = [self._found(bucket)["policy"]] + [
            folder["policy"]
            for key, folder in self._project.table("folders").items()
            if f"{bucket}/{name}".startswith(key)
        ]
        return iam.grants(held, caller, permission, f"projects/_/buckets/{bucket}/objects/{name}")

    def _require(self, caller: Caller, permission: str, bucket: str, name: str) -> None:
        if not self._allows(caller, permission, bucket, name):
            raise _refused(caller, permission, f"{bucket}/{name}")

    def _insert(self, call: Call, caller: Caller, bucket: str) -> Answer:
        name, kind, content = _uploaded(call)
        self._require(caller, "storage.objects.create", bucket, name)
        objects, key = self._project.table("objects"), f"{bucket}/{name}"
        generation = int(objects[key]["generation"]) if key in objects else 0
        wanted = call.query.get("ifGenerationMatch")
        if wanted is not None and int(wanted) != generation:
            raise ApiError(412, "At least one of the pre-conditions you specified did not hold.")
        if key in objects:
            # Replacing an object deletes the one before.
            self._require(caller, "storage.objects.delete", bucket, name)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file(key).write_bytes(content)
        objects[key] = {
            "kind": "storage#object",
            "id": f"{key}/{generation + 1}",
            "name": name,
            "bucket": bucket,
            "generation": str(int(time.time() * 1e6)),
            "metageneration": "1",
            "contentType": kind,
            "size": str(len(content)),
            "md5Hash": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "timeCreated": _now(),
            "updated": _now(),
        }
        self._project.save()
        return Answer(body=objects[key])

    def _list(self, call: Call, caller: Caller, bucket: str) -> Answer:
        prefix = call.query.get("prefix", "")
        self._require(caller, "storage.objects.list", bucket, prefix)
        found = [
            item for key, item in sorted(self._project.table("objects").items()) if key.startswith(f"{bucket}/{prefix}")
        ]
        return Answer(body={"kind": "storage#objects", "items": found} if found else {"kind": "storage#objects"})

    def _object(self, call: Call, caller: Caller, bucket: str, name: str) -> Answer:
        objects, key = self._project.table("objects"), f"{bucket}/{name}"
        action = "delete" if call.method == "DELETE" else "get"
        # Before it is known whether the object is there.
        self._require(caller, f"storage.objects.{action}", bucket, name)
        if key not in objects:
            raise ApiError(404, f"No such object: {key}")
        if call.method == "DELETE":
            del objects[key]
            self._file(key).unlink(missing_ok=True)
            self._project.save()
            return Answer(status=204, body=b"")
        if call.query.get("alt") == "media":
            return Answer(body=self._file(key).read_bytes(), headers={"Content-Type": objects[key]["contentType"]})
        return Answer(body=objects[key])

    def _folder_made(self, call: Call, caller: Caller, bucket: str) -> Answer:
        name = decoded(call).get("name", "")
        self._require_owner(caller, "storage.managedFolders.create", f"{bucket}/{name}")
        folders, key = self._project.table("folders"), f"{bucket}/{name}"
        if not name.endswith("/"):
            raise ApiError(400, "The name of a managed folder ends in a slash.", "invalid")
        if key in folders:
            raise ApiError(409, "The managed folder you tried to create already exists.")
        folders[key] = {"name": name, "bucket": bucket, "policy": {"bindings": []}}
        self._project.save()
        return Answer(body={"kind": "storage#managedFolder", "name": name, "bucket": bucket})

    def _folder_of(self, call: Call, caller: Caller, bucket: str, name: str) -> Answer:
        action = "delete" if call.method == "DELETE" else "get"
        self._require_owner(caller, f"storage.managedFolders.{action}", f"{bucket}/{name}")
        found = self._managed(bucket, name)
        if call.method == "DELETE":
            del self._project.table("folders")[f"{bucket}/{name}"]
            self._project.save()
            return Answer(status=204, body=b"")
        return Answer(body={"kind": "storage#managedFolder", **self._shown(found)})

    def _file(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()


def _uniform(bucket: Mapping[str, Any]) -> bool:
    configuration = bucket.get("iamConfiguration", {})
    return bool(configuration.get("uniformBucketLevelAccess", {}).get("enabled"))


def _uploaded(call: Call) -> tuple[str, str, bytes]:
    """Name, content type and content of an upload (media or multipart)."""
    kind = call.headers.get("content-type", "application/octet-stream")
    if call.query.get("uploadType") != "multipart":
        return call.query.get("name", ""), kind, call.body
    boundary = kind.partition("boundary=")[2].strip("\"'").encode()
    sections = [section.lstrip(b"\r\n") for section in call.body.split(b"--" + boundary)[1:-1]]
    if len(sections) != 2:
        raise ApiError(400, "A multipart upload has two parts.")
    metadata = json.loads(sections[0].partition(b"\r\n\r\n")[2] or b"{}")
    header, _, content = sections[1].partition(b"\r\n\r\n")
    inner = header.decode().partition(":")[2].strip() or "application/octet-stream"
    return metadata.get("name") or call.query.get("name", ""), inner, content.removesuffix(b"\r\n")


def _refused(caller: Caller, permission: str, what: str) -> ApiError:
    status = 401 if caller.members == {"allUsers"} else 403
    return ApiError(
        status, f"{caller.name} does not have {permission} access to the Google Cloud Storage resource {what}."
    )


def _etag(policy: Mapping[str, Any]) -> str:
    return base64.b64encode(hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).digest()[:6]).decode()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
