internal import HookCatalog
internal import SyncEngine

/// What makes a handler run.
enum Trigger: Sendable, Hashable {
    case event(EventName)
    case schedule(Schedule)
    case route(Route)

    /// What a handler may do. One that runs by the clock or answers a request stands outside of any run, like an
    /// observer.
    var eventClass: EventClass {
        switch self {
        case .event(let event): event.declaration.eventClass
        case .schedule, .route: .observer
        }
    }

    var event: EventName? {
        if case .event(let event) = self { event } else { nil }
    }

    /// As reports name it: `sync.push.finished`, `every 10m`, `GET /sync-status`.
    var label: String {
        switch self {
        case .event(let event): event.rawValue
        case .schedule(let schedule): schedule.label
        case .route(let route): "\(route.method) \(route.path)"
        }
    }
}

/// When a handler runs by itself.
enum Schedule: Sendable, Hashable {
    /// Whole seconds, and how the script wrote them.
    case every(seconds: Int, text: String)
    case cron(CronExpression)

    var label: String {
        switch self {
        case .every(_, let text): "every \(text)"
        case .cron(let expression): "cron \(expression.text)"
        }
    }

    /// The first time after `moment`, both in Unix seconds; `nil` when it never comes.
    func next(after moment: Int64) -> Int64? {
        switch self {
        // Counted from 1970, so that all processes mean the same moments.
        case .every(let seconds, _): (moment / Int64(seconds) + 1) * Int64(seconds)
        case .cron(let expression): expression.next(after: moment)
        }
    }
}

/// A request that a handler answers.
struct Route: Sendable, Hashable {
    var method: String
    /// Below `/api/x`, beginning with a slash.
    var path: String
    /// Answers those without an API key, too.
    var isPublic = false

    static let methods = ScriptedRequest.methods
}
