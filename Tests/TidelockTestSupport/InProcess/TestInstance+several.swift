extension TestInstance {
    /// Instances that share a clock, which stands still unless moved.
    public static func make(_ names: String..., seed: UInt64 = 1) throws -> [TestInstance] {
        let clock = TestClock(sleep: .lastsUntilCancelled)
        let random = SeededRandom(seed: seed)
        return try names.map { try TestInstance($0, clock: clock, random: random) }
    }

    /// Two of them: `a` and `b`.
    public static func pair() throws -> (TestInstance, TestInstance) {
        let made = try make("a", "b")
        return (made[0], made[1])
    }

    /// Three of them: `a`, `b` and `c`.
    public static func trio() throws -> (TestInstance, TestInstance, TestInstance) {
        let made = try make("a", "b", "c")
        return (made[0], made[1], made[2])
    }

    /// Brings what is here to another instance: by a push, or by a pull that is started over there.
    @discardableResult
    public func move(to other: TestInstance, isPush: Bool, _ run: TestRun = TestRun()) async throws -> TestRunResult {
        isPush ? try await push(to: other, run) : try await other.pull(from: self, run)
    }
}
