-- The gate's check as one writes it for lua-nginx: the board names its team,
-- the team's plan must run, who asks must be a member.  Packed values; where a
-- session is asked for, its HMAC-SHA256 is verified with OpenSSL by FFI.  The
-- same with values in JSON, as they come from whoever writes them.

local ffi = require "ffi"
local json = require "cjson.safe"
local redis = require "nginx.redis"

ffi.cdef[[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_len,
    const unsigned char *d, size_t n, unsigned char *out, unsigned int *len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local crypto = ffi.load("libcrypto.so.3")
local sha256 = crypto.EVP_sha256()
local out = ffi.new("unsigned char[32]")
local find, sub, decode = string.find, string.sub, ngx.decode_base64

local _M = {}

local function base64url(text)
    return decode(text:gsub("-", "+"):gsub("_", "/")
                  .. sub("====", 1, -#text % 4))
end

function _M.session(key)
    local token = ngx.var.cookie_bench_session
    if not token then
        return nil
    end
    local from, to, name, till, mac = find(token,
                                           "^([^.]+)%.(%d+)%.([^.]+)$")
    if not from then
        return nil
    end
    local signed = sub(token, 1, #token - #mac - 1)
    crypto.HMAC(sha256, key, #key, signed, #signed, out, nil)
    local theirs = base64url(mac)
    if not theirs or #theirs ~= 32
       or crypto.CRYPTO_memcmp(out, theirs, 32) ~= 0
       or tonumber(till) <= ngx.time()
    then
        return nil
    end
    return base64url(name)
end

local function verdict(team, member)
    local _, _, state, till = find(team or "", "^[^|]*|([^|]*)|(%d+)")
    if state ~= "active" or (till ~= "0" and tonumber(till) <= ngx.time())
       or (tonumber(member) or 0) == 0
    then
        return ngx.exit(403)
    end
end

function _M.dict(who, board)
    local dict = ngx.shared.billing
    local record = dict:get("b:" .. board)
    if not who or not record then
        return ngx.exit(403)
    end
    local team = sub(record, 1, find(record, "|", 1, true) - 1)
    return verdict(dict:get("t:" .. team), dict:get("m:" .. team .. "|" .. who))
end

function _M.json(who, board)
    local dict = ngx.shared.json
    local record = json.decode(dict:get("b:" .. board) or "")
    if not who or not record then
        return ngx.exit(403)
    end
    local team = json.decode(dict:get("t:" .. record.team) or "")
    local member = json.decode(dict:get("m:" .. record.team .. "|" .. who)
                               or "")
    if not team or team.state ~= "active"
       or (team.valid_until ~= 0 and team.valid_until <= ngx.time())
       or not member or member.roles == 0
    then
        return ngx.exit(403)
    end
end

function _M.redis(who, board, socket)
    local link = redis:new()
    link:set_timeout(1000)
    if not link:connect("unix:" .. socket) then
        return ngx.exit(503)
    end
    local record = link:get("b:" .. board)
    if not who or not record or record == ngx.null then
        return ngx.exit(403)
    end
    local team = sub(record, 1, find(record, "|", 1, true) - 1)
    local plan = link:get("t:" .. team)
    local member = link:get("m:" .. team .. "|" .. who)
    link:set_keepalive(10000, 100)
    return verdict(plan ~= ngx.null and plan, member ~= ngx.null and member)
end

return _M
