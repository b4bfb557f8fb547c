"""The APIs that make a stack's other resources: projects, service accounts, workload identity pools and Cloud DNS.

Only the project's owner may call them. Leaves out Compute Engine (``compute``) and Cloud Storage (``storage``).
"""

from typing import Any

from sandbox.fronts.calls import Answer, Call
from sandbox.gcp.calls import ApiError, Caller, decoded
from sandbox.gcp.project import Project


class Management:
    """What the operator's tools call."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def answer(self, call: Call, caller: Caller) -> Answer | None:
        """Answer a call; None for one that is not known. Raises ApiError."""
        require_owner(self._project, call, caller)
        parts = call.path.strip("/").split("/")
        if call.host in ("cloudresourcemanager.googleapis.com", "cloudbilling.googleapis.com"):
            return self._projects(call, parts)
        if call.host == "iam.googleapis.com":
            return self._accounts(call, parts) if "serviceAccounts" in parts else self._pools(call, parts)
        if call.host == "dns.googleapis.com":
            return self._dns(call, parts)
        return None

    def _projects(self, call: Call, parts: list[str]) -> Answer | None:
        identity = self._project.identity
        policies = self._project.table("organization-policies")
        match [call.method, *parts]:
            case ["GET", "v1", "projects", _, "billingInfo"]:
                return Answer(body={"projectId": identity.project_id, "billingEnabled": False})
            case ["GET", "v1", "projects", _]:
                return Answer(
                    body={
                        "projectId": identity.project_id,
                        "projectNumber": identity.number,
                        "name": identity.project_id,
                        "lifecycleState": "ACTIVE",
                    }
                )
            case ["POST", "v1", "projects", name] if name.endswith(":setOrgPolicy"):
                policy = decoded(call)["policy"]
                policies[policy["constraint"]] = {**policy, "etag": "BwAA"}
                self._project.save()
                return Answer(body=policies[policy["constraint"]])
            case ["POST", "v1", "projects", name] if name.endswith(":getOrgPolicy"):
                constraint = decoded(call)["constraint"]
                return Answer(body=policies.get(constraint, {"constraint": constraint}))
            case ["POST", "v1", "projects", name] if name.endswith(":clearOrgPolicy"):
                policies.pop(decoded(call)["constraint"], None)
                self._project.save()
                return Answer(body={})
        return None

    def _accounts(self, call: Call, parts: list[str]) -> Answer | None:
        identity, accounts = self._project.identity, self._project.table("accounts")
        match [call.method, *parts]:
            case ["POST", "v1", "projects", _, "serviceAccounts"]:
                wanted = decoded(call)
                email = f"{wanted['accountId']}@{identity.project_id}.iam.gserviceaccount.com"
                if email in accounts:
                    raise ApiError(409, f"Service account {wanted['accountId']} already exists.", "alreadyExists")
                accounts[email] = {
                    **wanted.get("serviceAccount", {}),
                    "name": f"projects/{identity.project_id}/serviceAccounts/{email}",
                    "projectId": identity.project_id,
                    "uniqueId": self._project.next_number(),
                    "email": email,
                    "etag": "MDEwMjE5MjA=",
                }
                self._project.save()
                return Answer(body=accounts[email])
            case ["GET" | "DELETE", "v1", "projects", _, "serviceAccounts", email]:
                if email not in accounts:
                    raise ApiError(404, f"Unknown service account {email}")
                found = accounts[email]
                if call.method == "DELETE":
                    del accounts[email]
                    self._project.save()
                    return Answer(body={})
                return Answer(body=found)
        return None

    def _pools(self, call: Call, parts: list[str]) -> Answer | None:
        number = self._project.identity.number
        table = self._project.table("providers" if "providers" in parts else "pools")
        match [call.method, *parts]:
            case ["GET", _, *operation] if "operations" in operation:
                return Answer(body={"name": "/".join(operation), "done": True, "response": {}})
            case ["POST", _, "projects", _, "locations", "global", "workloadIdentityPools", *rest]:
                kind = "workloadIdentityPoolProviderId" if rest else "workloadIdentityPoolId"
                name = "/".join(["projects", number, *parts[3:], call.query[kind]])
                if rest:
                    self._live(self._project.table("pools"), name.partition("/providers/")[0])
                if name in table:
                    # A deleted one keeps its id for 30 days.
                    raise ApiError(409, "Requested entity already exists", "alreadyExists")
                table[name] = {**decoded(call), "name": name, "state": "ACTIVE"}
                self._project.save()
                return _operation(table[name])
            case ["GET" | "PATCH" | "DELETE", _, "projects", _, "locations", "global", "workloadIdentityPools", *_]:
                name = "/".join(["projects", number, *parts[3:]])
                found = self._live(table, name) if call.method != "GET" else table.get(name)
                if found is None:
                    raise ApiError(404, "Requested entity was not found.")
                if call.method == "GET":
                    return Answer(body=found)
                if call.method == "PATCH":
                    mask = call.query.get("updateMask", "").split(",")
                    given = decoded(call)
                    found.update({key: given[key] for key in mask if key in given})
                else:
                    found["state"] = "DELETED"
                self._project.save()
                return _operation(found)
        return None

    @staticmethod
    def _live(table: dict[str, Any], name: str) -> dict[str, Any]:
        found: dict[str, Any] | None = table.get(name)
        if found is None or found["state"] != "ACTIVE":
            raise ApiError(404, "Requested entity was not found.")
        return found

    def _dns(self, call: Call, parts: list[str]) -> Answer | None:
        identity, world = self._project.identity, self._project.world
        if len(parts) < 6 or parts[5] != identity.managed_zone:
            raise ApiError(404, f"The 'parameters.managedZone' resource named '{parts[-1]}' does not exist.")
        match [call.method, *parts[6:]]:
            case ["GET"]:
                return Answer(
                    body={
                        "kind": "dns#managedZone",
                        "name": identity.managed_zone,
                        "dnsName": f"{identity.zone}.",
                        "id": "1",
                        "visibility": "public",
                        "nameServers": ["ns-cloud-a1.googledomains.com."],
                        "description": "",
                    }
                )
            case ["GET", "rrsets"]:
                shown = [
                    found
                    for found in world.records()
                    if call.query.get("name") in (None, found["name"])
                    and call.query.get("type") in (None, found["type"])
                ]
                return Answer(body={"kind": "dns#resourceRecordSetsListResponse", "rrsets": shown})
            case ["POST", "changes"]:
                wanted = decoded(call)
                world.change(wanted.get("additions", []), wanted.get("deletions", []))
                return Answer(
                    body={**wanted, "kind": "dns#change", "id": self._project.next_number(), "status": "done"}
                )
            case ["GET", "changes", number]:
                return Answer(body={"kind": "dns#change", "id": number, "status": "done"})
        return None


def require_owner(project: Project, call: Call, caller: Caller) -> None:
    """Raises ApiError for a caller who does not own the project, or a call for another project."""
    if f"user:{project.identity.owner}" not in caller.members:
        raise ApiError(401 if caller.members == {"allUsers"} else 403, f"{caller.name} lacks the role of an owner")
    parts = call.path.split("/")
    if "projects" in parts:
        named = parts[parts.index("projects") + 1].partition(":")[0]
        known = (project.identity.project_id, project.identity.number, "-")
        # Images are in the projects of their publishers.
        if named not in known and "images" not in parts:
            raise ApiError(403, f"Permission denied on resource project {named}.")


def _operation(of: dict[str, Any]) -> Answer:
    return Answer(body={"name": f"{of['name']}/operations/done", "done": True, "response": of})
