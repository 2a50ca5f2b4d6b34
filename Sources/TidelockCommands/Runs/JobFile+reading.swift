internal import ContentModel
internal import Foundation
internal import LuaRuntime

extension JobFile {
    /// Reads a file of jobs: what a `.lua` file returns, or JSON.
    ///
    /// Lua is evaluated as the configuration is, with the variables of the instance. Throws `not_found`,
    /// `usage`, and what `ConfigurationFile.evaluate` throws.
    static func read(_ path: String, for location: LocationOptions) async throws -> JobFile {
        try await read(path) { InstanceFolder(url: try location.folder()) }
    }

    /// Reads a file that the configuration names, whose path begins at the folder of the instance. Throws `bad_setting`
    /// for one that is elsewhere: what is read there may be somebody else's.
    static func read(_ path: String, in folder: InstanceFolder) async throws -> JobFile {
        guard let file = folder.file(at: path) else {
            throw TidelockError(
                .badSetting, "The file of jobs \(path.printable) is not below the folder of the instance.")
        }
        return try await read(file.path) { folder }
    }

    private static func read(_ path: String, for folder: () throws -> InstanceFolder) async throws -> JobFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw NamedFile.unreadable(path)
        }
        let document =
            path.hasSuffix(".lua") ? try await value(of: data, at: path, for: folder()) : try json(data, at: path)
        do {
            return try JobFile(document)
        } catch var error as TidelockError {
            error.message = "\(path): \(error.message)"
            throw error
        }
    }

    private static func json(_ data: Data, at path: String) throws -> JSONDocument {
        do {
            return try JSONDocument(validating: [UInt8](data))
        } catch {
            throw TidelockError(.usage, "The file of jobs \(path) is not JSON: \(error).")
        }
    }

    private static func value(
        of data: Data, at path: String, for folder: InstanceFolder
    ) async throws -> JSONDocument {
        let workers = LuaWorkers(count: 1)
        defer { workers.shutdown() }
        let returned = try await ConfigurationFile.evaluate(
            [UInt8](data), named: URL(filePath: path).lastPathComponent,
            environment: EnvironmentFile(folder.environment), workers: workers)
        do {
            return try returned.document()
        } catch {
            throw TidelockError(.usage, "\(path): what it returns cannot be used: \(error.why).")
        }
    }
}
