internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Say who did what, when and from where, newest last.",
        discussion: "Records can neither be changed nor removed; 'tidelock gc' frees those older than a year.\n\n"
            + AuditAction.table)

    @OptionGroup var length: RecordOptions
    @Option(
        help: "Only since then: 2026-05-01, 2026-05-01T08:00:00Z, or so long ago, such as 90m or 7d.",
        transform: { try Since(option: $0) })
    var since: Since?
    @Option(help: "Only this action; the list stands above.", transform: { try AuditAction(option: $0) })
    var action: AuditAction?
    @Option(help: "Only this run: its id, or the beginning of it.") var run: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let instance = try await Instance.openInAnyCase(location)
        let query = AuditQuery(
            action: action, run: run, since: since?.seconds(at: instance.clock.seconds), limit: length.limit)
        let records = try await instance.store.audit(query)
        if output.json { return try Output.json(records) }
        for record in records { try Output.line(record.line) }
    }
}

/// A moment as people name it: a date, or how long ago.
enum Since: Sendable, Equatable {
    case moment(Int64)
    case ago(Int64)

    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400]

    init(option text: String) throws {
        if let unit = text.last.flatMap({ Self.units[$0] }), let number = Int64(text.dropLast()), number >= 0,
            number <= 1_000_000_000
        {
            self = .ago(number * unit)
        } else if let date = Self.date(text) {
            self = .moment(Int64(date.timeIntervalSince1970))
        } else {
            throw ValidationError(
                "'\(text.printable)' is no moment: write 2026-05-01, 2026-05-01T08:00:00Z, or 90m, 12h, 7d.")
        }
    }

    private static func date(_ text: String) -> Date? {
        if let moment = try? Date(text, strategy: .iso8601) { return moment }
        // That strategy takes whatever follows the day.
        return text.utf8.count == 10 ? try? Date(text, strategy: .iso8601.year().month().day()) : nil
    }

    func seconds(at now: Int64) -> Int64 {
        switch self {
        case .moment(let seconds): seconds
        case .ago(let seconds): now - seconds
        }
    }
}

extension AuditAction {
    /// All actions with what they mean, a line each.
    static var table: String {
        let width = allCases.map(\.rawValue.count).max() ?? 0
        return allCases.map { action in
            action.rawValue.padding(toLength: width + 2, withPad: " ", startingAt: 0) + action.meaning
        }.joined(separator: "\n")
    }

    fileprivate init(option text: String) throws {
        guard let action = AuditAction(rawValue: text) else {
            let known = AuditAction.allCases.map(\.rawValue)
            throw ValidationError(
                "There is no action '\(text.printable)'.\(didYouMean(text, among: known)) Actions are: "
                    + known.joined(separator: ", ") + ".")
        }
        self = action
    }
}

extension AuditRecord {
    /// When, who from where, what, and what came of it.
    fileprivate var line: String {
        "\(moment(time))  \(who) from \(address?.printable ?? "unknown")  \(what)  \(result)"
    }

    private var who: String {
        guard let actor else { return "somebody" }
        return name.map { "\($0.printable) (\(actor.printable))" } ?? actor.printable
    }

    private var what: String {
        [action, target?.printable, run.map { "run \($0.printable)" }, note.map { "(\($0.printable))" }]
            .compactMap { $0 }.joined(separator: " ")
    }

    private var result: String {
        ([outcome] + counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }).joined(separator: ", ")
    }
}
