"""How Tencent Cloud refuses: API 3.0 in JSON with status 200, COS in XML with an HTTP status."""

import secrets
from xml.sax.saxutils import escape

from sandbox.fronts.calls import Answer, RefusedError


class ApiError(RefusedError):
    """A call of API 3.0 fails: https://www.tencentcloud.com/document/api/213/30435"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def answer(self) -> Answer:
        return response({"Error": {"Code": self.code, "Message": self.message}})


class CosError(RefusedError):
    """A call of COS fails: https://www.tencentcloud.com/document/product/436/7730"""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @property
    def answer(self) -> Answer:
        body = (
            f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message><Resource>/</Resource>"
            f"<RequestId>{secrets.token_hex(16)}</RequestId><TraceId></TraceId></Error>"
        )
        return Answer(status=self.status, body=body.encode(), headers={"Content-Type": "application/xml"})


def response(fields: dict[str, object]) -> Answer:
    """An answer of API 3.0."""
    return Answer(body={"Response": {**fields, "RequestId": secrets.token_hex(16)}})
