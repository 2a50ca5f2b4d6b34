internal import ContentModel
internal import HookCatalog
internal import LuaRuntime

/// Says what a handler did, in the words of the people who wrote it: which handler, where, on what.
struct HookFailure {
    var handler: Handler
    var folder: HookFolder
    /// "on item 42 of content/posts", or nothing.
    var subject: String = ""
    var details: [String: String] = [:]

    /// A handler that raised an error or ran into a limit.
    func failed(_ error: LuaError) -> TidelockError {
        var problem = HookProblem(error, in: folder)
        // Where memory ran out nobody can tell; where the handler begins leads people there.
        if problem.file == nil { (problem.file, problem.line) = (handler.file, handler.line) }
        return make(error.code, "failed", ": \(problem)", hint: error.hint, at: problem, underlying: error)
    }

    /// A handler that did what its event does not allow.
    func misbehaved(_ what: String, hint: String) -> TidelockError {
        make(.hookFailed, what, " (\(handler.file):\(handler.line)).", hint: hint, at: place)
    }

    /// A handler that refused, and why.
    func refused(_ what: String, reason: String?) -> TidelockError {
        let because = reason.map { ": \($0)" } ?? "."
        var failure = self
        failure.details["reason"] = reason
        return failure.make(.hookRefused, what, " (\(handler.file):\(handler.line))\(because)", hint: nil, at: place)
    }

    /// Nothing can run, because nothing was loaded.
    static func notLoaded(_ problem: HookProblem) -> TidelockError {
        var details: [String: String] = [:]
        details["file"] = problem.file
        details["line"] = problem.line.map(String.init)
        return TidelockError(
            .hookLoadFailed, "The handlers in hooks/ could not be loaded: \(problem)",
            hint: "Repair the file; 'tidelock hooks check' lists all problems.", details: details, underlying: problem)
    }

    /// What was wrong with the folder, taken back out of the error above.
    static func problem(_ error: any Error) -> HookProblem {
        (error as? TidelockError)?.underlying as? HookProblem ?? HookProblem("hooks: \(error)")
    }

    private var place: HookProblem { HookProblem(file: handler.file, line: handler.line, "") }

    private func make(
        _ code: ErrorCode, _ what: String, _ explanation: String, hint: String?, at place: HookProblem,
        underlying: (any Error)? = nil
    ) -> TidelockError {
        var facts = details
        facts["handler"] = handler.name
        facts["event"] = handler.trigger.label
        facts["file"] = place.file
        facts["line"] = place.line.map(String.init)
        let subject = subject.isEmpty ? "" : " \(subject)"
        return TidelockError(
            code, "Handler '\(handler.name)' of \(handler.trigger.label) \(what)\(subject)\(explanation)", hint: hint,
            details: facts, underlying: underlying)
    }
}

extension LuaError {
    /// Whether it was stopped for taking too much, rather than for doing something wrong.
    var isLimit: Bool {
        switch kind {
        case .cpuLimit, .wallLimit, .memoryLimit: true
        case .syntax, .runtime, .binaryChunk, .invalidDocument, .host, .misuse: false
        }
    }

    var code: ErrorCode { isLimit ? .hookLimit : .hookFailed }

    fileprivate var hint: String? {
        switch kind {
        case .cpuLimit, .wallLimit: "Look for a loop that does not end, or let the handler do less."
        case .memoryLimit: "Let the handler keep less in memory at once."
        default: nil
        }
    }

    /// The message without the place, which is told separately, and short enough to be shown.
    var plainMessage: String {
        var text = message
        if let location {
            let prefix = "\(location.file):\(location.line): "
            if text.hasPrefix(prefix) { text.removeFirst(prefix.count) }
        }
        return String(text.beginning(2_000).map { $0.isNewline ? " " : $0 }).escapingControls
    }
}

extension String {
    /// The beginning of a text, counted in scalars: one character may be megabytes of accents.
    func beginning(_ count: Int) -> String {
        String(String.UnicodeScalarView(unicodeScalars.prefix(count)))
    }

    /// Control characters as people can read them, so that text from scripts cannot forge lines or move cursors.
    var escapingControls: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isControl {
                text += scalar == "\n" ? "\\n" : scalar == "\t" ? "\\t" : "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    /// Also line separators and what turns the direction of writing (https://www.unicode.org/reports/tr9/).
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: properties.isBidiControl
        default: false
        }
    }
}
