/// The one error type that crosses module borders.
///
/// `message` says what failed, on what, and why; `hint` says what to try. Neither ever holds a secret or an
/// item's contents.
public struct TidelockError: Error, Sendable, CustomStringConvertible {
    public var code: ErrorCode
    public var message: String
    public var hint: String?
    /// Facts for machines: names, counts, ids. Never secrets, never item contents.
    public var details: [String: String]
    public var underlying: (any Error)?

    public init(
        _ code: ErrorCode, _ message: String, hint: String? = nil, details: [String: String] = [:],
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details
        self.underlying = underlying
    }

    public var description: String {
        hint.map { "\(message) \($0)" } ?? message
    }
}

extension TidelockError {
    /// Any error as ours; what nobody translated is reported as internal with its own words.
    public init(wrapping error: any Error) {
        if let known = error as? TidelockError {
            self = known
        } else if error is CancellationError {
            self.init(.cancelled, "The run was cancelled.", underlying: error)
        } else {
            self.init(
                .internalFailure, "\(error)", hint: "This is a defect of Tidelock; please report it.", underlying: error
            )
        }
    }
}
