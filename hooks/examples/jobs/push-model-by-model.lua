--- Sends large models one after the other, a hundred items a batch, with a rest of two seconds between them. Each model
--- is a run of its own, that can be taken back alone. The first that fails stops the rest.

local models = { "posts", "products", "pages" }

local jobs = {}
for _, model in ipairs(models) do
  table.insert(jobs, { name = "content", syncSettings = { models = { model }, batchSize = 100 } })
end

return { target = "production", mode = "push", pause = 2, jobs = jobs }
