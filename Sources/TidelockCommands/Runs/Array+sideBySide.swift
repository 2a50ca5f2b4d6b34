extension Array where Element: Sendable {
    /// What some work answers about each element, in their order; so many are at work at once.
    func mapSideBySide<Answer: Sendable>(
        atOnce places: Int, _ work: @escaping @Sendable (Element) async -> Answer
    ) async -> [Answer] {
        await withTaskGroup(of: (Int, Answer).self) { group in
            var answers: [Int: Answer] = [:]
            for (number, element) in enumerated() {
                if number >= places, let (finished, answer) = await group.next() { answers[finished] = answer }
                group.addTask { (number, await work(element)) }
            }
            for await (finished, answer) in group { answers[finished] = answer }
            return indices.compactMap { answers[$0] }
        }
    }
}
