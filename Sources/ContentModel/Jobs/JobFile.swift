/// What a file of jobs says: what to move and, where it says so, between whom, which way and at which pace.
public struct JobFile: Sendable, Equatable {
    private static let members = ["target", "mode", "pause", "jobs"]

    /// Names of targets; empty where the file leaves that to whoever runs it.
    public var targets: [String] = []
    /// Nil where the file leaves it to whoever runs it.
    public var direction: Direction?
    /// Waited between one run and the next.
    public var pause: Duration = .zero
    /// At least one.
    public var jobs: [Job]

    /// Whether the file holds jobs and nothing else.
    public var isPlain: Bool { targets.isEmpty && direction == nil && pause == .zero }

    public init(jobs: [Job], targets: [String] = [], direction: Direction? = nil, pause: Duration = .zero) {
        self.targets = targets
        self.direction = direction
        self.pause = pause
        self.jobs = jobs
    }

    /// The file with what whoever runs it says: targets take the place of its own, a direction stands where it has none.
    ///
    /// Throws `usage` where it is made for the other direction: what was written to be pushed is never pulled because of
    /// a slip, since a mirror would delete on the wrong side.
    public func completed(targets: [String] = [], direction: Direction? = nil) throws -> JobFile {
        if let made = self.direction, let direction, made != direction {
            throw TidelockError(
                .usage, "The file is made for a \(made.rawValue), not for a \(direction.rawValue).",
                hint: "Do not ask for a \(direction.rawValue), or take \"mode\" out of the file.")
        }
        var completed = self
        if !targets.isEmpty { completed.targets = targets }
        completed.direction = self.direction ?? direction
        return completed
    }

    /// Reads a list of jobs, or an object `{"target": …, "mode": …, "pause": …, "jobs": […]}`, of which only the jobs
    /// must be there. Throws `usage` for anything else, and for an empty list: jobs that a script filtered until
    /// nothing was left must not come to mean everything.
    public init(_ document: JSONDocument) throws {
        switch JSONValue(document) {
        case .array: jobs = try Self.jobs(document)
        case .object(let members):
            for member in members where !Self.members.contains(member.key) {
                throw TidelockError(
                    .usage,
                    "There is no member '\(member.key.printable)' beside jobs.\(didYouMean(member.key, among: Self.members))",
                    hint: "Members are: \(Self.members.joined(separator: ", ")).")
            }
            jobs = try Self.jobs(document.member("jobs") ?? .null)
            for member in members { try read(member) }
        default: throw Self.wrongShape
        }
    }

    private mutating func read(_ member: JSONMember) throws {
        switch member.key {
        case "target": targets = try Self.targets(member.value)
        case "mode": direction = try Self.direction(member.value)
        case "pause": pause = try Self.pause(member.value)
        default: break
        }
    }

    private static func jobs(_ document: JSONDocument) throws -> [Job] {
        guard case .array = JSONValue(document) else { throw wrongShape }
        let jobs = try document.elements.map { try Job($0) }
        guard !jobs.isEmpty else { throw TidelockError(.usage, "The list of jobs is empty.") }
        return jobs
    }

    private static func targets(_ value: JSONValue) throws -> [String] {
        let elements = if case .array(let elements) = value { elements } else { [value] }
        let names = elements.compactMap { if case .string(let name) = $0, !name.isEmpty { name } else { nil } }
        guard !names.isEmpty, names.count == elements.count else {
            throw TidelockError(.usage, "'target' must be the name of a target, or a list of names.")
        }
        return names
    }

    private static func direction(_ value: JSONValue) throws -> Direction {
        guard case .string(let text) = value, let direction = Direction(rawValue: text) else {
            throw TidelockError(.usage, "'mode' must be push or pull.")
        }
        return direction
    }

    private static func pause(_ value: JSONValue) throws -> Duration {
        let seconds: Double? =
            switch value {
            case .integer(let number): Double(number)
            case .number(let number): number
            default: nil
            }
        guard let seconds, (0...Double(longestPause)).contains(seconds) else {
            throw TidelockError(.usage, "'pause' must be a number of seconds from 0 to \(longestPause).")
        }
        return .seconds(seconds)
    }

    /// Seconds; whoever waits for longer means a schedule.
    private static let longestPause = 3_600

    private static let wrongShape = TidelockError(
        .usage, "There is no list of jobs.",
        hint: "Such as [{\"name\": \"content\", \"syncSettings\": {\"models\": [\"posts\"]}}].")
}
