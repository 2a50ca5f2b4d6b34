internal import LuaRuntime

/// What test files find besides the library: `expect`, written in Lua, because it hands out functions.
enum TestLibrary {
    /// The name under which the module is required; no file of people can have it.
    static let module = "tidelock:expect"

    /// Stands in front of the first line of a test file, so that lines keep their numbers.
    static let preamble = "require('\(module)')(_G); "

    static let source = LuaSource(path: "tidelock:expect", text: text)

    private static let text = #"""
        local matchers = {}

        --- Whether two values are the same, tables by their contents.
        local function same(a, b, depth)
          if rawequal(a, b) or a == b then return true end
          if type(a) ~= "table" or type(b) ~= "table" or depth > 100 then return false end
          for key, value in pairs(a) do
            if not same(value, b[key], depth + 1) then return false end
          end
          for key in pairs(b) do
            if a[key] == nil then return false end
          end
          return true
        end

        local function show(value)
          local ok, text = pcall(kit.show, value)
          return ok and text or tostring(value)
        end

        local function need_function(value, name)
          if type(value) ~= "function" then error(name .. " needs a function: expect(function() ... end)", 4) end
        end

        -- Each answers whether it holds, what it says, and what was expected, where that can be shown.

        function matchers.to_equal(value, other) return same(value, other, 0), "to equal", other, true end
        function matchers.to_be(value, other) return rawequal(value, other) or value == other, "to be", other, true end
        function matchers.to_be_nil(value) return value == nil, "to be nil" end
        function matchers.to_be_null(value) return value == app.json.null, "to be app.json.null" end
        function matchers.to_be_truthy(value) return not not value, "to be true or anything but nil and false" end
        function matchers.to_be_falsy(value) return not value, "to be nil or false" end
        function matchers.to_be_a(value, name) return type(value) == name, "to be a " .. tostring(name) end

        function matchers.to_contain(value, part)
          if type(value) == "string" then
            return string.find(value, tostring(part), 1, true) ~= nil, "to contain", part, true
          end
          if type(value) == "table" then
            for _, element in pairs(value) do
              if same(element, part, 0) then return true, "to contain", part, true end
            end
          end
          return false, "to contain", part, true
        end

        function matchers.to_match(value, pattern)
          return type(value) == "string" and string.find(value, pattern) ~= nil, "to match", pattern, true
        end

        function matchers.to_have_length(value, length)
          local countable = type(value) == "string" or type(value) == "table"
          return countable and #value == length, "to have the length", length, true
        end

        --- For a function: it raises an error, whose message matches the pattern if there is one.
        function matchers.to_raise(value, pattern)
          need_function(value, "to_raise")
          local ok, message = pcall(value)
          if ok then return false, "to raise an error" end
          return pattern == nil or string.find(tostring(message), pattern) ~= nil,
            "to raise an error that matches", pattern, pattern ~= nil, tostring(message)
        end

        --- For a result of fire: a handler failed, and its message matches the pattern if there is one.
        function matchers.to_have_error(value, pattern)
          if type(value) == "function" then return matchers.to_raise(value, pattern) end
          local message = type(value) == "table" and value.error or nil
          if message == nil then return false, "to have an error" end
          return pattern == nil or string.find(message, pattern) ~= nil,
            "to have an error that matches", pattern, pattern ~= nil, message
        end

        local function complain(value, negated, words, other, is_shown, got)
          local shown = got or show(value)
          if is_shown then kit.explain(show(other), shown, not negated) else kit.explain(nil, shown, false) end
          error("expected " .. kit.brief(shown) .. (negated and " never " or " ") .. words
            .. (is_shown and " " .. kit.brief(show(other)) or ""), 3)
        end

        local function expectation(value, negated)
          local made = {}
          for name, matcher in pairs(matchers) do
            made[name] = function(...)
              local first = 1
              -- Called with a colon, as some are used to.
              if rawequal((...), made) then first = 2 end
              local holds, words, other, is_shown, got = matcher(value, select(first, ...))
              if holds == negated then complain(value, negated, words, other, is_shown, got) end
            end
          end
          return made
        end

        return function(globals)
          globals.expect = function(value)
            local made = expectation(value, false)
            made.never = expectation(value, true)
            return made
          end
        end
        """#

    /// The same for editors.
    static let definitions = #"""
        -- What files in hooks/tests/ find besides.

        ---What became of an event that a test fired.
        ---@class tidelock.FireResult
        ---@field items? tidelock.Item[] what is left of the items
        ---@field dropped { id: string, reason: string, item: tidelock.Item }[]
        ---@field skipped { id: string, reason: string, item: tidelock.Item }[]
        ---@field vetoed? string why a filter stopped everything
        ---@field denied? string why a gate refused
        ---@field resolved? "source"|"target"|tidelock.Item
        ---@field returned? any what a route returned
        ---@field status? integer what a route answered with
        ---@field logs { message: string, channel: string, type: string, context?: any }[]
        ---@field mails table[]
        ---@field requests { method: string, url: string, headers: table<string, string>, body: string, json?: any }[]
        ---@field runs table[]
        ---@field error? string why a handler failed
        ---@field code? string of that error

        ---@class tidelock.Expectation
        ---@field never tidelock.Expectation the opposite
        ---@field to_equal fun(value: any) the same, tables by their contents
        ---@field to_be fun(value: any) the same value
        ---@field to_be_nil fun()
        ---@field to_be_null fun()
        ---@field to_be_truthy fun()
        ---@field to_be_falsy fun()
        ---@field to_be_a fun(type: string)
        ---@field to_contain fun(part: any) a part of a string, or an element
        ---@field to_match fun(pattern: string)
        ---@field to_have_length fun(length: integer)
        ---@field to_raise fun(pattern?: string) for functions
        ---@field to_have_error fun(pattern?: string) for what fire answers

        ---Groups tests.
        ---@param name string
        ---@param body fun()
        function describe(name, body) end

        ---A test.
        ---@param name string
        ---@param body fun()
        function it(name, body) end

        ---Runs before each test of the group.
        ---@param body fun()
        function before_each(body) end

        ---@param value any
        ---@return tidelock.Expectation
        function expect(value) end

        ---Runs the handlers of an event, a route such as "GET /status" or a schedule such as "every 10m".
        ---@param event string
        ---@param fixture? table arguments of the handlers and fields of ctx, by name
        ---@return tidelock.FireResult
        function fire(event, fixture) end

        mock = {}

        ---Answers requests to an address, in which * stands for anything; "POST https://…" is for one method only.
        ---@param pattern string
        ---@param response { status?: integer, headers?: table<string, string>, body?: string, json?: any, error?: string }
        function mock.http(pattern, response) end

        ---Lets mails fail with a message, or pass again.
        ---@param failure? string
        function mock.mail(failure) end

        ---Sets the clock.
        ---@param seconds integer since 1970 in UTC
        function mock.clock(seconds) end

        ---Loads the handlers with another app.config, for this test.
        ---@param config table
        function mock.config(config) end

        ---Who started what happens; nil for nobody.
        ---@param name? string
        function mock.user(name) end
        """#
}
