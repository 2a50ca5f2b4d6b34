--- Sends the posts that are published and were changed since yesterday, and no others.
--- Drafts and older posts are left as they are, on both sides.

local day = 24 * 60 * 60 -- seconds

return {
  target = "production",
  mode = "push",
  jobs = {
    {
      name = "content",
      syncSettings = {
        models = { "posts" }, -- add others: { "posts", "products" }
        filter = {
          _state = 1, -- published
          _modified = { ["$gte"] = os.time() - day },
        },
      },
    },
  },
}
