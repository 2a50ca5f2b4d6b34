internal import ContentModel
internal import SyncProtocol

extension PlanSummary {
    /// The plan as the handlers of `sync.plan.ready` see it: numbers, in all and by kind.
    var facts: JSONDocument {
        let totals = KindPlan.counts.map { name, count in
            (name, JSONDocument(integer: kinds.reduce(0) { $0 + $1[keyPath: count] }))
        }
        let rest = [
            ("bytes", JSONDocument(integer: bytes)), ("batches", JSONDocument(integer: batches.count)),
            ("files", JSONDocument(integer: files?.count ?? 0)),
            ("fileBytes", JSONDocument(integer: files?.bytes ?? 0)),
            ("kinds", JSONDocument.array(kinds.map(\.facts))),
        ]
        return .object(totals + rest)
    }
}

extension KindPlan {
    fileprivate static var counts: [(String, KeyPath<KindPlan, Int>)] {
        [
            ("creates", \.creates), ("updates", \.updates), ("deletes", \.deletes), ("releases", \.releases),
            ("skips", \.skips), ("drops", \.drops), ("unchanged", \.unchanged), ("overwrites", \.overwrites),
            ("reverted", \.reverted),
        ]
    }

    fileprivate var facts: JSONDocument {
        let numbers = KindPlan.counts.map { name, count in (name, JSONDocument(integer: self[keyPath: count])) }
        return .object([("kind", JSONDocument(string: kind))] + numbers)
    }
}
