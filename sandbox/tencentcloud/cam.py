"""CAM's and STS's calls: users, keys, roles, policies, who has which, and sessions of a role.

https://www.tencentcloud.com/document/product/598/33159 and https://www.tencentcloud.com/document/product/1150/49452
"""

import time
from typing import Any
from urllib.parse import unquote

from sandbox.tencentcloud import policies
from sandbox.tencentcloud.account import Account, Caller, now
from sandbox.tencentcloud.errors import ApiError
from sandbox.tencentcloud.policies import Document

Fields = dict[str, Any]

#: Seconds of a session: what is given without a wish, and the most.
SESSION, LONGEST = 7200, 43200

#: The service that an instance's role must trust.
CVM = "cvm.qcloud.com"


class Cam:
    """Users, roles, policies and keys."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def get_user_app_id(self, _given: Fields, caller: Caller) -> Fields:
        identity = self._account.identity
        return {"AppId": int(identity.app_id), "OwnerUin": identity.uin, "Uin": caller.uin}

    def describe_sub_accounts(self, given: Fields, _caller: Caller) -> Fields:
        wanted = {str(uin) for uin in given["FilterSubAccountUin"]}
        users = [
            {"Uin": int(user["uin"]), "Name": name}
            for name, user in self._account.table("users").items()
            if user["uin"] in wanted
        ]
        return {"SubAccounts": users}

    def add_user(self, given: Fields, _caller: Caller) -> Fields:
        users, name = self._account.table("users"), given["Name"]
        if name in users:
            raise ApiError("InvalidParameter.SubUserNameInUse", f"The user name {name} is already in use.")
        number = self._account.next_number()
        users[name] = {"uin": number, "uid": number, "remark": given.get("Remark", ""), "policies": []}
        self._account.save()
        key_id = self._account.new_key("user", name) if given.get("UseApi") else ""
        secret = self._account.table("keys")[key_id]["secret"] if key_id else ""
        return {
            "Uin": int(number), "Uid": int(number), "Name": name, "Password": "", "SecretId": key_id,
            "SecretKey": secret,
        }  # fmt: skip

    def get_user(self, given: Fields, _caller: Caller) -> Fields:
        name = given["Name"]
        user = self._user(name)
        return {
            "Uin": int(user["uin"]), "Uid": int(user["uid"]), "Name": name, "Remark": user["remark"],
            "ConsoleLogin": 0, "PhoneNum": "", "CountryCode": "", "Email": "",
        }  # fmt: skip

    def delete_user(self, given: Fields, _caller: Caller) -> Fields:
        name = given["Name"]
        self._user(name)
        keys = self._account.table("keys")
        theirs = [key_id for key_id, key in keys.items() if key["of"] == "user" and key["name"] == name]
        if theirs and not given.get("Force"):
            raise ApiError("OperationDenied.HaveKeys", f"The user {name} has API keys.")
        for key_id in theirs:
            del keys[key_id]
        del self._account.table("users")[name]
        self._account.save()
        return {}

    def create_access_key(self, given: Fields, _caller: Caller) -> Fields:
        name, _ = self._by_uin(given["TargetUin"])
        key_id = self._account.new_key("user", name)
        key = self._account.table("keys")[key_id]
        shown = {"AccessKeyId": key_id, "Status": "Active", "CreateTime": key["created"]}
        return {"AccessKey": {**shown, "SecretAccessKey": key["secret"]}}

    def list_access_keys(self, given: Fields, _caller: Caller) -> Fields:
        name, _ = self._by_uin(given["TargetUin"])
        found = [
            {"AccessKeyId": key_id, "Status": "Active", "CreateTime": key["created"]}
            for key_id, key in self._account.table("keys").items()
            if key["of"] == "user" and key["name"] == name
        ]
        return {"AccessKeys": found}

    def delete_access_key(self, given: Fields, _caller: Caller) -> Fields:
        name, _ = self._by_uin(given["TargetUin"])
        keys = self._account.table("keys")
        key = keys.get(given["AccessKeyId"])
        if key is None or key["of"] != "user" or key["name"] != name:
            raise ApiError("ResourceNotFound.SecretNotExist", f"The user {name} has no key {given['AccessKeyId']}.")
        del keys[given["AccessKeyId"]]
        self._account.save()
        return {}

    def create_role(self, given: Fields, _caller: Caller) -> Fields:
        roles, name = self._account.table("roles"), given["RoleName"]
        if name in roles:
            raise ApiError("InvalidParameter.RoleNameInUse", f"The role name {name} is already in use.")
        number = self._account.next_number()
        roles[name] = {
            "id": number,
            "trust": self._document(given["PolicyDocument"]),
            "text": given["PolicyDocument"],
            "description": given.get("Description", ""),
            "policies": [],
            "created": now(),
        }
        self._account.save()
        return {"RoleId": number}

    def describe_role_list(self, given: Fields, _caller: Caller) -> Fields:
        shown = [
            {
                "RoleId": role["id"], "RoleName": name, "PolicyDocument": role["text"], "ConsoleLogin": 0,
                "Description": role["description"], "AddTime": role["created"], "UpdateTime": role["created"],
                "SessionDuration": SESSION, "RoleArn": self._arn(name),
            }
            for name, role in self._account.table("roles").items()
        ]  # fmt: skip
        return {"TotalNum": len(shown), "List": _page(given, shown)}

    def delete_role(self, given: Fields, _caller: Caller) -> Fields:
        name, _ = self._role(given["RoleId"])
        del self._account.table("roles")[name]
        self._account.save()
        return {}

    def create_policy(self, given: Fields, _caller: Caller) -> Fields:
        kept, name = self._account.table("policies"), given["PolicyName"]
        if any(policy["name"] == name for policy in kept.values()):
            raise ApiError("FailedOperation.PolicyNameInUse", f"The policy name {name} is already in use.")
        number = self._account.next_number()
        text = given["PolicyDocument"]
        kept[number] = {"name": name, "document": self._document(text), "text": text, "created": now()}
        self._account.save()
        return {"PolicyId": int(number)}

    def get_policy(self, given: Fields, _caller: Caller) -> Fields:
        policy = self._policy(given["PolicyId"])
        return {
            "PolicyName": policy["name"], "PolicyDocument": policy["text"], "Description": "", "Type": 1,
            "AddTime": policy["created"], "UpdateTime": policy["created"],
        }  # fmt: skip

    def update_policy(self, given: Fields, _caller: Caller) -> Fields:
        policy, text = self._policy(given["PolicyId"]), given["PolicyDocument"]
        policy.update(document=self._document(text), text=text)
        self._account.save()
        return {"PolicyId": given["PolicyId"]}

    def delete_policy(self, given: Fields, _caller: Caller) -> Fields:
        for number in given["PolicyId"]:
            self._policy(number)
            del self._account.table("policies")[str(number)]
        self._account.save()
        return {}

    def attach_role_policy(self, given: Fields, _caller: Caller) -> Fields:
        return self._attach(self._role(given["AttachRoleId"])[1], given["PolicyId"])

    def detach_role_policy(self, given: Fields, _caller: Caller) -> Fields:
        return self._detach(self._role(given["DetachRoleId"])[1], given["PolicyId"])

    def list_attached_role_policies(self, given: Fields, _caller: Caller) -> Fields:
        return self._listed(given, self._role(given["RoleId"])[1])

    def attach_user_policy(self, given: Fields, _caller: Caller) -> Fields:
        return self._attach(self._by_uin(given["AttachUin"])[1], given["PolicyId"])

    def detach_user_policy(self, given: Fields, _caller: Caller) -> Fields:
        return self._detach(self._by_uin(given["DetachUin"])[1], given["PolicyId"])

    def list_attached_user_policies(self, given: Fields, _caller: Caller) -> Fields:
        return self._listed(given, self._by_uin(given["TargetUin"])[1])

    def assume_role(self, given: Fields, caller: Caller) -> Fields:
        """A session has what both its role and its policy allow. Trust is of the account, or of the caller's UIN."""
        arn, root = given["RoleArn"], f"qcs::cam::uin/{self._account.identity.uin}"
        name = next((name for name in self._account.table("roles") if self._arn(name) == arn), None)
        if name is None or not policies.allows(caller.layers, "name/sts:AssumeRole", arn, {}):
            raise ApiError("UnauthorizedOperation", f"{caller.name} is not authorized to assume {arn}.")
        trust = self._account.table("roles")[name]["trust"]
        if not any(policies.trusts(trust, "qcs", f"{root}:{who}") for who in ("root", f"uin/{caller.uin}")):
            raise ApiError("UnauthorizedOperation", f"The role {arn} does not trust {caller.name}.")
        # URL-encoded, as the page of the call asks for.
        policy = self._document(unquote(given["Policy"])) if given.get("Policy") else None
        return self.session(name, policy, int(given.get("DurationSeconds") or SESSION))

    def session(self, role: str, policy: Document | None, seconds: int) -> Fields:
        """Temporary credentials of a role. Raises ApiError."""
        if not 0 < seconds <= LONGEST:
            raise ApiError("InvalidParameter.OverTimeError", f"DurationSeconds is {seconds}; at most {LONGEST}.")
        key_id = self._account.new_key("role", role, policy=policy, seconds=seconds)
        key = self._account.table("keys")[key_id]
        return {
            "Credentials": {"TmpSecretId": key_id, "TmpSecretKey": key["secret"], "Token": key["token"]},
            "ExpiredTime": key["until"],
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key["until"])),
        }

    def require_for_instance(self, role: str) -> None:
        """An instance may have the role. Raises ApiError."""
        found = self._account.table("roles").get(role)
        if found is None or not policies.trusts(found["trust"], "service", CVM):
            raise ApiError("InvalidParameterValue.CamRoleName", f"There is no role {role} that trusts {CVM}.")

    def _arn(self, role: str) -> str:
        return f"qcs::cam::uin/{self._account.identity.uin}:roleName/{role}"

    @staticmethod
    def _document(text: str) -> Document:
        try:
            return policies.parsed(text)
        except ValueError as error:
            raise ApiError("InvalidParameter.PolicyDocumentError", str(error)) from None

    def _user(self, name: str) -> Fields:
        found: Fields | None = self._account.table("users").get(name)
        if found is None:
            raise ApiError("ResourceNotFound.UserNotExist", f"There is no user {name}.")
        return found

    def _by_uin(self, uin: object) -> tuple[str, Fields]:
        for name, user in self._account.table("users").items():
            if user["uin"] == str(uin):
                return name, user
        raise ApiError("ResourceNotFound.UserNotExist", f"There is no user with the UIN {uin}.")

    def _role(self, number: str) -> tuple[str, Fields]:
        for name, role in self._account.table("roles").items():
            if role["id"] == number:
                return name, role
        raise ApiError("InvalidParameter.RoleNotExist", f"There is no role {number}.")

    def _policy(self, number: object) -> Fields:
        found: Fields | None = self._account.table("policies").get(str(number))
        if found is None:
            raise ApiError("ResourceNotFound.PolicyIdNotFound", f"There is no policy {number}.")
        return found

    def _attach(self, holder: Fields, number: object) -> Fields:
        self._policy(number)
        if str(number) not in holder["policies"]:
            holder["policies"].append(str(number))
        self._account.save()
        return {}

    def _detach(self, holder: Fields, number: object) -> Fields:
        holder["policies"] = [policy for policy in holder["policies"] if policy != str(number)]
        self._account.save()
        return {}

    def _listed(self, given: Fields, holder: Fields) -> Fields:
        shown = [
            {
                "PolicyId": int(number), "PolicyName": self._policy(number)["name"], "PolicyType": "User",
                "CreateMode": 2, "AddTime": self._policy(number)["created"],
            }
            for number in holder["policies"]
            if number in self._account.table("policies")
        ]  # fmt: skip
        return {"TotalNum": len(shown), "List": _page(given, shown)}


def _page(given: Fields, found: list[Fields]) -> list[Fields]:
    size = given.get("Rp", 20)
    begin = (given.get("Page", 1) - 1) * size
    return found[begin : begin + size]
