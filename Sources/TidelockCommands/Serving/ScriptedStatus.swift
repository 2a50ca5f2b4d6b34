internal import ContentModel
internal import Foundation
internal import SyncEngine
internal import SyncProtocol

/// What goes on at an instance, as scripts see it: the shape of the documented status endpoint.
struct ScriptedStatus: Encodable {
    var syncing: Bool
    var holder: String?
    /// Unix seconds.
    var since: Int64?
    var lastSync: LastSync?

    init(_ status: ResponderStatus) {
        syncing = status.isSyncing
        holder = status.holder
        since = status.since
        lastSync = status.lastSync
    }

    var document: JSONDocument {
        get throws { try JSONDocument(validating: Array(JSONEncoder().encode(self))) }
    }
}
