internal import HookCatalog

/// Writes what the catalogue declares as definitions for the Lua language server
/// (https://luals.github.io/wiki/annotations).
///
/// A pure function of the catalogue: no time, no name of a machine, so that writing it twice gives the same bytes.
public enum EditorTypes {
    /// Where the definitions stand, seen from the folder of the instance.
    public static let path = "hooks/.types/tidelock.lua"

    /// The text of the definitions.
    public static var definitions: String {
        let parts =
            [header] + NamedType.allCases.map(definition) + EventName.allCases.map(definition)
            + [null, tables] + HostFunction.allCases.filter(\.isOfApp).map(definition) + [TestLibrary.definitions]
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// What the language server is told about the instance, at the root of its folder.
    public static let serverSettings = """
        {
          "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
          "runtime.version": "Lua 5.4",
          "runtime.path": ["?.lua", "hooks/?.lua"],
          "runtime.builtin": { "io": "disable", "debug": "disable", "package": "disable" },
          "workspace.library": ["hooks/.types"],
          "workspace.checkThirdParty": false,
          "type.inferParamType": true,
          "diagnostics.globals": ["app"]
        }

        """

    /// Where those settings stand, seen from the folder of the instance.
    public static let serverSettingsPath = ".luarc.json"

    private static let header = """
        -- \(GeneratedFile.mark)
        ---@meta tidelock
        """

    private static let null = """
        ---A null that can stand in a table; assigning it to a field of an item writes null.
        ---@class tidelock.null
        """
}

// MARK: - Types and events

extension EditorTypes {
    private static func definition(_ type: NamedType) -> String {
        let declaration = type.declaration
        var lines = ["---\(declaration.summary)", "---@class \(name(type.rawValue))"]
        if type == .secret { lines.append("---@operator concat(any): \(name(type.rawValue))") }
        lines += declaration.fields.map { field($0) }
        if declaration.isOpen { lines.append("---@field [string] any") }
        return lines.joined(separator: "\n")
    }

    private static func definition(_ event: EventName) -> String {
        let declaration = event.declaration
        var lines = [
            "---What handlers of `\(event.rawValue)` are told, and what they may do.",
            "---@class \(context(event))",
        ]
        lines += declaration.fields.map { field in
            field.name == "event" ? "---@field event \"\(event.rawValue)\"" : self.field(field)
        }
        lines += declaration.methods.map(method)
        lines += ["", "---@class \(options(event))"] + declaration.options.map { field($0.declaration) }
        lines += ["", "---\(declaration.summary)", "---@alias \(handler(event)) \(signature(of: event))"]
        return lines.joined(separator: "\n")
    }

    private static func field(_ value: ValueDeclaration) -> String {
        "---@field \(value.name)\(value.isOptional ? "?" : "") \(type(value)) \(value.summary)"
    }

    private static func method(_ method: ContextMethod) -> String {
        "---@field \(method.name) fun(\(parameters(method.parameters))) \(method.summary)"
    }

    private static func signature(of event: EventName) -> String {
        let context = ValueDeclaration("ctx", context(event), "")
        let arguments = event.declaration.arguments.map { "\($0.name): \(type($0))" } + ["ctx: \(context.type)"]
        return "fun(\(arguments.joined(separator: ", ")))"
    }

    private static func parameters(_ values: [ValueDeclaration]) -> String {
        values.map { "\($0.name)\($0.isOptional ? "?" : ""): \(type($0))" }.joined(separator: ", ")
    }

    private static func type(_ value: ValueDeclaration) -> String {
        TypeExpression(value.type).replacingNames(name)
    }

    private static func name(_ type: String) -> String { "tidelock.\(type)" }

    private static func word(_ event: EventName) -> String { event.rawValue.replacing(".", with: "_") }
    private static func context(_ event: EventName) -> String { "tidelock.ctx.\(word(event))" }
    private static func options(_ event: EventName) -> String { "tidelock.options.\(word(event))" }
    private static func handler(_ event: EventName) -> String { "tidelock.handler.\(word(event))" }
}

// MARK: - Functions

extension EditorTypes {
    /// `app` and the tables in it, the outer ones first.
    private static var tables: String {
        let functions = Set(HostFunction.allCases.map(\.rawValue))
        let others: Set<String> = [HostFunction.configuration, HostFunction.jsonPrefix + ".null"]
        let names = HostFunction.paths.subtracting(functions).subtracting(others)
            .filter { $0.hasPrefix("app") }.sorted()
        let made = names.map { "\($0) = {}" }
        let rest = [
            "", "---The table `config` of `hooks` in tidelock.lua. It cannot be changed.",
            "---@type table<string, any>", "\(HostFunction.configuration) = {}", "",
            "---@type tidelock.null", "\(HostFunction.jsonPrefix).null = nil",
        ]
        return (made + rest).joined(separator: "\n")
    }

    private static func definition(_ function: HostFunction) -> String {
        let declaration = function.declaration
        var lines = ["---\(declaration.summary)"] + note(function).map { "---\($0)" }
        lines += declaration.parameters.map { parameter in
            "---@param \(parameter.name)\(parameter.isOptional ? "?" : "") \(type(parameter)) \(parameter.summary)"
        }
        lines += declaration.results.map { result in
            "---@return \(type(result))\(result.isOptional ? "?" : "") \(result.name) \(result.summary)"
        }
        if function == .on { lines += EventName.allCases.map(overload) }
        let names = declaration.parameters.map(\.name).joined(separator: ", ")
        lines.append("function \(function.rawValue)(\(names)) end")
        return lines.joined(separator: "\n")
    }

    /// A literal name of an event gives the handler's arguments their types.
    private static func overload(_ event: EventName) -> String {
        "---@overload fun(event: \"\(event.rawValue)\", handler: \(signature(of: event)), options?: \(options(event)))"
    }

    private static func note(_ function: HostFunction) -> [String] {
        switch function.declaration.effect {
        case .registers: ["Only while a file is loaded."]
        case .pure: []
        case .outward: ["Not in a filter, unless it is volatile."]
        }
    }
}

extension HostFunction {
    /// Whether it is ours, rather than one of Lua's own library that the host replaces.
    var isOfApp: Bool { rawValue.hasPrefix("app.") }
}

/// Files that commands write and people do not edit.
public enum GeneratedFile {
    /// Stands on the first line of each.
    public static let mark = "Generated by 'tidelock hooks types', which also writes it again. Edits would be lost."
}
