internal import ContentModel

/// When something runs by itself: a handler, or a run of the configuration.
public enum Schedule: Sendable, Hashable {
    /// Whole seconds, and how it was written.
    case every(seconds: Int, text: String)
    case cron(CronExpression)

    /// As reports name it.
    public var label: String {
        switch self {
        case .every(_, let text): "every \(text)"
        case .cron(let expression): "cron \(expression.text)"
        }
    }

    /// The first time after `moment`, both in Unix seconds; `nil` when it never comes.
    public func next(after moment: Int64) -> Int64? {
        switch self {
        // Counted from 1970, so that all processes mean the same moments.
        case .every(let seconds, _): (moment / Int64(seconds) + 1) * Int64(seconds)
        case .cron(let expression): expression.next(after: moment)
        }
    }
}

extension Schedule {
    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    private static let longestInterval = 366 * 86_400

    /// An interval such as `10m`. Throws a sentence about it.
    init(every text: String?) throws(HostError) {
        guard let text, let unit = text.last.flatMap({ Self.units[$0] }), let number = Int(text.dropLast()),
            (1...Self.longestInterval / unit).contains(number)
        else {
            throw HostError("the interval must be a number and a unit, such as \"30s\", \"10m\", \"6h\" or \"1d\"")
        }
        self = .every(seconds: number * unit, text: text)
    }

    /// Five fields, in UTC. Throws a sentence about them.
    init(cron text: String) throws(HostError) {
        let expression = try CronExpression(text)
        guard expression.next(after: 0) != nil else {
            throw HostError("'\(text.printable)' names a day that never comes")
        }
        self = .cron(expression)
    }

    /// Reads what a configuration says: either an interval or a cron expression. Throws `bad_setting`.
    public static func reading(every interval: String?, cron expression: String?) throws -> Schedule {
        do {
            switch (interval, expression) {
            case (let interval?, nil): return try Schedule(every: interval)
            case (nil, let expression?): return try Schedule(cron: expression)
            default: throw HostError("it needs either 'every' or 'cron'")
            }
        } catch let error as HostError {
            throw TidelockError(.badSetting, error.description)
        }
    }
}
