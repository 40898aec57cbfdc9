--- The subcommands, in the order of the help. Each is a table:
--
--   name        the word on the command line
--   arguments   what follows it, for the help
--   text        what it does
--   module      its file in ironclad.command; it returns { flags = {…}, run = function(words, options, before) }
--   group       the heading of the help
--
-- A module may also have `help`, more lines for its help, and `stop`: the first word that is not an option ends them.
return {
  { name = "login", arguments = "[NAME]", group = "Connections",
    text = "Make a connection, step by step, and check it" },
  { name = "logout", arguments = "[NAME]", group = "Connections", text = "Forget a connection's token" },
  { name = "whoami", arguments = "", group = "Connections", text = "Show who the connection acts as, and its scopes" },
  { name = "connections", arguments = "", group = "Connections", text = "List the connections" },
  { name = "switch", arguments = "[NAME]", group = "Connections", text = "Choose the connection that is used" },
  { name = "doctor", arguments = "", group = "Connections", text = "Check everything, and say what to do" },
  { name = "api", arguments = "METHOD PATH [NAME=VALUE…]", group = "More",
    text = "Send any request to Ironclad, and print the answer" },
  { name = "scopes", arguments = "[OPERATION…]", group = "More",
    text = "List scopes, or those that operations need" },
  { name = "download", arguments = "ID…", group = "More",
    text = "Download the documents of workflows and records into a folder" },
  { name = "export", arguments = "TYPE", group = "More", text = "Make a report, wait for it, and download it" },
  { name = "describe", arguments = "[TEMPLATE]", group = "More",
    text = "Show the templates and record types of the company, and their fields" },
  { name = "changes", arguments = "RESOURCE [NAME=VALUE…]", group = "More",
    text = "Print what is new or changed since the last run" },
  { name = "listen", arguments = "", group = "More",
    text = "Show events as they come, and send them on to a local web application" },
  { name = "trigger", arguments = "EVENT [NAME=VALUE…]", group = "More",
    text = "Let a sandbox send an event to its webhooks" },
  { name = "clickwrap", arguments = "RESOURCE OPERATION…", group = "More",
    text = "Work with Clickwrap: who accepted which terms" },
  { name = "run", arguments = "FILE.lua [ARGUMENT…]", group = "More",
    text = "Run a Lua script that has `client` and `ironclad`" },
  { name = "sandbox", arguments = "[-- COMMAND…]", group = "More",
    text = "Start a local Ironclad, and run a command against it" },
  { name = "completion", arguments = "bash|zsh|fish", group = "More", text = "Print a shell's completion" },
  { name = "man", arguments = "[FOLDER]", group = "More", text = "Print the manual page, or write all into a folder" },
  { name = "help", arguments = "[COMMAND…]", group = "More", text = "Explain a command" },
}
