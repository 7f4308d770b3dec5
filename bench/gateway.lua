-- A gateway that takes no time: it answers what a purchase asks with success,
-- as the sandbox does but with none of its books.  Everything else is the
-- sandbox's.

local _M = {}
local made = 0

local function quoted(text)
    return '"' .. text:gsub('[%c"\\]', "") .. '"'
end

local function given_args()
    ngx.req.read_body()
    ngx.header.content_type = "application/json"
    return ngx.req.get_post_args(100)
end

-- The card is known to the buyer from now on.
function _M.attach(method)
    ngx.print('{"id":', quoted(method), ',"object":"payment_method","type":"card"',
              ',"customer":', quoted(given_args().customer),
              ',"card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2040}}')
end

function _M.intent()
    local given = given_args()
    local metadata = {}
    for name, value in pairs(given) do
        local key = name:match("^metadata%[(.+)%]$")
        if key then
            metadata[#metadata + 1] = quoted(key) .. ":" .. quoted(value)
        end
    end
    made = made + 1
    local id = "pi_bench" .. made
    ngx.print('{"id":"', id, '","object":"payment_intent","status":"succeeded"',
              ',"amount":', tonumber(given.amount),
              ',"amount_received":', tonumber(given.amount),
              ',"currency":', quoted(given.currency),
              ',"customer":', given.customer and quoted(given.customer) or "null",
              ',"payment_method":', quoted(given.payment_method),
              ',"latest_charge":"ch_bench', made, '"',
              ',"client_secret":"', id, '_secret_bench"',
              ',"created":', ngx.time(), ',"livemode":false',
              ',"last_payment_error":null,"next_action":null',
              ',"metadata":{', table.concat(metadata, ","), '}}')
end

return _M
