internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.log`.
struct LogService: Sendable {
    let sink: any LogSink
    let clock: any WallClock
    let limits: HookLimits
    /// What no line may show, whoever wrote it.
    var redaction = Redaction()

    private static let name = HostFunction.log.rawValue
    /// Where lines go that name no channel, and what the host itself says about handlers.
    static let channel = "hooks"

    func record(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let message = try text(of: arguments.first ?? .nil)
        let options = try TableReader(
            arguments.count > 1 ? arguments[1] : .nil, of: LogService.name, allowing: ["channel", "type", "context"])
        let type = try options.string("type") ?? "info"
        guard LogRecord.types.contains(type) else {
            let known = LogRecord.types.joined(separator: ", ")
            throw HostError("\(LogService.name): there is no type '\(type.printable)'; types are \(known)")
        }
        let channel = try options.string("channel").map { $0.beginning(64).escapingControls } ?? LogService.channel
        let context = try context(options.value("context") ?? .nil, invocation)
        keep(
            LogRecord(
                timestamp: clock.seconds, type: type, channel: redaction.redacted(channel),
                message: redaction.redacted(message), context: context.map(redaction.redacted)),
            invocation)
        return []
    }

    /// Says something about a handler on the host's own account.
    func report(_ type: String, _ message: String) {
        sink.record(
            LogRecord(
                timestamp: clock.seconds, type: type, channel: LogService.channel,
                message: redaction.redacted(message).escapingControls))
    }

    /// Keeps the lines a call may write, and of the others only that there were more.
    private func keep(_ record: LogRecord, _ invocation: Invocation) {
        guard !invocation.circumstances.isRepetition else { return }
        let number = invocation.countLogLine()
        if number <= limits.logLines {
            sink.record(record)
        } else if number == limits.logLines + 1 {
            report(
                "warning",
                "Handler '\(invocation.handler.name)' wrote more than \(limits.logLines) lines in one call; "
                    + "the rest is left out."
            )
        }
    }

    private func text(of value: LuaValue) throws -> String {
        switch value {
        case .string(let bytes): shortened(String(decoding: bytes.prefix(limits.logLineBytes + 4), as: UTF8.self))
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .secret: "***"
        default:
            throw HostError("\(LogService.name): the message must be a string; app.json.encode makes one of a table")
        }
    }

    private func shortened(_ text: String) -> String {
        let escaped = text.escapingControls
        guard escaped.utf8.count > limits.logLineBytes else { return escaped }
        var kept = ""
        for character in escaped {
            guard kept.utf8.count + character.utf8.count + 3 <= limits.logLineBytes else { break }
            kept.append(character)
        }
        return kept + "…"
    }

    private func context(_ value: LuaValue, _ invocation: Invocation) throws -> String? {
        guard value != .nil else { return nil }
        let text = try LuaJSON.document(value.hidingSecrets, documents: invocation.documents, for: LogService.name).text
        return text.utf8.count <= limits.logLineBytes ? text : #"{"truncated":true}"#
    }
}
