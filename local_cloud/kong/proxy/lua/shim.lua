-- The globals of functions in plugins. `gateway` holds functions that work on the current request; each returns
-- whether all was well, and then what it has found, or what was wrong.
local gateway, null = ...

local coroutine, setmetatable, type, pairs, ipairs = coroutine, setmetatable, type, pairs, ipairs
local tostring, error, loadstring, setfenv, xpcall = tostring, error, loadstring, setfenv, xpcall
local EXIT = {}

local function checked(fine, ...)
  if not fine then
    error((...), 3)
  end
  return ...
end

local bridge = {}
for name, member in pairs(gateway) do
  bridge[name] = function(...) return checked(member(...)) end
end

local function stop(...)
  bridge.exit(...)
  coroutine.yield(EXIT)
end

-- nginx finds a header in any case, and with underscores for hyphens
local header_names = {
  __index = function(headers, name)
    if type(name) == "string" then
      return rawget(headers, (name:lower():gsub("_", "-")))
    end
  end,
}

local function request_headers(limit)
  return setmetatable(bridge.request_headers(limit), header_names)
end

local function response_headers()
  return setmetatable(bridge.response_headers(), header_names)
end

local function first(value)
  if type(value) == "table" then
    return value[1]
  end
  return value
end

local function each(set)
  return function(headers)
    for name, value in pairs(headers) do
      set(name, value)
    end
  end
end

local function text(value)
  if type(value) == "number" or type(value) == "boolean" then
    return tostring(value)
  end
  return value
end

local function header_setter(set)
  return function(name, value)
    if type(name) ~= "string" then
      error("invalid header name: got " .. type(name) .. ", expected string", 2)
    end
    if type(value) == "table" then
      local values = {}
      for index, one in ipairs(value) do
        values[index] = text(one)
      end
      return set(name, values)
    end
    if value == nil then
      error("invalid header value: got nil, expected string, number or boolean", 2)
    end
    return set(name, text(value))
  end
end

local function logger(level)
  return function(...)
    local parts = {}
    for index = 1, select("#", ...) do
      parts[index] = tostring((select(index, ...)))
    end
    bridge.log(level, table.concat(parts))
  end
end

local set_request_header = header_setter(bridge.set_request_header)
local set_response_header = header_setter(bridge.set_response_header)

local kong = {
  version = "3.9.1",
  version_num = 3009001,
  ctx = setmetatable({}, {
    __index = function(_, name)
      return bridge.context(name)
    end,
  }),
  log = setmetatable({}, {
    __index = function(_, level)
      return logger(level)
    end,
    __call = function(_, ...)
      return logger("notice")(...)
    end,
  }),
  request = {
    get_scheme = bridge.scheme,
    get_host = bridge.host,
    get_port = bridge.port,
    get_forwarded_scheme = function() return bridge.forwarded("proto") end,
    get_forwarded_host = function() return bridge.forwarded("host") end,
    get_forwarded_port = function() return tonumber(bridge.forwarded("port")) end,
    get_forwarded_path = function() return bridge.forwarded("path") end,
    get_forwarded_prefix = function() return bridge.forwarded("prefix") end,
    get_http_version = function() return tonumber(bridge.http_version()) end,
    get_method = bridge.method,
    get_path = bridge.path,
    get_raw_path = bridge.raw_path,
    get_path_with_query = bridge.target,
    get_raw_query = bridge.query,
    get_query = bridge.arguments,
    get_query_arg = function(name) return first(bridge.arguments()[name]) end,
    get_headers = request_headers,
    get_header = function(name)
      if type(name) ~= "string" then
        error("header name must be a string", 2)
      end
      return first(request_headers()[name])
    end,
    get_raw_body = bridge.body,
    get_body = bridge.parsed_body,
    get_uri_captures = bridge.captures,
    get_start_time = bridge.start_time,
  },
  client = {
    get_ip = bridge.peer_address,
    get_forwarded_ip = bridge.client_address,
    get_protocol = bridge.scheme,
    get_consumer = bridge.consumer,
    get_credential = bridge.credential,
    load_consumer = bridge.load_consumer,
    authenticate = bridge.authenticate,
  },
  router = { get_route = bridge.route, get_service = bridge.service },
  node = { get_id = bridge.node_id, get_hostname = bridge.hostname },
  service = {
    set_target = bridge.set_target,
    set_upstream = function(name)
      bridge.set_target(name, 0)
      return true
    end,
    request = {
      set_header = set_request_header,
      set_headers = each(set_request_header),
      add_header = header_setter(bridge.add_request_header),
      clear_header = bridge.clear_request_header,
      set_method = bridge.set_method,
      set_path = bridge.set_path,
      set_query = bridge.set_arguments,
      set_raw_query = bridge.set_query,
      set_raw_body = bridge.set_body,
      set_body = bridge.set_json_body,
    },
    response = {
      get_status = bridge.upstream_status,
      get_headers = function() return setmetatable(bridge.upstream_headers(), header_names) end,
      get_header = function(name) return first(setmetatable(bridge.upstream_headers(), header_names)[name]) end,
    },
  },
  response = {
    get_status = bridge.status,
    get_source = bridge.source,
    get_headers = response_headers,
    get_header = function(name) return first(response_headers()[name]) end,
    set_status = bridge.set_status,
    set_header = set_response_header,
    set_headers = each(set_response_header),
    add_header = header_setter(bridge.add_response_header),
    clear_header = bridge.clear_response_header,
    exit = stop,
    error = function(status, message, headers)
      bridge.fail(status, message, headers)
      coroutine.yield(EXIT)
    end,
  },
}

local ngx = {
  null = null,
  ERR = "err", WARN = "warn", NOTICE = "notice", INFO = "info", DEBUG = "debug", CRIT = "crit", ALERT = "alert",
  HTTP_OK = 200, HTTP_UNAUTHORIZED = 401, HTTP_FORBIDDEN = 403, HTTP_NOT_FOUND = 404,
  HTTP_BAD_REQUEST = 400, HTTP_INTERNAL_SERVER_ERROR = 500, HTTP_SERVICE_UNAVAILABLE = 503,
  log = function(level, ...) logger(level)(...) end,
  exit = function(status) stop(status) end,
  now = bridge.now,
  time = function() return math.floor(bridge.now()) end,
  update_time = function() end,
  get_phase = bridge.phase,
  encode_base64 = bridge.encode_base64,
  decode_base64 = bridge.decode_base64,
  md5 = bridge.md5,
  sha1_bin = bridge.sha1,
  hmac_sha1 = bridge.hmac_sha1,
  escape_uri = bridge.escape_uri,
  unescape_uri = bridge.unescape_uri,
  re = { match = bridge.re_match, find = bridge.re_find, gsub = bridge.re_gsub, sub = bridge.re_sub },
  req = {
    get_headers = function(limit) return request_headers(limit) end,
    get_method = bridge.method,
    get_uri_args = bridge.arguments,
    set_uri_args = function(arguments)
      if type(arguments) == "table" then
        return bridge.set_arguments(arguments)
      end
      return bridge.set_query(arguments)
    end,
    get_body_data = bridge.body,
    read_body = function() end,
    set_body_data = bridge.set_body,
    start_time = bridge.start_time,
    set_uri = bridge.set_path,
    clear_header = bridge.clear_request_header,
    set_header = function(name, value)
      if value == nil then
        return bridge.clear_request_header(name)
      end
      return set_request_header(name, value)
    end,
  },
  var = setmetatable({}, { __index = function(_, name) return bridge.variable(name) end }),
  header = setmetatable({}, {
    __index = function(_, name) return response_headers()[name] end,
    __newindex = function(_, name, value)
      name = name:gsub("_", "-")
      if value == nil then
        return bridge.clear_response_header(name)
      end
      return set_response_header(name, value)
    end,
  }),
}
setmetatable(ngx, {
  __index = function(_, name)
    if name == "ctx" then
      return bridge.context("ngx")
    elseif name == "status" then
      return bridge.status()
    end
  end,
})

local json_safe = { null = null, encode = bridge.json_encode, decode = bridge.json_decode }
local json = {
  null = null,
  encode = function(value)
    local found, problem = bridge.json_encode(value)
    return found or error(problem, 2)
  end,
  decode = function(content)
    local found, problem = bridge.json_decode(content)
    if problem then
      error(problem, 2)
    end
    return found
  end,
}
local modules = { ["cjson.safe"] = json_safe, cjson = json, bit = bit }

local function requiring(allowed)
  return function(name)
    if allowed and not allowed[name] then
      error("require '" .. tostring(name) .. "' not allowed within sandbox", 2)
    end
    return modules[name] or error("module '" .. tostring(name) .. "' not found: the stand-in does not have it", 2)
  end
end

local function copy(names)
  local copied = {}
  for name, value in pairs(names) do
    copied[name] = value
  end
  return copied
end

local function globals(allowed)
  local strings = copy(string)
  strings.dump = nil
  return {
    _VERSION = _VERSION, assert = assert, error = error, ipairs = ipairs, next = next, pairs = pairs, pcall = pcall,
    print = logger("notice"), select = select, tonumber = tonumber, tostring = tostring, type = type, unpack = unpack,
    xpcall = xpcall, string = strings, table = copy(table), math = copy(math), bit = copy(bit),
    coroutine = copy(coroutine), setmetatable = setmetatable, getmetatable = getmetatable,
    rawget = rawget, rawset = rawset, rawequal = rawequal,
    os = { clock = os.clock, date = os.date, difftime = os.difftime, time = os.time },
    require = requiring(allowed), kong = kong, ngx = ngx,
  }
end

local function run(work)
  local thread = coroutine.create(work)
  local fine, value = coroutine.resume(thread)
  if not fine then
    return false, tostring(value)
  end
  if coroutine.status(thread) == "suspended" and value ~= EXIT then
    return false, "attempt to yield outside of a coroutine"
  end
  return true, value ~= EXIT and value or nil
end

local function compile(source, allowed)
  local chunk, problem = loadstring(source, "=function")
  if not chunk then
    return nil, problem
  end
  local environment = setmetatable({}, { __index = globals(allowed) })
  environment._G = environment
  setfenv(chunk, environment)
  -- The first run may give the function that is meant; otherwise the chunk itself is it.
  local work
  return function()
    if not work then
      work = chunk
      local result = chunk()
      if type(result) == "function" then
        work = result
      else
        return
      end
    end
    work()
  end
end

local function evaluate(source, values)
  local chunk, problem = loadstring("return " .. source, "=template")
  if not chunk then
    return nil, problem
  end
  setfenv(chunk, setmetatable(values, { __index = globals({}) }))
  local fine, value = xpcall(chunk, tostring)
  if not fine then
    return nil, value
  end
  return value ~= nil and tostring(value) or nil
end

return compile, run, evaluate
