-- Could a node have written it?
local function is_epoch(text)
    return text and #text <= 16 and string.find(text, '^[%w_-]+$')
end
