-- Applies steps to the keys, and moves the position that lies beside them, in one step of Redis's.
--
-- KEYS[1]  The position: the number of the last event whose effect is here, and what follows it.
-- KEYS[2]  Where entries are added: the number of the last event that has one, likewise. In a cluster it is the position.
-- ARGV[1]  What follows a number of this stream, such as " of 17"; nothing in a position of one key, which a cluster has.
-- ARGV[2]  How: "follow" applies what Redis has not applied yet; "anew" all, unless something newer is here.
-- ARGV[3]  To follow, the number that the position must have reached; anew, what it must hold exactly ("*": whatever).
-- ARGV[4]  The number that it reaches.
-- ARGV[5]  Where other keys lack something: the number of the event since when.
-- ARGV[6]  Of the entries' number: "" to keep it, "forget", or the number that it is.
-- ARGV[7]  Of entries, while that number is not known: "added" if those whose id Redis does not take were added before;
--          "unread" if it could not be read which are there, so that none can be added.
-- then for each step the number of its event, the count of its words, and its words.
--
-- Answers 1 and what the position holds now, with the keys that were refused and why. Where the position is not what it
-- must be, nothing is done, and the answer has 0.

local position, entries = KEYS[1], KEYS[2]
local of, anew, to = ARGV[1], ARGV[2] == 'anew', tonumber(ARGV[4])
local lacking = tonumber(ARGV[5])
local of_one_key = of == ''

local function number_of(key)
    local value = redis.call('GET', key) or ''
    local number, rest = string.match(value, '^(%d+)(.*)$')
    if not number or string.sub(rest, 1, #of) ~= of then return nil, nil, value end
    rest = string.sub(rest, #of + 1)
    local since = tonumber(string.match(rest, '^ incomplete (%d+)$') or '')
    if rest ~= '' and not since then return nil, nil, value end
    return tonumber(number), since, value
end

local function is_error(done) return type(done) == 'table' and done.err end

-- Whether others than this key may well take writes.
local function is_of_the_key(error)
    for _, sign in ipairs({'WRONGTYPE', 'NOPERM', 'ACL failure', "can't access", "can't run", 'exhausted'}) do
        if string.find(error, sign, 1, true) then return true end
    end
    return false
end

-- SET and DEL would do away with a list or a hash of somebody else's; GET refuses it.
local function put(command)
    if command[1] == 'SET' or command[1] == 'DEL' then
        local there = redis.pcall('GET', command[2])
        if is_error(there) then return there end
    end
    return redis.pcall(unpack(command))
end

-- An entry has its id from its event. Redis takes none that is not after the last: then it is one that was added before, or
-- the last one is dated in the future, by somebody or by a clock that was set back, and Redis makes the id.
local function add(sequence, command)
    local said = number_of(entries)
    if said and sequence <= said then return end
    if not said and ARGV[7] == 'unread' then return {err = 'WRONGTYPE its entries could not be read'} end
    local done = redis.pcall(unpack(command))
    if is_error(done) and string.find(done.err, 'equal or smaller', 1, true) then
        if not said and ARGV[7] == 'added' then return end
        command[6] = '*'
        done = redis.pcall(unpack(command))
    end
    if not is_error(done) then redis.call('SET', entries, string.format('%.0f', sequence) .. of) end
    return done
end

local held, since, value = number_of(position)
local from = held or (of_one_key and 0 or -1)
if anew then
    if ARGV[3] ~= '*' and value ~= ARGV[3] then return {0, value, {}} end
elseif from < tonumber(ARGV[3]) then
    return {0, value, {}}
end
if ARGV[6] == 'forget' then
    from = 0
    if entries then redis.call('DEL', entries) end
elseif ARGV[6] ~= '' then
    redis.call('SET', entries, ARGV[6] .. of)
end

local refused, answer, adds = {}, {}, true
local at = 8
while at <= #ARGV do
    local sequence, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    local command = {unpack(ARGV, at + 2, at + 1 + count)}
    local key, done = command[2], nil
    if not refused[key] then
        if anew and command[1] == 'XADD' then
            done = add(sequence, command)
        elseif (anew and from <= to) or sequence > from then
            if command[1] == 'XADD' then done = add(sequence, command) else done = put(command) end
        end
        if is_error(done) then
            if not is_of_the_key(done.err) then return done end
            refused[key] = true
            adds = adds and command[1] ~= 'XADD'
            table.insert(answer, key)
            table.insert(answer, done.err)
        end
    end
    at = at + 2 + count
end

local is_refused = #answer > 0
if of_one_key and is_refused then return {1, value, answer} end
if anew then
    if is_refused then lacking = since or to end
else
    lacking = math.max(since or -1, lacking or -1, is_refused and to or -1)
    if lacking < 0 then lacking = nil end
    to = math.max(from, to)
end
if of_one_key and ARGV[6] ~= 'forget' then to = math.max(from, to) end
if anew and adds and entries then redis.call('SET', entries, string.format('%.0f', to) .. of) end
value = string.format('%.0f', to) .. of
if lacking then value = value .. string.format(' incomplete %.0f', lacking) end
redis.call('SET', position, value)
return {1, value, answer}
