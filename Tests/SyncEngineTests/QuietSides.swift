import ContentModel
import SyncEngine
import TidelockTestSupport

extension [ItemKey: HeadRow] {
    /// Whether a destination that holds these rows is what a whole run of the source left: nothing of it was edited,
    /// and a mirror finds nothing of others. Then the next run like it is one round trip.
    func isAtRest(from source: String, _ mode: Mode) -> Bool {
        values.allSatisfy { $0.origin != source || $0.edited == 0 }
            && (mode == .merge || values.allSatisfy { $0.body == nil || $0.origin == source })
    }
}

extension TestRunResult {
    /// Whether the run was one round trip in which nothing was sent.
    var isOneRoundTrip: Bool { outcome == .inSync && calls == ["open"] }
}
