-- docs/platforms.md: what only some systems have stands in a few files, each with a fallback.
local peer = require "spec.support.peer"

-- Names that only some systems have, beyond POSIX.
local names = {
  "ucred", "SO_PEERCRED", "epoll_create", "epoll_wait", "eventfd", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "pipe2",
  "accept4", "mkostemp", "O_TMPFILE", "renameat2", "getrandom", "statx", "F_OFD_SETLK", "F_OFD_SETLKW", "__linux__",
  "prctl", "gettid", "syscall", "POLLRDHUP", "MSG_NOSIGNAL", "SO_NOSIGPIPE", "memfd_create", "st_mtim",
  "st_mtimespec", "CLOCK_BOOTTIME", "strchrnul", "O_PATH", "fallocate", "sync_file_range", "explicit_bzero",
  "pthread_condattr_setclock",
}

local own = {
  ["src/core/base/platform.c"] = true, ["src/core/base/platform.h"] = true, ["src/core/base/clock.c"] = true,
}

describe("what only some systems have", function()
  it("stands in few files", function()
    local elsewhere, found = {}, 0
    for path in peer.shell("find src lua_ironclad.c -name '*.[ch]'"):gmatch "[^\n]+" do
      local code = peer.read_file(path):gsub("/%*.-%*/", " "):gsub('"[^"\n]*"', '""')
      for _, name in ipairs(names) do
        if code:find("%f[%w_]" .. name .. "%f[^%w_]") then
          if own[path] then found = found + 1 else elsewhere[#elsewhere + 1] = path .. ": " .. name end
        end
      end
    end
    table.sort(elsewhere)
    assert.are.equal("", table.concat(elsewhere, "\n"))
    assert.is_true(found > 10)
  end)
end)
