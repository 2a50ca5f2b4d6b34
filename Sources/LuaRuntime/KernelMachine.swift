import LuaKernel
import Synchronization

/// The kernel's machine, and what belongs to it on this side.
///
/// Unchecked: `LuaMachine` runs one job at a time, and only jobs touch the pointer, the input buffer and the
/// sources.
final class KernelMachine: @unchecked Sendable {
    let isPoisoned = Atomic(false)
    private let pointer: OpaquePointer
    private let limits: LuaLimits
    private let library: [LuaHostFunction]
    private var sources: [String: [UInt8]] = [:]
    private var input = DocumentBuffer()

    init(_ configuration: LuaConfiguration) throws(LuaError) {
        limits = configuration.limits
        library = configuration.library
        guard let pointer = lk_machine_create(configuration.limits.memory, answerHostCall) else {
            throw LuaError(kind: .memoryLimit, message: "a Lua machine needs more memory than it may have")
        }
        self.pointer = pointer
        do throws(LuaError) {
            try install(configuration)
        } catch {
            lk_machine_destroy(pointer)
            throw error
        }
    }

    func destroy() {
        lk_machine_destroy(pointer)
        input.release()
    }

    private func install(_ configuration: LuaConfiguration) throws(LuaError) {
        for constant in configuration.constants {
            var frame = FrameWriter()
            frame.append(constant.value)
            try check(lk_machine_add_constant(pointer, constant.name, frame.bytes, frame.bytes.count), constant.name)
        }
        try check(lk_machine_add_json(pointer, configuration.jsonPath), configuration.jsonPath)
        for (number, function) in configuration.library.enumerated() {
            let flags =
                (function.isAllowedWhileLoading ? Int32(LK_WHILE_LOADING) : 0)
                | (function.keepsFunctions ? Int32(LK_KEEPS_FUNCTIONS) : 0)
            try check(lk_machine_add_function(pointer, function.path, UInt32(number), flags), function.path)
        }
        for (name, module) in configuration.modules {
            sources[module.path] = module.text
            try check(lk_machine_add_module(pointer, name, module.path, module.text, module.text.count), name)
        }
        try check(lk_machine_seal(pointer), "the library")
    }

    private func check(_ status: lk_status, _ name: String) throws(LuaError) {
        switch status {
        case LK_OK: return
        case LK_MEMORY_LIMIT: throw LuaError(kind: .memoryLimit, message: "no memory is left to declare \(name)")
        default: throw LuaError(kind: .misuse, message: "\(name) cannot be declared")
        }
    }
}

// MARK: - Jobs

extension KernelMachine {
    func load(_ source: LuaSource, on worker: OpaquePointer) -> Result<LuaValue, LuaError> {
        sources[source.path] = source.text
        var bounds = lk_limits(cpu: limits.load.nanoseconds, wall: limits.wall.nanoseconds, memory: limits.memory)
        let scope = HostScope(library)
        var report = lk_report()
        let status = lk_load(
            pointer, worker, scope.context, &bounds, source.path, source.text, source.text.count, &report)
        guard status == LK_OK else { return .failure(failure(report, scope)) }
        var returned = FrameReader(report.returned, report.returned_length)
        return .success(returned.value())
    }

    func call(
        _ function: LuaFunction, _ invocation: LuaInvocation, on worker: OpaquePointer
    ) -> Result<LuaOutcome, LuaError> {
        let limits = invocation.limits ?? limits
        let (documents, most) = (invocation.documents, max(1, invocation.documentsAtOnce))
        let cpu = limits.cpu + limits.cpuPerDocument * documents.count
        // The same for all parts.
        let frames = InvocationFrames(invocation)
        var outcome = LuaOutcome(of: invocation)
        var start = 0
        repeat {
            let part = documents[start..<min(start + most, documents.count)]
            let bounds = lk_limits(
                cpu: (cpu - outcome.usage.cpu).nanoseconds, wall: (limits.wall - outcome.usage.wall).nanoseconds,
                memory: limits.memory)
            if var error = call(function, part, frames, bounds, on: worker, into: &outcome) {
                error.document = error.document.map { $0 + start }
                return .failure(error)
            }
            start += most
        } while start < documents.count
        return .success(outcome)
    }

    /// Adds to `outcome` what a call with some of the documents gave, or answers what went wrong.
    private func call(
        _ function: LuaFunction, _ documents: ArraySlice<[UInt8]>, _ frames: InvocationFrames, _ bounds: lk_limits,
        on worker: OpaquePointer, into outcome: inout LuaOutcome
    ) -> LuaError? {
        let scope = HostScope(library)
        var (bounds, report) = (bounds, lk_report())
        guard input.fill(with: documents) else {
            return LuaError(kind: .memoryLimit, message: "no memory is left for the documents")
        }
        let status = frames.withKernelInvocation(of: function, input) { invocation in
            lk_call(pointer, worker, scope.context, &bounds, invocation, &report)
        }
        guard status == LK_OK else { return failure(report, scope) }
        outcome.append(report, of: documents.indices, markNames: frames.markNames)
        return nil
    }

    func release(_ function: LuaFunction) {
        lk_machine_release(pointer, function.handle)
    }

    /// Nanoseconds of one of `count` calls that follow one another without anything between them.
    func measureBatch(
        of function: LuaFunction, _ invocation: LuaInvocation, count: Int, on worker: OpaquePointer
    ) -> Result<Double, LuaError> {
        guard input.fill(with: []) else { return .failure(LuaError(kind: .memoryLimit, message: "no memory is left")) }
        var bounds = lk_limits(cpu: limits.cpu.nanoseconds, wall: limits.wall.nanoseconds, memory: limits.memory)
        let (scope, frames) = (HostScope(library), InvocationFrames(invocation))
        var report = lk_report()
        let time = frames.withKernelInvocation(of: function, input) { invocation in
            let start = ContinuousClock.now
            for _ in 0..<count where report.status == LK_OK {
                _ = lk_call(pointer, worker, scope.context, &bounds, invocation, &report)
            }
            return start.duration(to: .now).inNanoseconds
        }
        return report.status == LK_OK ? .success(time / Double(count)) : .failure(failure(report, scope))
    }
}

// MARK: - Outcomes

extension LuaOutcome {
    /// What is known before anything was called.
    fileprivate init(of invocation: LuaInvocation) {
        self.init(
            returned: .nil, returnedCount: 0, marks: [], changes: [], uncertainKeys: invocation.key == nil ? nil : [],
            listChanged: false, usage: LuaUsage(cpu: .zero, wall: .zero, peakMemory: 0))
        changes.reserveCapacity(invocation.documents.count)
    }

    /// Adds what the call for the documents at `positions` gave; of what is returned the first counts.
    fileprivate mutating func append(_ report: lk_report, of positions: Range<Int>, markNames: [String]) {
        if returnedCount == 0 {
            var frame = FrameReader(report.returned, report.returned_length)
            (returned, returnedCount) = (frame.value(), Int(report.returned_count))
        }
        var frames = FrameReader(report.marks, report.marks_length)
        for _ in 0..<report.mark_count { marks.append(frames.mark(markNames, from: positions.lowerBound)) }
        for (position, change) in zip(positions, UnsafeBufferPointer(start: report.changes, count: positions.count)) {
            guard change.replaced != 0 else {
                changes.append(.unchanged)
                continue
            }
            let bytes = UnsafeBufferPointer(start: report.output + change.offset, count: change.length)
            changes.append(.replaced(Array(bytes)))
            if change.may_change_key != 0 { uncertainKeys?.insert(position) }
        }
        listChanged = listChanged || report.list_changed != 0
        let used = LuaUsage(report)
        usage.cpu += used.cpu
        usage.wall += used.wall
        usage.peakMemory = max(usage.peakMemory, used.peakMemory)
    }
}

extension FrameReader {
    /// `start` is the position of the call's first document.
    fileprivate mutating func mark(_ names: [String], from start: Int) -> LuaMark {
        let name = names[count()]
        let document = count()
        return LuaMark(name: name, document: document == 0 ? nil : start + document - 1, values: values(count()))
    }
}

// MARK: - Failures

extension KernelMachine {
    private func failure(_ report: lk_report, _ scope: HostScope) -> LuaError {
        let kind = LuaError.Kind(report.status)
        if lk_machine_is_poisoned(pointer) != 0 { isPoisoned.store(true, ordering: .releasing) }
        let file = String(cString: report.file)
        let location = file.isEmpty ? nil : LuaLocation(file: file, line: Int(report.line))
        let message = UnsafeRawBufferPointer(start: report.message, count: report.message_length)
        return LuaError(
            kind: kind,
            message: String(decoding: message, as: UTF8.self),
            location: location,
            excerpt: location.flatMap(excerpt),
            traceback: String(cString: report.traceback),
            document: report.document < 0 ? nil : Int(report.document),
            underlying: report.from_host != 0 ? scope.lastError : nil,
            usage: LuaUsage(report))
    }

    /// The line of source at a place, without the space around it and not longer than a person reads.
    private func excerpt(at location: LuaLocation) -> String? {
        guard let text = sources[location.file], location.line > 0 else { return nil }
        let lines = text.split(
            separator: UInt8(ascii: "\n"), maxSplits: location.line, omittingEmptySubsequences: false)
        guard lines.count >= location.line else { return nil }
        let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
        let line = lines[location.line - 1].drop { blanks.contains($0) }.prefix(200)
        return String(decoding: line, as: UTF8.self)
    }
}

extension LuaUsage {
    fileprivate init(_ report: lk_report) {
        self.init(cpu: .nanoseconds(report.cpu), wall: .nanoseconds(report.wall), peakMemory: report.peak_memory)
    }
}

extension LuaError.Kind {
    fileprivate init(_ status: lk_status) {
        switch status {
        case LK_SYNTAX: self = .syntax
        case LK_CPU_LIMIT: self = .cpuLimit
        case LK_WALL_LIMIT: self = .wallLimit
        case LK_MEMORY_LIMIT: self = .memoryLimit
        case LK_BINARY_CHUNK: self = .binaryChunk
        case LK_INVALID_DOCUMENT: self = .invalidDocument
        case LK_HOST: self = .host
        case LK_MISUSE: self = .misuse
        default: self = .runtime
        }
    }
}

extension Duration {
    /// Limits beyond centuries are as good as none.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds < Int64.max / 4_000_000_000 else { return Int64.max / 4 }
        return max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
