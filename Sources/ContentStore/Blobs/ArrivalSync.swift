internal import Dispatch
internal import Synchronization

/// Has the disk written out while files arrive, so that little is left to wait for when all are here.
///
/// It promises nothing about a file: whoever needs files to survive a loss of power syncs them and calls `finish`. A
/// class, because those who bring files meet here.
final class ArrivalSync: Sendable {
    private struct State {
        /// Files that have come since the disk was written out.
        var files = 0
        var isAtWork = false
        var failure: (any Error)?
    }

    private let files: Int
    private let sync: @Sendable () throws -> Void
    /// One at a time, and nobody who brings a file waits.
    private let queue = DispatchQueue(label: "tidelock.blobs.sync")
    private let state = Mutex(State())

    /// - Parameters:
    ///   - files: after how many files the disk is written out
    ///   - sync: writes it out, and may take long
    init(every files: Int, _ sync: @escaping @Sendable () throws -> Void) {
        self.files = files
        self.sync = sync
    }

    /// A file has come whole.
    func note() {
        state.withLock { state in
            state.files += 1
            guard state.files >= files, !state.isAtWork else { return }
            state.files = 0
            state.isAtWork = true
            queue.async { [self] in perform() }
        }
    }

    /// Waits for what is under way. Throws what failed since the last time: that bytes could not be written, the disk
    /// tells whoever asks first, and nobody afterwards. So it is called behind a sync, not before one.
    func finish() throws {
        queue.sync {}
        let failure = state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
        if let failure { throw failure }
    }

    private func perform() {
        let result = Result { try sync() }
        state.withLock { state in
            state.isAtWork = false
            if case .failure(let error) = result { state.failure = error }
        }
    }
}
