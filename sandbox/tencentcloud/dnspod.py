"""DNSPod's calls: the records of the account's domain. https://www.tencentcloud.com/document/product/1097"""

from typing import Any

from sandbox.tencentcloud.account import Account, Caller
from sandbox.tencentcloud.errors import ApiError

Fields = dict[str, Any]

_EVERYBODY = "默认"
#: The free edition takes no shorter TTL.
_LEAST_TTL = 600


class DnsPod:
    """Records, each of which DNSPod knows by a number."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def describe_record_list(self, given: Fields, _caller: Caller) -> Fields:
        self._require_domain(given)
        shown = [
            {
                "RecordId": number, "Name": record["name"], "Type": record["type"], "Value": record["value"],
                "TTL": record["ttl"], "MX": record["mx"], "Line": _EVERYBODY, "LineId": "0", "Status": "ENABLE",
                "MonitorStatus": "", "Remark": "", "UpdatedOn": "2026-01-01 00:00:00",
            }
            for number, record in enumerate(self._account.world.records(), 1)
        ]  # fmt: skip
        counts = {"ListCount": len(shown), "SubdomainCount": len(shown), "TotalCount": len(shown)}
        return {"RecordCountInfo": counts, "RecordList": shown}

    def create_record(self, given: Fields, _caller: Caller) -> Fields:
        self._require_domain(given)
        if given["RecordLine"] != _EVERYBODY:
            raise ApiError("InvalidParameter.RecordLineInvalid", f"There is no line {given['RecordLine']}.")
        if given["TTL"] < _LEAST_TTL:
            raise ApiError("LimitExceeded.RecordTtlLimit", f"The TTL {given['TTL']} is below {_LEAST_TTL}.")
        record = {
            "name": given["SubDomain"], "type": given["RecordType"], "value": given["Value"], "ttl": given["TTL"],
            "mx": given.get("MX", 0),
        }  # fmt: skip
        try:
            self._account.world.add(record)
        except ValueError as error:
            raise ApiError("InvalidParameter.DomainRecordExist", str(error)) from None
        numbers, number = self._account.table("records"), self._account.next_number()
        numbers[number] = record
        self._account.save()
        return {"RecordId": int(number)}

    def describe_record(self, given: Fields, _caller: Caller) -> Fields:
        record = self._found(given)
        return {
            "RecordInfo": {
                "Id": given["RecordId"], "SubDomain": record["name"], "RecordType": record["type"],
                "RecordLine": _EVERYBODY, "RecordLineId": "0", "Value": record["value"], "MX": record["mx"],
                "TTL": record["ttl"], "Enabled": 1, "MonitorStatus": "", "Weight": None,
            }
        }  # fmt: skip

    def delete_record(self, given: Fields, _caller: Caller) -> Fields:
        record = self._found(given)
        try:
            self._account.world.remove(record)
        except ValueError as error:
            raise ApiError("FailedOperation", str(error)) from None
        del self._account.table("records")[str(given["RecordId"])]
        self._account.save()
        return {}

    def _require_domain(self, given: Fields) -> None:
        if given["Domain"] != self._account.identity.zone:
            raise ApiError("ResourceNotFound.NoDataOfDomain", f"The account has no domain {given['Domain']}.")

    def _found(self, given: Fields) -> Fields:
        self._require_domain(given)
        found: Fields | None = self._account.table("records").get(str(given["RecordId"]))
        if found is None:
            raise ApiError("InvalidParameter.RecordIdInvalid", f"There is no record {given['RecordId']}.")
        return found
