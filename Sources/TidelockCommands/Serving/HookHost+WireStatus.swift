internal import HookHost
internal import SyncProtocol

extension HookHost {
    /// The state as other instances and health checks see it.
    var wireStatus: SyncProtocol.HookStatus {
        let status = status
        guard let problem = status.rejected else { return SyncProtocol.HookStatus(.ok) }
        return SyncProtocol.HookStatus(status.generation == nil ? .failed : .stale, error: "\(problem)")
    }
}
