-- Takes away every header that only the gateway may set, however a client spells it. Runs before routing, for all
-- requests, so that no route can forget it. X_User_ID reaches a service just as X-User-ID does: names are compared with
-- underscores as dashes.
local RESERVED = {
  ["x-tier-key"] = true,
  ["x-anonymous-consumer"] = true,
  ["x-credential-identifier"] = true,
}

local function is_reserved(name)
  return RESERVED[name] or name:find("^x%-user%-") or name:find("^x%-consumer%-")
end

-- Headers that Connection names are dropped on the way to the service: a client could have ours dropped.
local function names_ours(value)
  local given = value:lower()
  return given:find("x[-_]") or given:find("authorization", 1, true)
end

return function()
  for name, value in pairs(ngx.req.get_headers(0)) do -- 0: all of them, not the first hundred
    local normal = name:lower():gsub("_", "-")
    if normal == "connection" then
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        if names_ours(one) then
          return kong.response.exit(400, { message = "Bad Connection header" })
        end
      end
    elseif is_reserved(normal) then
      ngx.req.clear_header(name)
    end
  end
end
