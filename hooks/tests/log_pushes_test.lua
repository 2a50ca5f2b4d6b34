describe("log-pushes", function()
  local target = { name = "production", uri = "https://www.lockhouse.example" }

  it("writes one line into the log that names the target", function()
    local result = fire("sync.push.finished", { target = target })
    expect(result.error).to_be_nil()
    expect(#result.logs).to_equal(1)
    expect(result.logs[1].message).to_contain(target.uri)
    expect(result.logs[1].channel).to_equal("sync")
    expect(result.logs[1].type).to_equal("info")
  end)

  it("says nothing about a push that failed", function()
    local failure = { code = "target_unreachable", message = "nobody answers" }
    local result = fire("sync.push.failed", { target = target, error = failure })
    expect(#result.logs).to_equal(0)
  end)

  it("sends nothing to anybody", function()
    local result = fire("sync.push.finished", { target = target })
    expect(#result.mails).to_equal(0)
    expect(#result.requests).to_equal(0)
  end)
end)
