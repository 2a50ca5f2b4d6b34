internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// The tokens that this server has seen and that have not expired. A class, because requests meet here.
final class SeenTokens: ReplayMemory {
    private struct State {
        var expiries: [String: Int64] = [:]
        var nextSweep = 0
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    init(clock: any WallClock) {
        self.clock = clock
    }

    func remember(_ token: String, until expiry: Int64) async throws -> Bool {
        let now = clock.seconds
        return state.withLock { state in
            if state.expiries.count >= state.nextSweep {
                state.expiries = state.expiries.filter { $0.value > now }
                // Twice what is left: sweeping costs as much as remembering does.
                state.nextSweep = max(1_000, state.expiries.count * 2)
            }
            return state.expiries.updateValue(expiry, forKey: token) == nil
        }
    }
}
