-- `make demo`: starts a sandbox on a free loopback port and runs recipes/launch_nda.lua against it, in a process
-- of its own and with the same environment variables that a real company's connection takes. Ends with the
-- recipe's status. Run from the root of the checkout, with the build on Lua's paths.
local sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })

local variables = {
  { "IRONCLAD_INSTANCE", sandbox.url },
  { "IRONCLAD_CLIENT_ID", sandbox.client_id },
  { "IRONCLAD_CLIENT_SECRET", sandbox.client_secret },
  { "IRONCLAD_AS_USER", sandbox.as_user },
  { "IRONCLAD_CA_FILE", sandbox.ca_file },
  { "no_proxy", "127.0.0.1" },
}

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local words = { "env" }
for _, variable in ipairs(variables) do
  words[#words + 1] = variable[1] .. "=" .. quoted(variable[2])
end
words[#words + 1] = quoted(arg[-1]) .. " recipes/launch_nda.lua"

print("The sandbox: " .. sandbox:info())
io.stdout:flush()
-- Lua 5.1 answers with the status alone, as wait(2) gives it.
local ok, _, status = os.execute(table.concat(words, " "))
sandbox:stop()
os.exit((ok == true or ok == 0) and 0 or type(status) == "number" and status or 1)
