/// What the calls of one handler came to: the one record from which the status, the store and the metrics derive.
public struct HandlerStatistics: Sendable, Codable, Equatable {
    /// Calls that were stopped for taking too much, by what they took too much of.
    public struct Kills: Sendable, Codable, Equatable {
        public var cpu = 0
        public var wall = 0
        public var memory = 0

        public init(cpu: Int = 0, wall: Int = 0, memory: Int = 0) {
            self.cpu = cpu
            self.wall = wall
            self.memory = memory
        }

        public var sum: Int { cpu + wall + memory }
    }

    /// The event, schedule or route.
    public var event: String
    public var name: String
    /// All of them, also those that failed or were stopped.
    public var calls = 0
    /// Calls that raised an error.
    public var errors = 0
    public var killed = Kills()
    /// Host functions not counted.
    public var cpuNanoseconds: Int64 = 0
    public var wallNanoseconds: Int64 = 0
    /// The most that one call held, in bytes.
    public var peakMemory = 0
    /// Items that a filter changed, dropped or skipped.
    public var changed = 0
    public var dropped = 0
    public var skipped = 0

    public init(event: String, name: String) {
        self.event = event
        self.name = name
    }

    /// Takes in what further calls of the same handler came to.
    public mutating func add(_ other: HandlerStatistics) {
        calls += other.calls
        errors += other.errors
        killed.cpu += other.killed.cpu
        killed.wall += other.killed.wall
        killed.memory += other.killed.memory
        cpuNanoseconds += other.cpuNanoseconds
        wallNanoseconds += other.wallNanoseconds
        peakMemory = max(peakMemory, other.peakMemory)
        changed += other.changed
        dropped += other.dropped
        skipped += other.skipped
    }
}
