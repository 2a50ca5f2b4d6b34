internal import JSONKernel

/// Why some bytes were refused as JSON, and where.
public struct JSONProblem: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Status: Sendable {
        case malformed, invalidUTF8, loneSurrogate, tooDeep, tooLarge, outOfMemory
    }

    public let status: Status
    /// What was wrong, in the words of the grammar; never the text itself.
    public let reason: String
    /// The byte at which the text stopped being acceptable.
    public let offset: Int

    public init(status: Status, reason: String, offset: Int) {
        self.status = status
        self.reason = reason
        self.offset = offset
    }

    public var description: String {
        switch status {
        case .outOfMemory: "out of memory"
        case .tooDeep, .tooLarge: "JSON beyond the limits: \(reason) (byte \(offset))"
        default: "not JSON: \(reason) (byte \(offset))"
        }
    }
}

extension JSONProblem {
    init(_ problem: jk_problem) {
        status =
            switch problem.status {
            case JK_INVALID_UTF8: .invalidUTF8
            case JK_LONE_SURROGATE: .loneSurrogate
            case JK_TOO_DEEP: .tooDeep
            case JK_TOO_LARGE: .tooLarge
            case JK_OUT_OF_MEMORY: .outOfMemory
            default: .malformed
            }
        reason = problem.reason.map { String(cString: $0) } ?? ""
        offset = Int(clamping: problem.offset)
    }
}
