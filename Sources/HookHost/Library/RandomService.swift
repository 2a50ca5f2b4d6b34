internal import LuaRuntime

/// `math.random`, with numbers nobody can predict.
enum RandomService {
    static func draw(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let bounds = arguments.compactMap { $0.wholeNumber.map(Int64.init) }
        guard bounds.count == arguments.count, bounds.count <= 2 else {
            throw HostError("math.random: the bounds must be one or two whole numbers")
        }
        guard let last = bounds.last else { return [.number(Double.random(in: 0..<1))] }
        if bounds == [0] { return [.integer(Int64.random(in: .min ... .max))] }
        let first = bounds.count == 2 ? bounds[0] : 1
        guard first <= last else { throw HostError("math.random: the interval is empty") }
        return [.integer(Int64.random(in: first...last))]
    }

    /// Scripts may go on to call it.
    static func seed(_ arguments: [LuaValue], _ invocation: Invocation) -> [LuaValue] { [] }
}
