--- Numbers from text, the same in every locale that the host may have set: decimal(text) is tonumber(text), which in
-- PUC Lua reads the locale's decimal point, and in PUC Lua 5.1 no other.

-- The text with the locale's decimal point.
local function in_locale(text) return (text:gsub("%.", (("%.1f"):format(0.5):match "^0(.+)5$"))) end

return function(text)
  if text:find(",", 1, true) then return nil end
  return tonumber(text) or tonumber(in_locale(text))
end
