extension KeyedDecodingContainer {
    /// A number of items or the like, as a peer tells it.
    ///
    /// Such numbers are added up, so one that nobody can have is refused where it arrives.
    func count(_ key: Key) throws -> Int {
        let number = try decode(Int.self, forKey: key)
        guard number.isPlausible else { throw outOfBounds(key) }
        return number
    }

    func countIfPresent(_ key: Key) throws -> Int? {
        guard let number = try decodeIfPresent(Int.self, forKey: key) else { return nil }
        guard number.isPlausible else { throw outOfBounds(key) }
        return number
    }

    private func outOfBounds(_ key: Key) -> DecodingError {
        .dataCorruptedError(forKey: key, in: self, debugDescription: "a number is out of bounds")
    }
}

extension Int {
    /// Whether it can count items or bytes of a run; a million of them can be added up.
    var isPlausible: Bool { (0...1 << 42).contains(self) }
}
