-- Lets a request pass that shows the token. Envoy reads it from its environment: it is in no configuration.
local expected = os.getenv("KONG_ADMIN_TOKEN") or ""

-- Takes as long for a token that is nearly right as for any other.
local function same(given)
  local difference = #given == #expected and #expected > 0 and 0 or 1
  for index = 1, #given do
    local wanted = expected:byte(index) or 0
    difference = bit.bor(difference, bit.bxor(given:byte(index), wanted))
  end
  return difference == 0
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if not same(headers:get("kong-admin-token") or "") then
    handle:respond({ [":status"] = "401", ["content-type"] = "application/json" }, '{"message":"Unauthorized"}')
    return
  end
  headers:remove("kong-admin-token")
end
