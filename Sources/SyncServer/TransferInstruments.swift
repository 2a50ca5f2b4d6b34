internal import CoreMetrics
internal import SyncProtocol

/// What the metrics system knows of the transfers that this server took part in.
///
/// A commit whose answer was lost is asked for again and counts again.
struct TransferInstruments: Sendable {
    private let committed, failed, acknowledged: Counter
    private let created, updated, deleted: Counter

    init() {
        func transfers(_ direction: String, _ status: String) -> Counter {
            Counter(
                label: ServerMetricName.transfers.rawValue,
                dimensions: [("direction", direction), ("status", status)])
        }
        func items(_ operation: String) -> Counter {
            Counter(label: ServerMetricName.items.rawValue, dimensions: [("operation", operation)])
        }
        committed = transfers("push", "committed")
        failed = transfers("push", "failed")
        acknowledged = transfers("pull", "acknowledged")
        created = items("created")
        updated = items("updated")
        deleted = items("deleted")
    }

    /// Counts a commit and what it changed.
    func commit(_ work: () async throws -> CommitResult) async throws -> CommitResult {
        do {
            let result = try await work()
            committed.increment()
            created.increment(by: result.created)
            updated.increment(by: result.updated)
            deleted.increment(by: result.deleted)
            return result
        } catch {
            failed.increment()
            throw error
        }
    }

    func noteAcknowledged() { acknowledged.increment() }
}

/// The names of what the server measures, and what each means.
public enum ServerMetricName: String, Sendable, CaseIterable {
    case transfers = "tidelock_transfers_total"
    case items = "tidelock_items_applied_total"
    // Measured by the framework.
    case requests = "hb_requests_total"
    case requestErrors = "hb_request_errors_total"
    case requestTime = "http_server_request_duration_seconds"
    case activeRequests = "http_server_active_requests"

    /// One sentence for those who read the metrics.
    public var help: String {
        switch self {
        case .transfers: "Transfers of other instances by how they ended here: committed, failed or acknowledged."
        case .items: "Items that transfers of other instances created, updated or deleted here."
        case .requests: "Requests that were answered, by route, method and status."
        case .requestErrors: "Requests for which there is no route."
        case .requestTime: "Time from the beginning of a request to the end of its answer."
        case .activeRequests: "Requests that are being answered."
        }
    }
}
