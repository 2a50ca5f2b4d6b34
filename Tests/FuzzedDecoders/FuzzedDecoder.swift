/// Something that reads bytes which a peer or a user made.
///
/// Errors are answers. What must not be found is an input that ends the process, or one for which the decoder breaks a
/// promise.
public struct FuzzedDecoder: Sendable {
    /// Of a message its type. The folder of its seeds has the same name.
    public let name: String
    /// Throws whatever the decoder answers, and `BrokenPromise`.
    public let read: @Sendable (_ bytes: [UInt8]) async throws -> Void

    /// The one list of them.
    public static let all = messages + bodies + documents + files + stored + texts

    public static func named(_ name: String) -> FuzzedDecoder? { all.first { $0.name == name } }

    init(_ name: String, read: @escaping @Sendable (_ bytes: [UInt8]) async throws -> Void) {
        self.name = name
        self.read = read
    }
}

/// What a decoder did with an input that it must not do with any.
public struct BrokenPromise: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    static func require(_ holds: Bool, _ description: @autoclosure () -> String) throws {
        if !holds { throw BrokenPromise(description()) }
    }
}
