internal import HookCatalog
internal import LuaRuntime

/// Writes what the catalogue declares as a page for people.
///
/// A pure function of the catalogue: no time, no name of a machine, so that writing it twice gives the same bytes.
public enum Reference {
    /// Where the page stands, seen from the folder of the instance.
    public static let path = "hooks/REFERENCE.md"

    /// The text of the page.
    public static var page: String {
        let parts =
            ["<!-- \(GeneratedFile.mark) -->", introduction] + EventClass.allCases.flatMap(section)
            + [functionsIntroduction] + HostFunction.allCases.map(entry) + [typesIntroduction]
            + NamedType.allCases.map(entry) + [limits]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static let introduction = """
        # Handlers

        Every `*.lua` file in `hooks/` and its folders is loaded in the order of the paths, and loaded again when it
        changes. Files in `hooks/lib/`, and files whose name begins with `_`, are modules for `require "lib.name"`;
        `hooks/tests/*_test.lua` are tests, and `hooks/examples/` is never loaded. A file has globals of its own; to
        read one that nobody assigned is an error.

        ```lua
        app.on("sync.content.before", function(items, ctx)
          for _, item in ipairs(items) do
            item._internalNotes = nil
          end
        end, { name = "strip-internal", priority = 50, models = { "posts" } })
        ```

        A handler is called with the arguments of its event, then `ctx`, which holds what is known besides them.
        Handlers of one event run from the highest `priority` to the lowest, then in the order of their files. Items and
        `ctx` are good during the call only. Of an item, a field that holds null reads as nil; assign `app.json.null` to
        write a null and nil to remove the field.

        | command | does |
        |---|---|
        | `tidelock hooks new EVENT` | writes a handler to begin with |
        | `tidelock hooks check` | loads everything and names what is wrong |
        | `tidelock hooks test` | runs `hooks/tests/*_test.lua` |
        | `tidelock hooks run EVENT --items FILE` | shows what the handlers make of items |
        | `tidelock hooks list` | lists handlers in the order in which they run |
        | `tidelock hooks bench FILE` | measures filters |
        | `tidelock hooks types` | writes this page and the definitions for editors |
        """

    private static let functionsIntroduction = """
        # Functions

        What a filter does to an item is remembered and used again, so it may depend only on the item, the handler's
        options and the configuration. Functions marked *outward* look at or change something else: they raise in filters,
        except in those registered with `volatile = true`. Besides these, files find Lua 5.4's own library without
        `io`, `debug`, `package`, `load`, `loadfile`, `dofile` and `print`; `app.config` holds the table `config` of `hooks`
        in `tidelock.lua`.
        """

    private static let typesIntroduction = """
        # Types

        A `?` marks what may be absent.
        """
}

// MARK: - Events

extension Reference {
    private static func section(_ eventClass: EventClass) -> [String] {
        let events = EventName.allCases.filter { $0.declaration.eventClass == eventClass }
        return [heading(eventClass)] + events.map { entry($0.declaration) }
    }

    private static func heading(_ eventClass: EventClass) -> String {
        switch eventClass {
        case .gate:
            """
            # Gates

            May refuse, by `ctx.deny(reason)` or an error. A gate that fails refuses as well.
            """
        case .filter:
            """
            # Filters

            May change what passes, in place. A filter that fails stops what would have passed: nothing is sent, received
            or saved unfiltered. A filter returns nothing.
            """
        case .decision:
            """
            # Decisions

            Are asked for a verdict; the first one counts. A handler that fails stops what waits for the verdict.
            """
        case .observer:
            """
            # Observers

            Are told afterwards, at least once. One that fails is reported and told again later; nothing is undone.
            """
        }
    }

    private static func entry(_ event: EventDeclaration) -> String {
        let arguments = (event.arguments.map(\.name) + ["ctx"]).joined(separator: ", ")
        var parts = ["## `\(event.name.rawValue)`", "\(event.summary) Runs \(event.place.summary)."]
        parts.append("```lua\napp.on(\"\(event.name.rawValue)\", function(\(arguments)) … end)\n```")
        let rows =
            event.arguments.map { row($0.name, $0) } + event.fields.map { row("ctx.\($0.name)", $0) }
            + event.methods.map(row)
        parts.append(table(["name", "type", "meaning"], rows))
        parts.append("Options: " + event.options.map { "`\($0.rawValue)`" }.joined(separator: ", ") + ".")
        return parts.joined(separator: "\n\n")
    }

    private static func row(_ method: ContextMethod) -> [String] {
        ["`ctx.\(method.name)(\(parameters(method.parameters)))`", "", method.summary]
    }
}

// MARK: - Functions and types

extension Reference {
    private static func entry(_ function: HostFunction) -> String {
        let declaration = function.declaration
        var parts = ["## `\(function.rawValue)(\(parameters(declaration.parameters)))`"]
        parts.append("\(declaration.summary) \(callers(declaration.effect))")
        let rows =
            declaration.parameters.map { row($0.name, $0) }
            + declaration.results.map { ["answers", code(type(of: $0)), escaped($0.summary)] }
        if !rows.isEmpty { parts.append(table(["name", "type", "meaning"], rows)) }
        return parts.joined(separator: "\n\n")
    }

    private static func callers(_ effect: HostFunction.Effect) -> String {
        switch effect {
        case .registers: "Only while a file is loaded."
        case .pure: "Every handler may call it."
        case .outward: "*Outward:* gates, decisions, observers and volatile filters may call it."
        }
    }

    private static func entry(_ type: NamedType) -> String {
        let declaration = type.declaration
        var parts = ["## \(type.rawValue)"]
        parts.append(declaration.isOpen ? "\(declaration.summary) There may be more fields." : declaration.summary)
        if !declaration.fields.isEmpty {
            parts.append(table(["field", "type", "meaning"], declaration.fields.map { row($0.name, $0) }))
        }
        return parts.joined(separator: "\n\n")
    }

    private static func parameters(_ values: [ValueDeclaration]) -> String {
        values.map { $0.isOptional ? "\($0.name)?" : $0.name }.joined(separator: ", ")
    }

    private static func row(_ name: String, _ value: ValueDeclaration) -> [String] {
        [code(name), code(type(of: value)), escaped(value.summary)]
    }

    private static func type(of value: ValueDeclaration) -> String {
        value.type + (value.isOptional ? "?" : "")
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        ([header, header.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }
            .joined(separator: "\n")
    }

    private static func code(_ text: String) -> String { "`\(escaped(text))`" }

    /// A bar would end the cell of a table, in code too.
    private static func escaped(_ text: String) -> String { text.replacing("|", with: "\\|") }
}

// MARK: - Limits

extension Reference {
    private static var limits: String {
        let limits = HookLimits()
        let rows = [
            ["time on the CPU for one call", "\(time(limits.filter.cpu)), \(time(limits.observer.cpu)) for observers"],
            ["more of it for each item", time(limits.filter.cpuPerDocument)],
            ["time on the clock for one call", "\(time(limits.filter.wall)), or the option `timeout`"],
            ["time on the CPU to load a file", time(limits.filter.load)],
            ["memory of one machine", "\(limits.filter.memory >> 20) MiB"],
            ["a string", "\(LuaLimits.longestString >> 20) MiB"],
            ["lines of the log, of one call", "\(limits.logLines) of \(limits.logLineBytes >> 10) KiB"],
            ["HTTP requests of one call", "\(limits.requests)"],
            ["an answer to one of them", "\(limits.responseBytes >> 20) MiB"],
            ["documents of one `app.storage.find`", "\(limits.foundDocuments)"],
            ["functions that one call leaves to `app.async.run`", "\(HookLimits.postponedFunctions)"],
            ["runs that handlers start, one out of the other", "\(HookLimits.deepestRun)"],
            ["a file", "\(HookFolderReader.largestFile >> 20) MiB"],
        ]
        return "# Limits\n\n" + table(["of", "at most"], rows)
    }

    private static func time(_ duration: Duration) -> String {
        let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
        if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000) s" }
        return microseconds % 1_000 == 0 ? "\(microseconds / 1_000) ms" : "\(microseconds) µs"
    }
}
