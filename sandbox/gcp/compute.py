"""Compute Engine's API: networks, firewall rules, addresses, and instances, whose hosts are real.

Every operation is done when it is answered. Only the project's owner may call it.
"""

from typing import Any

from sandbox.fronts.calls import Answer, Call
from sandbox.gcp.calls import ApiError, Caller, decoded
from sandbox.gcp.management import require_owner
from sandbox.gcp.project import Project

#: Collections that only keep what they are given.
_KEPT = ("networks", "subnetworks", "firewalls", "addresses", "instances", "disks")

#: Image families whose hosts the sandbox has: https://docs.cloud.google.com/compute/docs/images/os-details
_FAMILIES = {"debian-cloud": ("debian-12", "debian-13")}

_ZONES = ("b", "c", "d")


class Compute:
    """The operator's calls of Compute Engine."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def answer(self, call: Call, caller: Caller) -> Answer | None:
        """Answer a call; None for one that is not known. Raises ApiError."""
        require_owner(self._project, call, caller)
        # compute, version, projects, project, then the place: global, regions/x or zones/x.
        parts = call.path.strip("/").split("/")
        if call.method == "GET" and (given := self._given(parts[3], parts[4:])):
            return given
        collection = parts[5] if parts[4] == "global" else parts[6] if len(parts) > 6 else ""
        if collection not in _KEPT:
            return None
        place, names = parts[4 : parts.index(collection)], parts[parts.index(collection) + 1 :]
        return self._create(call, place, collection) if not names else self._made(call, collection, names)

    def _given(self, project: str, parts: list[str]) -> Answer | None:
        """What Google has without a stack: zones, images, types; and operations, which are all done."""
        found: dict[str, Any] | None
        match parts:
            case ["zones"]:
                return Answer(body={"kind": "compute#zoneList", "items": [self._zone(letter) for letter in _ZONES]})
            case [*_, "operations", name]:
                found = self._operation(name, "")
            case ["zones", name]:
                found = next((zone for letter in _ZONES if (zone := self._zone(letter))["name"] == name), None)
            case ["global", "images", *_, name]:
                family = next((one for one in _FAMILIES.get(project, ()) if name.startswith(one)), "")
                found = self._image(project, family) if family else None
            case ["zones", _, "machineTypes" | "diskTypes", name]:
                found = {"name": name, "selfLink": self._url(*parts)}
            case _:
                return None
        return self._or_missing(found, "/".join(parts))

    def _made(self, call: Call, collection: str, names: list[str]) -> Answer | None:
        """A call of one resource."""
        table = self._project.table(collection)
        match [call.method, *names]:
            case ["GET", name]:
                return self._or_missing(table.get(name), f"{collection}/{name}")
            case ["DELETE", name]:
                return self._delete(collection, name)
            case ["PATCH" | "PUT", name] if collection == "firewalls":
                table[name].update(decoded(call))
                self._open_hosts()
            case ["POST", name, "setMetadata"]:
                table[name]["metadata"] = decoded(call)
            case _:
                return None
        self._project.save()
        return Answer(body=self._operation("update", name))

    def _create(self, call: Call, place: list[str], collection: str) -> Answer:
        table, wanted = self._project.table(collection), decoded(call)
        name = wanted["name"]
        if name in table:
            raise ApiError(409, f"The resource '{collection}/{name}' already exists", "alreadyExists")
        made = {
            **wanted,
            "kind": f"compute#{collection[:-1]}",
            "id": self._project.next_number(),
            "creationTimestamp": "2026-01-01T00:00:00.000-00:00",
            "selfLink": self._url(*place, collection, name),
        }
        if place[0] != "global":
            made[place[0][:-1]] = self._url(*place)
        if collection == "networks":
            made["routingConfig"] = made.get("routingConfig") or {"routingMode": "REGIONAL"}
        elif collection == "subnetworks":
            made |= {"gatewayAddress": "10.80.0.1", "purpose": "PRIVATE", "fingerprint": "AA=="}
        elif collection == "addresses":
            made |= {
                "address": self._project.world.address(name),
                "addressType": made.get("addressType", "EXTERNAL"),
                "networkTier": "PREMIUM",
                "status": "RESERVED",
            }
        elif collection == "instances":
            self._launch(made)
        table[name] = made
        if collection in ("firewalls", "instances"):
            self._open_hosts()
        self._project.save()
        return Answer(body=self._operation("insert", name))

    def _launch(self, made: dict[str, Any]) -> None:
        name, zone = made["name"], made["zone"].rpartition("/")[2]
        interface = made["networkInterfaces"][0]
        subnet = self._project.table("subnetworks")[interface["subnetwork"].rpartition("/")[2]]
        (access,) = interface["accessConfigs"]
        keys = {item["key"]: item["value"] for item in made["metadata"]["items"]}["ssh-keys"]
        user, _, public_key = keys.partition(":")
        if not any(found["address"] == access["natIP"] for found in self._project.table("addresses").values()):
            raise ApiError(400, f"The address {access['natIP']} is not reserved in this project.")
        self._project.world.launch(name, access["natIP"], user, public_key)
        disk = made["disks"][0]
        given = disk.pop("initializeParams")
        self._project.table("disks")[name] = {
            "kind": "compute#disk",
            "name": name,
            "selfLink": self._url("zones", zone, "disks", name),
            "zone": self._url("zones", zone),
            "sizeGb": str(given.get("diskSizeGb", 10)),
            "type": given.get("diskType") or self._url("zones", zone, "diskTypes", "pd-standard"),
            "sourceImage": given["sourceImage"],
        }
        made.update(
            status="RUNNING",
            cpuPlatform="Unknown CPU Platform",
            labelFingerprint="42WmSpB8rSM=",
            metadata={**made["metadata"], "fingerprint": "AA=="},
            tags={**made.get("tags", {}), "fingerprint": "AA=="},
            scheduling={
                "automaticRestart": True, "onHostMaintenance": "MIGRATE", "preemptible": False,
                **made.get("scheduling", {}),
            },
            disks=[{**disk, "index": 0, "deviceName": "persistent-disk-0", "mode": "READ_WRITE", "type": "PERSISTENT",
                    "source": self._url("zones", zone, "disks", name), "interface": "SCSI"}],
            networkInterfaces=[{
                **interface,
                "name": "nic0",
                "network": subnet["network"],
                "subnetwork": subnet["selfLink"],
                "networkIP": "10.80.0.2",
                "accessConfigs": [{"networkTier": "PREMIUM", "type": "ONE_TO_ONE_NAT", "name": "nat", **access}],
            }],
        )  # fmt: skip

    def _open_hosts(self) -> None:
        """Give every host the ports that the rules for its tags open."""
        for instance in self._project.table("instances").values():
            ports: dict[int, list[str]] = {}
            for rule in self._project.table("firewalls").values():
                if set(rule.get("targetTags", ())) & set(instance["tags"].get("items", ())):
                    for allowed in rule.get("allowed", ()):
                        for port in allowed.get("ports", ()):
                            ports.setdefault(int(port), []).extend(rule.get("sourceRanges", ()))
            self._project.world.open(instance["name"], ports)

    def _delete(self, collection: str, name: str) -> Answer:
        table = self._project.table(collection)
        if name not in table:
            raise ApiError(404, f"The resource '{collection}/{name}' was not found")
        if collection == "instances":
            if table[name].get("deletionProtection"):
                raise ApiError(400, f"Resource cannot be deleted if it's protected against deletion: {name}")
            self._project.world.terminate(name)
            self._project.table("disks").pop(name, None)
        elif collection == "addresses":
            self._project.world.release(name)
        elif collection == "networks" and self._project.table("subnetworks"):
            raise ApiError(
                400, f"The network resource '{name}' is already being used", "resourceInUseByAnotherResource"
            )
        del table[name]
        self._project.save()
        return Answer(body=self._operation("delete", name))

    def _zone(self, letter: str) -> dict[str, Any]:
        region = self._project.identity.region
        name = f"{region}-{letter}"
        return {
            "kind": "compute#zone",
            "name": name,
            "region": self._url("regions", region),
            "selfLink": self._url("zones", name),
            "status": "UP",
        }

    @staticmethod
    def _image(publisher: str, family: str) -> dict[str, Any]:
        name = f"{family}-bookworm-v20260101" if family == "debian-12" else f"{family}-v20260101"
        return {
            "kind": "compute#image",
            "name": name,
            "family": family,
            "diskSizeGb": "10",
            "selfLink": f"https://www.googleapis.com/compute/v1/projects/{publisher}/global/images/{name}",
        }

    def _url(self, *parts: str) -> str:
        return "/".join(["https://www.googleapis.com/compute/beta/projects", self._project.identity.project_id, *parts])

    def _operation(self, kind: str, target: str) -> dict[str, Any]:
        return {
            "kind": "compute#operation",
            "name": f"operation-{self._project.next_number()}",
            "operationType": kind,
            "targetLink": target,
            "status": "DONE",
            "progress": 100,
        }

    @staticmethod
    def _or_missing(found: dict[str, Any] | None, name: str) -> Answer:
        if found is None:
            raise ApiError(404, f"The resource '{name}' was not found")
        return Answer(body=found)
