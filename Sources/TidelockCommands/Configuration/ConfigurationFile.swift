internal import ContentModel
internal import Foundation
internal import LuaRuntime

/// Evaluates `tidelock.lua` in the sandbox, where it may call `env(name, default)` and nothing else of ours.
enum ConfigurationFile {
    static func settings(of folder: InstanceFolder, workers: LuaWorkers) async throws -> Settings {
        let file = folder.configuration
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw TidelockError(.badSetting, "\(file.path) cannot be read.", hint: "Check its permissions.")
        }
        let environment = try EnvironmentFile(folder.environment)
        let value = try await evaluate(
            [UInt8](data), named: file.lastPathComponent, environment: environment, workers: workers)
        return try SettingsReader(file: file.path).read(value)
    }

    /// The value that a Lua file returns, be it the configuration or one that is run beside it. Throws `bad_setting`
    /// naming the line, and what `env` throws.
    static func evaluate(
        _ text: [UInt8], named name: String, environment: EnvironmentFile, workers: LuaWorkers
    ) async throws -> LuaValue {
        var configuration = LuaConfiguration()
        configuration.library = [variableFunction(environment)]
        do {
            let machine = try LuaMachine(configuration, on: workers)
            defer { machine.close() }
            return try await machine.load(LuaSource(path: name, text: text))
        } catch {
            if let missing = error.underlying as? TidelockError { throw missing }
            let place = error.location.map { "\($0.file):\($0.line)" } ?? name
            let excerpt = error.excerpt.map { "\n    \($0)" } ?? ""
            throw TidelockError(.badSetting, "\(place): \(error.message)\(excerpt)", underlying: error)
        }
    }

    private static func variableFunction(_ environment: EnvironmentFile) -> LuaHostFunction {
        LuaHostFunction("env", whileLoading: true) { call in
            guard let name = call.arguments.first?.text else {
                throw TidelockError(
                    .badSetting, "\(call.location.file):\(call.location.line): env takes the name of a variable.")
            }
            if let value = environment[name], !value.isEmpty { return [.text(value)] }
            if call.arguments.count > 1 { return [call.arguments[1]] }
            throw TidelockError(
                .missingSetting,
                "\(call.location.file):\(call.location.line): the environment variable \(name.printable) is not set.",
                hint: "Set it, add it to .env beside the configuration, or give env a default.")
        }
    }
}

extension Error {
    /// What is kept of it: of a Lua file that is wrong only where that is, for the line may hold a key.
    var forLog: String {
        guard let lua = (self as? TidelockError)?.underlying as? LuaError else { return "\(self)" }
        return lua.location.map { "\($0.file):\($0.line) is wrong" } ?? "it is not valid Lua"
    }
}
