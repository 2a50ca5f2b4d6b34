public import ContentModel
public import HookCatalog

/// An observer event that is stored in the same transaction as what it tells about.
public struct QueuedEvent: Sendable, Codable {
    public var event: EventName
    public var run: String
    public var direction: Direction
    public var target: TargetFacts?
    public var origin: InstanceIdentity?
    public var errorCode: String?
    public var errorMessage: String?

    public init(
        event: EventName, run: String, direction: Direction, target: TargetFacts? = nil,
        origin: InstanceIdentity? = nil,
        errorCode: String? = nil, errorMessage: String? = nil
    ) {
        self.event = event
        self.run = run
        self.direction = direction
        self.target = target
        self.origin = origin
        self.errorCode = errorCode
        self.errorMessage = errorMessage
    }
}
