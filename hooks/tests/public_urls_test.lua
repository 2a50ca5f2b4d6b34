--- What production receives of one article.
local function sent(article, model)
  local result = fire("sync.content.before", { model = model or "articles", items = { article } })
  expect(result.error).to_be_nil()
  return result.items[1]
end

describe("public-urls", function()
  it("points links at the public site, as often as they occur", function()
    local item = sent({
      _id = "a1",
      body = "See https://staging.lockhouse.example/locks and https://staging.lockhouse.example/barges.",
    })
    expect(item.body).to_equal("See https://www.lockhouse.example/locks and https://www.lockhouse.example/barges.")
  end)

  it("looks at the translation and at the canonical address, too", function()
    local item = sent({
      _id = "a1",
      body_de = "https://staging.lockhouse.example/de",
      seo = { canonical = "https://staging.lockhouse.example/locks" },
    })
    expect(item.body_de).to_equal("https://www.lockhouse.example/de")
    expect(item.seo.canonical).to_equal("https://www.lockhouse.example/locks")
  end)

  it("takes the dots of the address for dots", function()
    local text = "https://staging-lockhouse-example/locks"
    expect(sent({ _id = "a1", body = text }).body).to_equal(text)
  end)

  it("leaves out how far the editing has got", function()
    expect(sent({ _id = "a1", editorialStatus = "in review" }).editorialStatus).to_be_nil()
  end)

  it("leaves other models alone", function()
    local text = "https://staging.lockhouse.example/locks"
    expect(sent({ _id = "p1", body = text }, "pages").body).to_equal(text)
  end)
end)
