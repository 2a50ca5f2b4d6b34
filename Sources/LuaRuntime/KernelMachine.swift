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
        guard documents.count > most else { return call(function, invocation, frames, cpu, limits.wall, on: worker) }
        var whole: LuaOutcome?
        for start in stride(from: 0, to: documents.count, by: most) {
            var part = invocation
            part.documents = Array(documents[start..<min(start + most, documents.count)])
            let used = whole?.usage ?? LuaUsage(cpu: .zero, wall: .zero, peakMemory: 0)
            switch call(function, part, frames, cpu - used.cpu, limits.wall - used.wall, on: worker) {
            case .success(let outcome):
                if whole == nil { whole = outcome } else { whole?.append(outcome, at: start) }
            case .failure(var error):
                error.document = error.document.map { $0 + start }
                return .failure(error)
            }
        }
        guard let whole else { preconditionFailure("There are more documents than none.") }
        return .success(whole)
    }

    private func call(
        _ function: LuaFunction, _ invocation: LuaInvocation, _ frames: InvocationFrames, _ cpu: Duration,
        _ wall: Duration, on worker: OpaquePointer
    ) -> Result<LuaOutcome, LuaError> {
        let memory = (invocation.limits ?? limits).memory
        var bounds = lk_limits(cpu: cpu.nanoseconds, wall: wall.nanoseconds, memory: memory)
        let scope = HostScope(library)
        var report = lk_report()
        guard input.fill(with: invocation.documents) else {
            return .failure(LuaError(kind: .memoryLimit, message: "no memory is left for the documents"))
        }
        let status = frames.withKernelInvocation(of: function, input) { invocation in
            lk_call(pointer, worker, scope.context, &bounds, invocation, &report)
        }
        guard status == LK_OK else { return .failure(failure(report, scope)) }
        return .success(outcome(report, of: invocation))
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

    private func outcome(_ report: lk_report, of invocation: LuaInvocation) -> LuaOutcome {
        var returned = FrameReader(report.returned, report.returned_length)
        var marks = FrameReader(report.marks, report.marks_length)
        let names = invocation.context?.marks ?? []
        return LuaOutcome(
            returned: returned.value(),
            returnedCount: Int(report.returned_count),
            marks: (0..<report.mark_count).map { _ in marks.mark(names) },
            changes: changes(report, count: invocation.documents.count),
            touchedKeys: invocation.key == nil ? nil : touchedKeys(report, count: invocation.documents.count),
            listChanged: report.list_changed != 0,
            usage: LuaUsage(report))
    }

    private func changes(_ report: lk_report, count: Int) -> [LuaChange] {
        UnsafeBufferPointer(start: report.changes, count: count).map { change in
            guard change.replaced != 0 else { return .unchanged }
            return .replaced(Array(UnsafeBufferPointer(start: report.output + change.offset, count: change.length)))
        }
    }

    private func touchedKeys(_ report: lk_report, count: Int) -> [Int] {
        let changes = UnsafeBufferPointer(start: report.changes, count: count)
        return changes.indices.filter { changes[$0].replaced != 0 && changes[$0].touches_key != 0 }
    }
}

extension FrameReader {
    fileprivate mutating func mark(_ names: [String]) -> LuaMark {
        let name = names[count()]
        let document = count()
        return LuaMark(name: name, document: document == 0 ? nil : document - 1, values: values(count()))
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
