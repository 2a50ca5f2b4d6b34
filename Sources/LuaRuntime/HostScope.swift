import LuaKernel

/// What host functions need while one load or call runs.
///
/// Lives on the stack of the Lua thread, which alone touches it.
final class HostScope {
    private let library: [LuaHostFunction]
    private(set) var lastError: (any Error)?

    init(_ library: [LuaHostFunction]) {
        self.library = library
    }

    /// Good while the scope is referenced elsewhere.
    var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    /// Runs the function and writes its results, or the message of what it threw. Gives the number of results.
    fileprivate func answer(_ call: lk_host_call, into frame: inout FrameWriter) throws -> Int {
        var arguments = FrameReader(call.arguments, call.length)
        let results = try library[Int(call.function)].body(
            LuaCall(
                arguments: arguments.values(Int(call.count)), isLoading: call.loading != 0,
                location: LuaLocation(file: String(cString: call.file), line: Int(call.line))))
        for result in results { frame.append(result) }
        return results.count
    }

    fileprivate func remember(_ error: any Error) { lastError = error }
}

/// The trampoline's other end. It returns normally whatever happens: errors are raised after its frame is gone.
func answerHostCall(
    _ context: UnsafeMutableRawPointer?, _ call: UnsafePointer<lk_host_call>?,
    _ result: UnsafeMutablePointer<lk_buffer>?, _ count: UnsafeMutablePointer<UInt32>?
) -> Int32 {
    guard let context, let call, let result, let count else { return 1 }
    let scope = Unmanaged<HostScope>.fromOpaque(context).takeUnretainedValue()
    do {
        var frame = FrameWriter()
        count.pointee = UInt32(try scope.answer(call.pointee, into: &frame))
        return copy(frame.bytes, to: result) ? 0 : 1
    } catch {
        scope.remember(error)
        _ = copy(Array(String(describing: error).utf8), to: result)
        return 1
    }
}

private func copy(_ bytes: [UInt8], to buffer: UnsafeMutablePointer<lk_buffer>) -> Bool {
    guard let start = lk_buffer_extend(buffer, bytes.count) else { return false }
    bytes.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        start.update(from: base, count: source.count)
    }
    return true
}
