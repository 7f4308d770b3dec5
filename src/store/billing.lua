#!lua name=billing

-- The only writers of records and of the epoch.  A record is
-- "SCHEMA KIND EPOCH VERSION JSON MAC"; its numbers have up to 20 digits, more
-- than a Lua number holds, so they are compared as text.

local function compare(a, b)
    if #a ~= #b then
        return #a < #b and -1 or 1
    end

    if a == b then
        return 0
    end

    return a < b and -1 or 1
end


local function number(text)
    return string.match(text, '^0$') or string.match(text, '^[1-9]%d*$')
end


local function parse(value)
    local epoch, version =
        string.match(value, '^%d+ %l+ (%d+) (%d+) {[^ ]*} %x+$')

    if epoch == nil or #value > 1024 or #epoch > 20 or #version > 20
        or not number(epoch) or not number(version)
    then
        return nil
    end

    return epoch, version
end


-- What stands at the key, or nil: absent, another type, or not a record.

local function current(key)
    local reply = redis.pcall('GET', key)

    if type(reply) ~= 'string' then
        return nil
    end

    return reply
end


-- billing_put KEY RECORD CHANNEL [SECONDS]: 1 written and published, 2 there
-- already, 0 refused because an older epoch or version than what is there.
-- With SECONDS it goes away by itself and is told to nobody: it only says that
-- there is nothing.

local function put(keys, args)
    local key, value, channel, seconds = keys[1], args[1], args[2], args[3]

    if #keys ~= 1 or #args < 2 or #args > 3
        or (seconds and not string.match(seconds, '^[1-9]%d?%d?%d?$'))
    then
        return redis.error_reply(
            'ERR billing_put KEY RECORD CHANNEL [SECONDS]')
    end

    local epoch, version = parse(value)

    if epoch == nil then
        return redis.error_reply('ERR billing_put: not a record')
    end

    local old = current(key)
    local old_epoch, old_version

    if old ~= nil then
        old_epoch, old_version = parse(old)
    end

    if old_epoch ~= nil then
        local order = compare(epoch, old_epoch)

        if order == 0 then
            order = compare(version, old_version)

            if order == 0 then
                if old ~= value then
                    redis.call('SET', key, value)
                end

                return 2
            end
        end

        if order < 0 then
            return 0
        end
    end

    if seconds then
        redis.call('SET', key, value, 'EX', seconds)
    else
        redis.call('SET', key, value)
        redis.call('PUBLISH', channel, key .. ' ' .. value)
    end

    return 1
end


-- billing_epoch KEY N STATE CHANNEL: 1 set to "N STATE" and published,
-- 0 refused because a higher epoch is there.

local function epoch(keys, args)
    local key, n, state, channel = keys[1], args[1], args[2], args[3]

    if #keys ~= 1 or #args ~= 3 then
        return redis.error_reply('ERR billing_epoch KEY N STATE CHANNEL')
    end

    if not number(n) or #n > 20 or (state ~= 'ready' and state ~= 'loading')
    then
        return redis.error_reply('ERR billing_epoch: not an epoch')
    end

    local old = string.match(current(key) or '', '^(%d+) %l+$')

    if old ~= nil and #old <= 20 and number(old) and compare(n, old) < 0 then
        return 0
    end

    local value = n .. ' ' .. state

    redis.call('SET', key, value)
    redis.call('PUBLISH', channel, key .. ' ' .. value)

    return 1
end


redis.register_function('billing_put', put)
redis.register_function('billing_epoch', epoch)
