-- Runs the site against a sandbox until it is interrupted: `make site`, or
--
--   luajit recipes/nginx/run.lua [port [folder]]     (8080, a new one)
--
-- with the build for LuaJIT on Lua's paths. With IRONCLAD_INSTANCE set, against that.
local port, folder = arg[1] or "8080", arg[2]

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local here = output_of("cd " .. quoted(arg[0]:match "^(.*)/" or ".") .. " && pwd")
local made = not folder
folder = folder or output_of "mktemp -d"

local configuration = assert(io.open(here .. "/nginx.conf")):read "*a"
write(folder .. "/nginx.conf", (configuration:gsub("127%.0%.0%.1:8080", "127.0.0.1:" .. port)))
write(folder .. "/local.conf", ("lua_package_path %q;\nlua_package_cpath %q;\n"):format(package.path, package.cpath))

local variables = { "IRONCLAD_SITE=" .. quoted(here), 'PATH="$PATH:/usr/sbin:/usr/local/sbin"' }
local sandbox
if not os.getenv "IRONCLAD_INSTANCE" then
  sandbox = assert(require("ironclad.sandbox").start { port = 0, tls = true })
  for name, value in pairs {
    INSTANCE = sandbox.url, CLIENT_ID = sandbox.client_id, CLIENT_SECRET = sandbox.client_secret,
    AS_USER = sandbox.as_user, CA_FILE = sandbox.ca_file,
  } do
    variables[#variables + 1] = ("IRONCLAD_%s=%s"):format(name, quoted(value))
  end
  print("The sandbox: " .. sandbox:info())
end

-- The workers of a root's nginx would be nobody, who may not be able to read this checkout.
local user = output_of "id -u" == "0" and "user root; " or ""
print(("The site: http://127.0.0.1:%s/ (Ctrl-C ends it)"):format(port))
io.stdout:flush()
local status = os.execute(("exec env %s nginx -p %s -c nginx.conf -g %s"):format(table.concat(variables, " "),
  quoted(folder), quoted(user .. "daemon off;")))
if sandbox then sandbox:stop() end
if made then os.execute("rm -rf " .. quoted(folder)) end
os.exit((status == true or status == 0) and 0 or 1)
