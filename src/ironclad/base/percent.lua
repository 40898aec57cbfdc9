--- Percent-encoded text (RFC 3986, 2.1). An escape that is not valid stays as it is.

local percent = {}

function percent.decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Decodes a name or a value of a query or a form, where "+" is a space.
function percent.decode_form(text) return percent.decode((text:gsub("%+", " "))) end

return percent
