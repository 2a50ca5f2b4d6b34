describe("strip-internal", function()
  it("removes the internal notes and nothing else", function()
    local result = fire("sync.content.before", {
      model = "authors",
      items = { { _id = "a1", name = "Jonas Petersen", _internalNotes = "prefers mail" } },
    })
    expect(result.error).to_be_nil()
    expect(result.items[1]).to_equal({ _id = "a1", name = "Jonas Petersen" })
  end)

  it("switches debugging off where it is on", function()
    local result = fire("sync.content.before", { model = "authors", items = { { _id = "a1", debugMode = true } } })
    expect(result.items[1].debugMode).to_equal(false)
  end)

  it("adds no debugMode to an item that has none", function()
    local result = fire("sync.content.before", { model = "authors", items = { { _id = "a1" } } })
    expect(result.items[1].debugMode).to_be_nil()
  end)

  it("keeps every item", function()
    local items = { { _id = "a1", _internalNotes = "x" }, { _id = "a2" }, { _id = "a3", debugMode = false } }
    local result = fire("sync.content.before", { model = "authors", items = items })
    expect(#result.items).to_equal(3)
    expect(#result.dropped).to_equal(0)
    expect(#result.skipped).to_equal(0)
  end)
end)
