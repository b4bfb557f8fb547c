"""How a request reaches moto's methods, for all services: the place of its operation's name, and the CBOR protocol."""

import datetime
import re
from typing import Any

from moto.cloudwatch import urls as cloudwatch_urls
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.parse import PROTOCOL_PARSERS, RequestParser
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.routing import PROTOCOL_ROUTERS, ProtocolRouter
from moto.core.serialize import SERIALIZERS, BaseJSONSerializer
from moto.core.utils import get_service_model

from sandbox.aws import cbor
from sandbox.aws.services.patching import replaces

_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-protocols-faq.html"
_PATH = re.compile(r"/service/(?P<service>[^/]+)/operation/(?P<operation>[^/]+)")

#: Protocols that name the operation in a parameter.
_BY_PARAMETER = ("query", "ec2")


@replaces(
    BaseResponse,
    because="moto runs the Action that any body contains, also as part of a JSON or CBOR string",
    page=_PAGE,
)
def _get_action(original: Any, self: Any) -> Any:
    request = self.normalized_request
    try:
        protocol = determine_request_protocol(get_service_model(self.boto3_service_name), request.content_type)
    except NotImplementedError:
        return original(self)
    if protocol in _BY_PARAMETER:
        return original(self)
    return self._get_action_from_method_and_request_uri(request)


@replaces(BaseResponse, because="moto reads every body as text; CloudWatch also takes CBOR", page=_PAGE)
def setup_class(original: Any, self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
    if request.content_type == cbor.CONTENT_TYPE:
        kwargs["use_raw_body"] = True
    original(self, request, *args, **kwargs)


class _Router(ProtocolRouter):
    """Finds the operation in the path. It matches no request without the protocol's header."""

    def _match(self, request: Any) -> tuple[Any, dict[str, Any]]:
        name, value = cbor.HEADER
        found = _PATH.fullmatch(request.path)
        if request.method != "POST" or request.headers.get(name) != value or found is None:
            return None, {}
        model = self.service_model
        if found["service"] != model.metadata.get("targetPrefix") or found["operation"] not in model.operation_names:
            return None, {}
        return model.operation_model(found["operation"]), {}


class _Parser(RequestParser):
    """Reads the members by the operation's model, as moto's methods expect them."""

    def _do_parse(self, request: Any, shape: Any) -> Any:
        return self._parse_shape(shape, cbor.structure(request["body"]))  # type: ignore[no-untyped-call]

    def _parse_structure(self, shape: Any, value: Any) -> Any:
        return self.MAP_TYPE(
            (name, self._parse_shape(member, value[name]))  # type: ignore[no-untyped-call]
            for name, member in shape.members.items()
            if value.get(name) is not None
        )

    def _parse_timestamp(self, _shape: Any, value: datetime.datetime) -> datetime.datetime:
        # Moto's times are in UTC and say no zone.
        return value.astimezone(datetime.UTC).replace(tzinfo=None)


class _Serializer(BaseJSONSerializer):
    """Writes what moto's methods return. It differs from JSON in timestamps, binary values and headers."""

    def serialize(self, result: Any) -> Any:
        answer = super().serialize(result)
        name, value = cbor.HEADER
        answer["headers"][name] = value
        return answer

    def _serialize_body(self, body: Any) -> Any:
        return cbor.text(body)

    def _get_protocol_specific_content_type(self) -> str:
        return cbor.CONTENT_TYPE

    def _serialize_error_metadata(self, serialized: Any, error: Exception, shape: Any) -> None:
        super()._serialize_error_metadata(serialized, error, shape)
        # Go's SDK reads only the name in lower case.
        serialized["message"] = serialized.pop("Message", "")

    def get_serialized_name(self, _shape: Any, default_name: str) -> str:
        return default_name

    def _serialize_type_timestamp(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        super()._serialize_type_timestamp(serialized, value, shape, key)
        serialized[key] = cbor.moment(serialized[key])

    def _serialize_type_blob(self, serialized: Any, value: Any, _shape: Any, key: str) -> None:
        serialized[key] = value.encode() if isinstance(value, str) else value


PROTOCOL_ROUTERS[cbor.PROTOCOL] = _Router
PROTOCOL_PARSERS[cbor.PROTOCOL] = _Parser
SERIALIZERS[cbor.PROTOCOL] = _Serializer
cloudwatch_urls.url_paths["{0}" + _PATH.pattern + "$"] = CloudWatchResponse.dispatch
