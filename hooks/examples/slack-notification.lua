--- Tells a Slack channel when a run has ended, and how. Needs the address of an incoming webhook, which is a secret:
---   hooks = { secrets = { SLACK_URL = env("SLACK_URL") }, hosts = { "hooks.slack.com" } }
--- and SLACK_URL=https://hooks.slack.com/… in .env. While Slack does not answer, the message is sent again later; the
--- run stays as it is.

local escapes = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

--- Sends one message. An answer that is not a success counts as a failure, so that the event is delivered again.
local function tell(message)
  local text = string.gsub(message, "[&<>]", escapes)
  local response = app.http.post(app.secret("SLACK_URL"), { json = { text = text }, timeout = 10 })
  if response.status >= 300 then error("Slack answered with status " .. response.status) end
end

local options = { name = "slack-notification", timeout = 30 }

app.on("sync.push.finished", function(target) tell("Pushed to " .. target.name) end, options)
app.on("sync.pull.finished", function(target) tell("Pulled from " .. target.name) end, options)
app.on("sync.push.failed", function(target, failure)
  tell("The push to " .. target.name .. " failed (" .. failure.code .. "): " .. failure.message)
end, options)
app.on("sync.pull.failed", function(target, failure)
  tell("The pull from " .. target.name .. " failed (" .. failure.code .. "): " .. failure.message)
end, options)
