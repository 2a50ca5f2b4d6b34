/// What is kept in memory of open transfers, until nobody has asked about one for a while.
struct RememberedTransfers<Value> {
    private struct Entry {
        var value: Value
        /// Unix seconds.
        var touched: Int64
    }

    private let seconds: Int64
    private var entries: [String: Entry] = [:]

    /// `seconds` is how long an entry lasts that is not touched.
    init(seconds: Int64) {
        self.seconds = seconds
    }

    mutating func add(_ value: Value, as id: String, at now: Int64) {
        entries[id] = Entry(value: value, touched: now)
    }

    /// Somebody asks about the transfer: it lasts longer from now on.
    @discardableResult
    mutating func touch(_ id: String, at now: Int64) -> Value? {
        entries[id]?.touched = now
        return entries[id]?.value
    }

    mutating func remove(_ id: String) -> Value? {
        entries.removeValue(forKey: id)?.value
    }

    /// Those for which a condition holds; ids begin with the time, so the oldest come first.
    func ids(where condition: (Value) -> Bool) -> [String] {
        entries.filter { condition($0.value.value) }.map(\.key).sorted()
    }

    func expired(at now: Int64) -> [String] {
        entries.filter { $0.value.touched < now - seconds }.map(\.key)
    }
}
