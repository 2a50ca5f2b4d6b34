internal import HookCatalog
public import LuaRuntime

/// How much handlers may take, by class of event, and how much they may ask of the host in one call.
public struct HookLimits: Sendable {
    public var gate: LuaLimits
    public var filter: LuaLimits
    public var observer: LuaLimits
    /// Lines that `app.log` keeps of one call.
    public var logLines = 1_000
    /// Bytes of a line, and of its context.
    public var logLineBytes = 4 << 10
    /// HTTP requests of one call.
    public var requests = 20
    /// Bytes of an answer.
    public var responseBytes = 8 << 20
    /// Mails of one call.
    public var mails = 20
    /// Addresses that one mail may go to.
    public var mailRecipients = 100
    /// Bytes of a mail, attachments included, before they are encoded.
    public var mailBytes = 10 << 20
    /// Documents that one `app.storage.find` may bring.
    public var foundDocuments = 10_000

    /// Bytes of what a script answers a request with, and its headers.
    static let answerBytes = 8 << 20
    static let answerHeaders = 50
    static let answerHeaderBytes = 4 << 10
    /// Runs that handlers of runs may start, one out of the other.
    static let deepestRun = 3
    /// Functions that one call may leave to run afterwards.
    static let postponedFunctions = 64

    public init() {
        gate = LuaLimits()
        filter = LuaLimits()
        observer = LuaLimits()
        observer.cpu = .seconds(1)
    }
}

extension HookLimits {
    /// The limits of one call: those of its class, or tighter, or with another time to wait if the handler asked.
    func limits(of handler: Handler) -> LuaLimits {
        var limits =
            switch handler.trigger.eventClass {
            case .gate, .decision: gate
            case .filter: filter
            case .observer: observer
            }
        if let timeout = handler.options.timeout {
            limits.wall = timeout
            limits.cpu = min(limits.cpu, timeout)
        }
        return limits
    }
}
