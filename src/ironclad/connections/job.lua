--- A program that prints a secret, run by Neovim's own jobs: Neovim draws its screen and runs timers meanwhile, Ctrl-C
-- ends the program, and what it writes to standard error does not come over the screen.

local job = {}

-- Milliseconds of one vim.wait: Neovim 0.7 reports Ctrl-C only at the end of a wait.
local SLICE = 200

-- A handler of a job's output, which comes in pieces: a list of lines each, the first of which continues the last one.
local function collect_in(lines)
  return function(_, piece)
    lines[#lines] = lines[#lines] .. piece[1]
    for i = 2, #piece do lines[#lines + 1] = piece[i] end
  end
end

-- The last line that is not empty, after ": "; "" when there is none.
local function last_of(lines)
  for i = #lines, 1, -1 do
    local line = lines[i]:gsub("%c", " ")
    if line:find "%S" then return ": " .. line end
  end
  return ""
end

--- Whether this is Neovim, where something can wait.
function job.usable()
  return vim ~= nil and vim.fn ~= nil and vim.in_fast_event ~= nil and not vim.in_fast_event()
end

--- Runs a program.
-- @param words the program and its arguments
-- @param seconds after which it is ended
-- @return what it printed; nil and a message, which has the last line of its standard error
function job.run(words, seconds)
  local output, errors, status = { "" }, { "" }, nil
  local fine, id = pcall(vim.fn.jobstart, words, { stdin = "null", on_stdout = collect_in(output),
    on_stderr = collect_in(errors), on_exit = function(_, code) status = code end })
  if not fine or id <= 0 then return nil, words[1] .. " cannot be run: it is no program that can be executed" end
  local ended, why
  for _ = 1, seconds * 1000 / SLICE do
    ended, why = vim.wait(SLICE, function() return status end, 20)
    if ended or why == -2 then break end
  end
  if not status then
    vim.fn.jobstop(id)
    if why == -2 then return nil, words[1] .. " was interrupted" end
    return nil, ("%s did not end within %d seconds%s"):format(words[1], seconds, last_of(errors))
  end
  if status ~= 0 then return nil, ("%s ended with status %d%s"):format(words[1], status, last_of(errors)) end
  return table.concat(output, "\n")
end

return job
