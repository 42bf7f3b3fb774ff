-- cluster.lua --
--
--	Shows packets of a cluster (doc/wire.md) in Wireshark and tshark: UDP port
--	23000, and any other UDP port or TCP connection whose bytes look like them.
--
-- Put it into Wireshark's folder for personal Lua plugins, or:
--
--	tshark -X lua_script:cluster.lua -r FILE -Y 'cluster.type == 4'
--
-- What breaks the format is marked by cluster.malformed, cluster.garbage and
-- cluster.incomplete; what is only unusual by cluster.unknown and cluster.repeated.

local cluster = Proto("cluster", "Cluster")

local LARGEST = 16 * 1024 * 1024 -- bytes of a packet
local MOST = 65536 -- elements of a list
local HEADER, FOOTER = 2, 2 -- bytes
local LABEL = 200 -- bytes of a value that go into labels
local NUL_SIGN, STRAY_SIGN, ELLIPSIS = "\xe2\x90\x80", "\xef\xbf\xbd", "\xe2\x80\xa6" -- U+2400, U+FFFD, U+2026
local TCP = 2 -- pinfo.port_type

local types = {
    [0] = "Disconnect", "Heartbeat", "Discovery", "Ping", "Query", "Response", "Event", "Flush", "Failure",
    "Probe", "Ack", "Relay", "Delivery", "Receipt",
}
local channels = { [0] = "broadcast", "system", "lan" }

-- ---- fields ---------------------------------------------------------------

local pf = {
    header = ProtoField.bytes("cluster.header", "Header"),
    length = ProtoField.uint64("cluster.length", "Length of body"),
    id = ProtoField.uint64("cluster.field", "Field"),
    count = ProtoField.uint64("cluster.count", "Elements"),
    garbage = ProtoField.bytes("cluster.garbage_bytes", "Bytes that are no packet"),
    footer = ProtoField.bytes("cluster.end", "End mark"),
    uuid = ProtoField.string("cluster.uuid", "Member", "SID@HID of the sender"),

    type = ProtoField.uint64("cluster.type", "Type", base.DEC, types),
    channel = ProtoField.uint64("cluster.channel", "Channel", base.DEC, channels),
    hid = ProtoField.string("cluster.hid", "Host id"),
    sid = ProtoField.string("cluster.sid", "Service id"),
    known = ProtoField.uint64("cluster.known", "Members known"),
    timestamp = ProtoField.uint64("cluster.timestamp", "Timestamp"),
    protocols = ProtoField.string("cluster.protocols", "Protocol"),
    ruid = ProtoField.string("cluster.ruid", "Request id"),
    op = ProtoField.string("cluster.op", "Operation"),
    data = ProtoField.string("cluster.data", "Data"),
    raw = ProtoField.bytes("cluster.raw", "Raw data"),
    tags = ProtoField.string("cluster.tags", "Tag"),
    keepalive = ProtoField.bool("cluster.keepalive", "Keep connection"),
    filter = ProtoField.string("cluster.filter", "Filter"),
    error = ProtoField.string("cluster.error", "Error"),
}
cluster.fields = pf

local ef = {
    malformed = ProtoExpert.new("cluster.malformed", "Malformed packet",
        expert.group.MALFORMED, expert.severity.ERROR),
    garbage = ProtoExpert.new("cluster.garbage", "Bytes that are no packet",
        expert.group.MALFORMED, expert.severity.ERROR),
    incomplete = ProtoExpert.new("cluster.incomplete", "A field that every packet carries is missing",
        expert.group.PROTOCOL, expert.severity.WARN),
    unknown = ProtoExpert.new("cluster.unknown", "Unknown type",
        expert.group.UNDECODED, expert.severity.NOTE),
    repeated = ProtoExpert.new("cluster.repeated", "Field came before: the last one counts",
        expert.group.PROTOCOL, expert.severity.WARN),
}
cluster.experts = ef

-- By field id; each carries its name and the kind of its value.
local fields = {
    { "type", "varint" }, { "channel", "varint" }, { "hid", "string" }, { "sid", "string" },
    { "known", "varint" }, { "timestamp", "varint" }, { "protocols", "list" }, { "ruid", "string" },
    { "op", "string" }, { "data", "string" }, { "raw", "raw" }, { "tags", "list" },
    { "keepalive", "boolean" }, { "filter", "list" }, { "error", "string" },
}
local needed = { "sid", "hid", "type", "channel", "protocols" }

-- ---- reading --------------------------------------------------------------

-- All readers take a tvb, where to begin and where the room ends. They return
-- nil and why when there is no such value.

local TRUNCATED = "value runs past the end"

-- A varint as UInt64, and how many bytes it takes.
local function varint(tvb, at, stop)
    local low, high = 0, 0 -- 32 bits each
    for i = 0, 9 do
        if at + i >= stop then
            return nil, TRUNCATED
        end
        local byte = tvb(at + i, 1):uint()
        local bits = byte % 128
        if i == 9 and byte > 1 then
            return nil, "number beyond 64 bits"
        elseif i < 4 then
            low = low + bits * 2 ^ (7 * i)
        elseif i == 4 then
            low = low + bits % 16 * 2 ^ 28
            high = math.floor(bits / 16)
        else
            high = high + bits * 2 ^ (7 * i - 32)
        end
        if byte < 128 then
            return UInt64.new(low, high), i + 1
        end
    end
end

-- The varint of a length or count as a number that is within the room, and its bytes.
local function size(tvb, at, stop)
    local value, used = varint(tvb, at, stop)
    if not value then
        return nil, used
    end
    if value:higher() > 0 or value:lower() > stop - at - used then
        return nil, TRUNCATED
    end
    return value:lower(), used
end

-- What stands at `at`: the size of the packet there; or nil and "more" with the
-- bytes that are missing (nil: unknown), or "bad" with the reason.
local function frame(tvb, at, stop)
    if tvb(at, 1):uint() ~= 0xc0 or (at + 1 < stop and tvb(at + 1, 1):uint() ~= 0x8d) then
        return nil, "bad", "no header"
    end
    if at + HEADER >= stop then
        return nil, "more", nil
    end
    local body, used = varint(tvb, at + HEADER, stop)
    if not body then
        if used == TRUNCATED then
            return nil, "more", nil
        end
        return nil, "bad", used
    end
    local total = HEADER + used + body:lower() + FOOTER
    if body:higher() > 0 or total > LARGEST then
        return nil, "bad", "packet too large"
    end
    if at + total > stop then
        return nil, "more", at + total - stop
    end
    if tvb(at + total - FOOTER, FOOTER):uint() ~= 0 then
        return nil, "bad", "wrong end mark"
    end
    return total
end

-- Where the next header may begin, at `at` or later; stop when nowhere.
local function nextHeader(tvb, at, stop)
    while at < stop do
        if tvb(at, 1):uint() == 0xc0 and (at + 1 >= stop or tvb(at + 1, 1):uint() == 0x8d) then
            return at
        end
        at = at + 1
    end
    return stop
end

-- ---- values ---------------------------------------------------------------

-- Each adds one value to the tree. Returns where it ended and its text, or nil and why.
local values = {}

-- A whole character beyond ASCII, well-formed.
local characters = {
    "^[\xc2-\xdf][\x80-\xbf]",
    "^\xe0[\xa0-\xbf][\x80-\xbf]",
    "^[\xe1-\xec\xee\xef][\x80-\xbf][\x80-\xbf]",
    "^\xed[\x80-\x9f][\x80-\xbf]",
    "^\xf0[\x90-\xbf][\x80-\xbf][\x80-\xbf]",
    "^[\xf1-\xf3][\x80-\xbf][\x80-\xbf][\x80-\xbf]",
    "^\xf4[\x80-\x8f][\x80-\xbf][\x80-\xbf]",
}

local function characterAt(bytes, at)
    for _, pattern in ipairs(characters) do
        local found = bytes:match(pattern, at)
        if found then
            return found
        end
    end
end

-- Bytes as text that can be shown: about the first `most` of them.
local function showable(bytes, most)
    local out, at = {}, 1
    while at <= #bytes and at <= most do
        local part = bytes:match("^[\x01-\x7f]+", at)
        if part then
            part = part:sub(1, most - at + 1)
            out[#out + 1] = part
        else
            part = characterAt(bytes, at)
            out[#out + 1] = part or bytes:byte(at) == 0 and NUL_SIGN or STRAY_SIGN
        end
        at = at + (part and #part or 1)
    end
    return table.concat(out) .. (at <= #bytes and ELLIPSIS or "")
end

-- Length and content of a string or raw. Returns where it ended and the content, nil when it is empty.
local function span(tvb, at, stop)
    local length, used = size(tvb, at, stop)
    if not length then
        return nil, used
    end
    local ended = at + used + length
    return ended, length > 0 and tvb(at + used, length) or nil
end

function values.string(field, tree, tvb, at, stop)
    local ended, content = span(tvb, at, stop)
    if not ended then
        return nil, content
    end
    if not content then
        tree:add(field, tvb(at, ended - at), "")
        return ended, ""
    end
    local bytes = content:raw()
    if bytes:find("\0", 1, true) then -- Wireshark would end the text there
        tree:add(field, content, showable(bytes, #bytes))
    else
        tree:add_packet_field(field, content, ENC_UTF_8)
    end
    return ended, showable(bytes, LABEL)
end

function values.raw(field, tree, tvb, at, stop)
    local ended, content = span(tvb, at, stop)
    if not ended then
        return nil, content
    end
    if content then
        tree:add(field, content)
    end
    return ended, content and content:len() .. " bytes" or "empty"
end

function values.varint(field, tree, tvb, at, stop)
    local value, used = varint(tvb, at, stop)
    if not value then
        return nil, used
    end
    tree:add(field, tvb(at, used), value)
    return at + used, tostring(value), value
end

function values.boolean(field, tree, tvb, at, stop)
    if at >= stop then
        return nil, TRUNCATED
    end
    local value = tvb(at, 1):uint() ~= 0
    tree:add(field, tvb(at, 1), value)
    return at + 1, tostring(value)
end

function values.list(field, tree, tvb, at, stop)
    local count, used = size(tvb, at, stop)
    if not count then
        return nil, used
    end
    if count > MOST then
        return nil, "too many elements"
    end
    tree:add(pf.count, tvb(at, used), UInt64(count))
    at = at + used
    local words = {}
    for i = 1, count do
        local text
        at, text = values.string(field, tree, tvb, at, stop)
        if not at then
            return nil, text
        end
        words[i] = text
    end
    return at, table.concat(words, " ")
end

-- ---- a packet -------------------------------------------------------------

local function malformed(tree, span, why)
    local item = tree:add(span, "Malformed: " .. why)
    item:add_proto_expert_info(ef.malformed, "Malformed packet: " .. why)
end

-- One field. Returns where it ended, nil when it is malformed; notes its text in seen[name].
local function addField(tree, tvb, at, stop, seen)
    local id, used = varint(tvb, at, stop)
    if not id then
        malformed(tree, tvb(at, stop - at), used)
        return nil
    end
    local known = id:higher() == 0 and fields[id:lower()]
    if not known then
        tree:add(pf.id, tvb(at, used), id)
        malformed(tree, tvb(at, stop - at), "unknown field " .. tostring(id))
        return nil
    end
    local name, kind = known[1], known[2]
    local branch = tree:add(tvb(at, stop - at), name)
    branch:add(pf.id, tvb(at, used), id):append_text(" (" .. name .. ")")
    local ended, text, value = values[kind](pf[name], branch, tvb, at + used, stop)
    if not ended then
        malformed(branch, tvb(at, stop - at), name .. ": " .. text)
        return nil
    end
    branch:set_len(ended - at)
    branch:set_text(name .. ": " .. text)
    if seen[name] then
        branch:add_proto_expert_info(ef.repeated)
    end
    seen[name] = text
    if name == "type" then
        seen.number = value
    end
    return ended
end

-- What the packet is, in a few words.
local function summary(seen)
    local number = seen.number
    local what = "Packet"
    if number then
        what = number:higher() == 0 and types[number:lower()] or "Type " .. seen.type
    end
    for _, part in ipairs({ { "sid", " from " }, { "filter", " to " }, { "ruid", ", request " } }) do
        if seen[part[1]] then
            what = what .. part[2] .. seen[part[1]]
        end
    end
    return what
end

local function addRemarks(tree, seen)
    local missing = {}
    for _, name in ipairs(needed) do
        if not seen[name] or ((name == "sid" or name == "hid") and seen[name] == "") then
            missing[#missing + 1] = name
        end
    end
    if #missing > 0 then
        tree:add_proto_expert_info(ef.incomplete, "Missing: " .. table.concat(missing, " "))
    end
    if seen.number and (seen.number:higher() > 0 or not types[seen.number:lower()]) then
        tree:add_proto_expert_info(ef.unknown, "Unknown type " .. seen.type)
    end
end

-- A packet whose frame is good. Returns its summary.
local function addPacket(tvb, at, total, root)
    local tree = root:add(cluster, tvb(at, total))
    local _, used = varint(tvb, at + HEADER, at + total)
    local stop = at + total - FOOTER
    local seen, place = {}, at + HEADER + used

    tree:add(pf.header, tvb(at, HEADER))
    tree:add(pf.length, tvb(at + HEADER, used), (varint(tvb, at + HEADER, at + total)))
    while place and place < stop do
        place = addField(tree, tvb, place, stop, seen)
    end
    tree:add(pf.footer, tvb(stop, FOOTER))
    if seen.sid and seen.hid then
        tree:add(pf.uuid, tvb(at, total), seen.sid .. "@" .. seen.hid):set_generated(true)
    end
    local what = summary(seen)
    if place then
        addRemarks(tree, seen)
    else
        what = what .. " [malformed]"
    end
    tree:set_text("Cluster, " .. what)
    return what
end

local function addGarbage(tvb, at, stop, root, why)
    local tree = root:add(cluster, tvb(at, stop - at))
    tree:set_text(string.format("Cluster, %d bytes that are no packet: %s", stop - at, why))
    tree:add(pf.garbage, tvb(at, stop - at))
    tree:add_proto_expert_info(ef.garbage, "No packet: " .. why)
    return "[no packet: " .. why .. "]"
end

-- ---- datagrams and streams ------------------------------------------------

-- As the receivers of section 1.1: what does not begin a packet ends the datagram.
local function dissectDatagram(tvb, root, said)
    local at, stop = 0, tvb:captured_len()
    while at < stop do
        local total, what, why = frame(tvb, at, stop)
        if not total then
            if what == "more" then
                why = tvb:reported_len() > stop and "cut off by the capture" or "packet runs past the datagram"
            end
            said[#said + 1] = addGarbage(tvb, at, stop, root, why)
            return
        end
        said[#said + 1] = addPacket(tvb, at, total, root)
        at = at + total
    end
end

-- As in section 1.2. What is incomplete is asked for.
local function dissectStream(tvb, pinfo, root, said)
    local at, stop = 0, tvb:captured_len()
    local whole = tvb:reported_len() <= stop and pinfo.can_desegment > 0
    while at < stop do
        local total, what, why = frame(tvb, at, stop)
        if total then
            said[#said + 1] = addPacket(tvb, at, total, root)
            at = at + total
        elseif what == "bad" then
            local later = nextHeader(tvb, at + 1, stop)
            said[#said + 1] = addGarbage(tvb, at, later, root, why)
            at = later
        elseif whole then
            pinfo.desegment_offset = at
            pinfo.desegment_len = why or DESEGMENT_ONE_MORE_SEGMENT
            return
        else
            said[#said + 1] = addGarbage(tvb, at, stop, root, "the rest is not at hand")
            return
        end
    end
end

-- Called by the heuristics as it is: by way of cluster.dissector it would be one layer
-- further from TCP, and might not ask for more segments.
local function dissect(tvb, pinfo, root)
    local said = {}
    if tvb:captured_len() == 0 then
        return 0
    end
    pinfo.cols.protocol = "CLUSTER"
    if pinfo.port_type == TCP then
        dissectStream(tvb, pinfo, root, said)
    else
        dissectDatagram(tvb, root, said)
    end
    if #said > 0 then
        pinfo.cols.info = table.concat(said, "; ")
    end
    return tvb:captured_len()
end

cluster.dissector = dissect

-- ---- recognizing ----------------------------------------------------------

-- Do the bytes begin with a packet, or with what can become one? sure: a whole one is demanded.
local function looksLike(tvb, sure)
    local stop = tvb:captured_len()
    if stop < HEADER or tvb(0, HEADER):uint() ~= 0xc08d then
        return false
    end
    local total, what = frame(tvb, 0, stop)
    if not total and (sure or what == "bad") then
        return false
    end
    local body, used = varint(tvb, HEADER, stop)
    if not body or (body:lower() == 0 and total) then
        return not sure
    end
    local first = HEADER + used
    if first >= stop then
        return true
    end
    local id = tvb(first, 1):uint()
    return id >= 1 and id <= #fields
end

local function datagramHeuristic(tvb, pinfo, root)
    if not looksLike(tvb, true) then
        return false
    end
    dissect(tvb, pinfo, root)
    return true
end

-- What follows in the connection needs no guessing, and may begin with garbage.
local function streamHeuristic(tvb, pinfo, root)
    if not looksLike(tvb, false) then
        return false
    end
    pinfo.conversation = cluster
    dissect(tvb, pinfo, root)
    return true
end

cluster:register_heuristic("udp", datagramHeuristic)
cluster:register_heuristic("tcp", streamHeuristic)
DissectorTable.get("udp.port"):add(23000, cluster)
-- For "Decode As" where a capture begins amid a connection.
DissectorTable.get("tcp.port"):add_for_decode_as(cluster)
