local urls = require "lib.urls"

local texts = { "body", "body_de" }

--- Points the links of an article at the public site, and leaves out how far its editing has got.
app.on("sync.content.before", function(items, ctx)
  for _, item in ipairs(items) do
    item.editorialStatus = nil
    urls.make_public(item, texts)
    if item.seo then urls.make_public(item.seo, { "canonical" }) end
  end
end, { name = "public-urls", priority = 40, models = { "articles" } })
