import ContentModel
import ContentStore
import Foundation
import SyncEngine
import Synchronization
import TidelockTestSupport

/// A reader of one instance that looks after every call, and remembers what it must not have seen.
final class NetworkWatch: Sendable {
    private struct State {
        var last: StoreView
        var broken: [String] = []
        /// How often it looked.
        var looks = 0
    }

    private let inspector: StoreInspector
    private let state: Mutex<State>

    init(_ store: Store) throws {
        inspector = try StoreInspector(store)
        state = Mutex(State(last: try inspector.view()))
    }

    var looks: Int { state.withLock(\.looks) }

    var broken: [String] { state.withLock(\.broken) }

    /// What it saw last.
    var view: StoreView { state.withLock(\.last) }

    /// Somebody edits items at the instance, which is no transfer's doing.
    func noteEdit() throws {
        try state.withLock { $0.last = try inspector.view() }
    }

    /// I1: what readers see changes with a commit and in no other way, and with it at once.
    /// I6: what commits has the newest fence.
    func look() {
        state.withLock { state in
            do {
                let view = try inspector.view()
                state.looks += 1
                state.broken += Self.judge(view, after: state.last)
                state.last = view
            } catch {
                state.broken.append("the reader failed: \(error)")
            }
        }
    }

    private static func judge(_ view: StoreView, after last: StoreView) -> [String] {
        let new = view.committed.filter { last.committed[$0.key] == nil }
        var broken: [String] = []
        if new.isEmpty, view.heads != last.heads { broken.append("I1: items changed without a commit") }
        if new.count > 1 { broken.append("two transfers committed at once: \(new.keys.sorted())") }
        for (transfer, fence) in new where fence < view.fence {
            broken.append("I6: \(transfer) committed with fence \(fence) after \(view.fence) was issued")
        }
        for transfer in last.committed.keys where view.committed[transfer] == nil {
            broken.append("\(transfer) is not committed any more")
        }
        return broken
    }
}
