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

/// A request that a handler answers.
struct Route: Sendable, Hashable {
    var method: String
    /// Below `/api/x`, beginning with a slash.
    var path: String
    /// Answers those without an API key, too.
    var isPublic = false

    static let methods = ScriptedRequest.methods
}
