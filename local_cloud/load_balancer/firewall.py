"""A web ACL as Lua for Envoy's request filter. Pure.

Enforced are lists of IPv4 addresses, limits by address, and what a request's path, query, method, headers and the size
of its body say. Rules with anything else in them, such as the groups of AWS, are left out: they match nothing.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Statement = Mapping[str, Any]

_COMPARISONS = {"EQ": "==", "NE": "~=", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_TRANSFORMATIONS = {"NONE": "", "LOWERCASE": "string.lower", "URL_DECODE": "decoded", "NORMALIZE_PATH": "normal_path"}
# What WAF sees of a body that a load balancer gets.
_SEEN_OF_BODY = 8192
_VERDICTS = ("Allow", "Block", "Count")
_FORBIDDEN = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body><h1>403 Forbidden</h1></body>\r\n</html>\r\n"
_TYPES = {"TEXT_PLAIN": "text/plain", "TEXT_HTML": "text/html", "APPLICATION_JSON": "application/json"}


class NotEmulated(Exception):
    """A statement that nothing here can judge."""


@dataclass(frozen=True)
class Acl:
    """What a load balancer enforces of its web ACL."""

    arn: str
    default_action: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]
    addresses: Mapping[str, Sequence[str]]
    """Networks by the ARN of their IP set."""
    bodies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    source: str = ""
    """What it protects, as its log says it."""
    redacted: frozenset[str] = frozenset()
    """Headers that its log leaves out, in lower case."""


# What rules are made of. A worker of Envoy keeps counts of its own, so that a limit is met by twice its requests at
# the latest; WAF itself is late by half a minute.
_LIBRARY = """
local function number(address)
  local a, b, c, d = address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  return a and ((a * 256 + b) * 256 + c) * 256 + d
end

local function within(address, ranges)
  local value = number(address)
  for _, range in ipairs(ranges) do
    if value and value >= range[1] and value <= range[2] then return true end
  end
  return false
end

local counts = {}

local function over(rule, address, limit, window)
  local key, now = rule .. " " .. address, os.time()
  local seen = counts[key] or {first = 1, last = 0}
  counts[key] = seen
  seen.last = seen.last + 1
  seen[seen.last] = now
  while seen[seen.first] <= now - window or seen.last - seen.first > limit do
    seen[seen.first] = nil
    seen.first = seen.first + 1
  end
  return seen.last - seen.first + 1 > limit
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

local function normal_path(path)
  local kept = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then table.remove(kept) elseif part ~= "." then table.insert(kept, part) end
  end
  local ending = path:match("/$") and #kept > 0 and "/" or ""
  return "/" .. table.concat(kept, "/") .. ending
end

local function ends_with(text, ending)
  return ending == "" or text:sub(-#ending) == ending
end

local function path_of(headers)
  return (headers:get(":path") or "/"):match("^[^?]*")
end

local function query_of(headers)
  return (headers:get(":path") or ""):match("?(.*)$") or ""
end

-- Clients name the port, which on AWS would be that of the protocol.
local function host_of(headers)
  return ((headers:get(":authority") or ""):gsub(":%d+$", ""))
end

local function body_size(handle)
  local headers = handle:headers()
  local length = tonumber(headers:get("content-length") or "")
  local method = headers:get(":method")
  if length or not (method == "POST" or method == "PUT" or method == "PATCH") then return length or 0 end
  local body = handle:body()
  return body and body:length() or 0
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\\\\128-\\255]', function(c) return string.format("\\\\u%04x", c:byte()) end) .. '"'
end
"""

_RECORD = """
local function record(handle, address, action, rule, kind, counted)
  local headers, listed, others = handle:headers(), {}, {}
  for name, value in pairs(headers) do
    if name:sub(1, 1) ~= ":" and name ~= "x-local-cloud-source" then
      local shown = redacted[name] and "REDACTED" or value
      table.insert(listed, '{"name":' .. quoted(name) .. ',"value":' .. quoted(shown) .. "}")
    end
  end
  for _, name in ipairs(counted) do
    table.insert(others, '{"ruleId":' .. quoted(name) .. ',"action":"COUNT"}')
  end
  local text = '{"timestamp":' .. os.time() * 1000 .. ',"formatVersion":1,"webaclId":' .. quoted(acl)
    .. ',"terminatingRuleId":' .. quoted(rule) .. ',"terminatingRuleType":' .. quoted(kind)
    .. ',"action":' .. quoted(action) .. ',"httpSourceName":"ALB","httpSourceId":' .. quoted(source)
    .. ',"nonTerminatingMatchingRules":[' .. table.concat(others, ",") .. '],"httpRequest":{"clientIp":'
    .. quoted(address) .. ',"country":"-","headers":[' .. table.concat(listed, ",") .. '],"uri":'
    .. quoted(path_of(headers)) .. ',"args":' .. quoted(query_of(headers)) .. ',"httpMethod":'
    .. quoted(headers:get(":method") or "") .. "}}"
  handle:streamInfo():dynamicMetadata():set("firewall", "record", text)
end
"""

_DECISION = """
local function firewall(handle, address)
  local headers, counted = handle:headers(), {}
  for _, rule in ipairs(rules) do
    if rule.matches(handle, headers, address) then
      if rule.action == "Count" then
        table.insert(counted, rule.name)
      else
        record(handle, address, rule.action:upper(), rule.name, rule.kind, counted)
        if rule.action == "Block" then handle:respond(rule.headers, rule.body) end
        return
      end
    end
  end
  record(handle, address, default.action:upper(), "Default_Action", "REGULAR", counted)
  if default.action == "Block" then handle:respond(default.headers, default.body) end
end
"""


def lua(acl: Acl | None) -> str:
    """The function `firewall(handle, address)` and what it needs; one that does nothing without a web ACL."""
    if acl is None:
        return "local function firewall() end\n"
    rules = sorted(acl.rules, key=lambda rule: int(rule["Priority"]))
    compiled = [text for rule in rules if (text := _rule(rule, acl))]
    action = next(iter(acl.default_action))
    values = [
        f"local acl, source = {_text(acl.arn)}, {_text(acl.source)}",
        "local redacted = {" + ", ".join(f"[{_text(name)}] = true" for name in sorted(acl.redacted)) + "}",
        f"local default = {{action = {_text(action)}, {_answer(acl.default_action[action], acl)}}}",
        "local rules = {\n" + ",\n".join(compiled) + "\n}",
    ]
    return "\n".join([_LIBRARY, *values, _RECORD, _DECISION])


def _rule(rule: Mapping[str, Any], acl: Acl) -> str | None:
    """None for a rule that is not emulated, or whose action is not."""
    action = next(iter(rule.get("Action") or {"": {}}))
    if action not in _VERDICTS:
        return None
    try:
        condition = _condition(rule["Statement"], rule["Name"], acl)
    except NotEmulated:
        return None
    kind = "RATE_BASED" if "RateBasedStatement" in rule["Statement"] else "REGULAR"
    return (
        f"{{name = {_text(rule['Name'])}, action = {_text(action)}, kind = {_text(kind)}, "
        f"{_answer(rule['Action'][action], acl)},\n"
        f"  matches = function(handle, headers, address) return {condition} end}}"
    )


def _answer(action: Mapping[str, Any], acl: Acl) -> str:
    """What a blocked request is told, as fields of a table."""
    custom = action.get("CustomResponse") or {}
    body = acl.bodies.get(custom.get("CustomResponseBodyKey", ""))
    plain = {"ContentType": "TEXT_HTML", "Content": "" if custom else _FORBIDDEN}
    shown = body or plain
    headers = {":status": str(custom.get("ResponseCode", 403)), "content-type": _TYPES[shown["ContentType"]]}
    headers |= {row["Name"].lower(): row["Value"] for row in custom.get("ResponseHeaders") or []}
    listed = ", ".join(f"[{_text(name)}] = {_text(value)}" for name, value in headers.items())
    return f"headers = {{{listed}}}, body = {_text(shown['Content'])}"


def _condition(statement: Statement, rule: str, acl: Acl) -> str:
    """A statement as an expression."""
    ((kind, body),) = statement.items()
    if kind in ("AndStatement", "OrStatement"):
        joint = " and " if kind == "AndStatement" else " or "
        return "(" + joint.join(_condition(inner, rule, acl) for inner in body["Statements"]) + ")"
    if kind == "NotStatement":
        return f"not ({_condition(body['Statement'], rule, acl)})"
    if kind == "IPSetReferenceStatement" and "IPSetForwardedIPConfig" not in body:
        return f"within(address, {_ranges(acl.addresses.get(body['ARN'], ()))})"
    if kind == "RateBasedStatement" and body["AggregateKeyType"] == "IP":
        limit = f"over({_text(rule)}, address, {int(body['Limit'])}, {int(body.get('EvaluationWindowSec', 300))})"
        scope = body.get("ScopeDownStatement")
        return f"({_condition(scope, rule, acl)} and {limit})" if scope else limit
    if kind == "ByteMatchStatement":
        return _byte_match(body)
    if kind == "SizeConstraintStatement":
        return _size(body)
    raise NotEmulated(kind)


def _ranges(networks: Sequence[str]) -> str:
    parsed = [ipaddress.ip_network(network) for network in networks]
    pairs = [(int(one.network_address), int(one.broadcast_address)) for one in parsed if one.version == 4]
    return "{" + ", ".join(f"{{{low}, {high}}}" for low, high in pairs) + "}"


def _byte_match(body: Mapping[str, Any]) -> str:
    field_text = _field(body)
    wanted = _text(base64.b64decode(body["SearchString"]).decode())
    constraint = body["PositionalConstraint"]
    if constraint == "EXACTLY":
        return f"{field_text} == {wanted}"
    if constraint == "ENDS_WITH":
        return f"ends_with({field_text}, {wanted})"
    if constraint in ("STARTS_WITH", "CONTAINS"):
        found = f"({field_text}):find({wanted}, 1, true)"
        return f"{found} == 1" if constraint == "STARTS_WITH" else f"{found} ~= nil"
    raise NotEmulated(constraint)


def _size(body: Mapping[str, Any]) -> str:
    comparison = f"{_COMPARISONS[body['ComparisonOperator']]} {int(body['Size'])}"
    of_body = body["FieldToMatch"].get("Body")
    if of_body is None:
        return f"#({_field(body)}) {comparison}"
    handling = of_body.get("OversizeHandling", "CONTINUE")
    seen = f"math.min(body_size(handle), {_SEEN_OF_BODY}) {comparison}"
    if handling == "CONTINUE":
        return seen
    larger = f"body_size(handle) > {_SEEN_OF_BODY}"
    return f"({larger} or {seen})" if handling == "MATCH" else f"(not ({larger}) and {seen})"


def _field(body: Mapping[str, Any]) -> str:
    """The part of a request that is looked at, transformed."""
    ((name, options),) = body["FieldToMatch"].items()
    parts = {
        "UriPath": "path_of(headers)",
        "QueryString": "query_of(headers)",
        "Method": '(headers:get(":method") or "")',
    }
    if name == "SingleHeader":
        header = options["Name"].lower()
        found = "host_of(headers)" if header == "host" else f'(headers:get({_text(header)}) or "")'
    elif name in parts:
        found = parts[name]
    else:
        raise NotEmulated(name)
    for step in sorted(body["TextTransformations"], key=lambda row: int(row["Priority"])):
        if step["Type"] not in _TRANSFORMATIONS:
            raise NotEmulated(step["Type"])
        function = _TRANSFORMATIONS[step["Type"]]
        found = f"{function}({found})" if function else found
    return found


def _text(value: str) -> str:
    """A Lua string."""
    safe = {32, 33, *range(35, 92), *range(93, 127)}
    return '"' + "".join(chr(byte) if byte in safe else f"\\{byte:03d}" for byte in value.encode()) + '"'


def parse(line: str) -> dict[str, Any] | None:
    """A record of the firewall's log; None for a line that has none."""
    if not line.startswith(("{", '"')):
        return None
    found = json.loads(line)
    return dict(json.loads(found)) if isinstance(found, str) else dict(found)
