internal import ContentModel
internal import GRDB
public import SyncEngine
internal import SyncProtocol

/// Peers that were restored to a time before a transfer with this instance, and what they are owed since.
extension Store {
    public func newestTransfer(with peer: String, begun side: TransferSide) async throws -> String {
        try await read { db in try NewestTransfer.known(db, with: peer, begun: side) ?? "" }
    }

    public func hasForgotten(
        _ peer: String, remembering newest: [TransferSide: String], opening transfer: String
    ) async throws -> Bool {
        try await read { db in
            let peer = RestoredPeer(instance: peer, remembered: newest)
            return try !peer.news(db, among: peer.forgotten(db, before: transfer)).isEmpty
        }
    }

    public func noteForgotten(
        by peer: String, remembering newest: [TransferSide: String], opening transfer: String
    ) async throws {
        let peer = RestoredPeer(instance: peer, remembered: newest)
        // Where nobody was restored, which is nearly always, nothing is written.
        let hasForgotten = try await read { db in
            let forgotten = try peer.forgotten(db, before: transfer)
            guard !forgotten.isEmpty else { return false }
            return try !peer.news(db, among: forgotten).isEmpty || OwedKinds.areCompared(db, with: peer.instance)
        }
        if hasForgotten { try await write { db in try peer.note(db, before: transfer) } }
    }
}

/// The newest transfers with each peer of which this instance knows that they were carried out, whichever side sent.
/// Ids sort by the clock of whoever began a transfer, so those of the two are kept apart.
///
/// They outlive the transfers, and a store that is restored goes back to those of then. A run that failed since, or
/// that had nothing to send, says nothing of what was lost.
enum NewestTransfer {
    static func key(_ side: TransferSide, _ instance: String) -> String { "newest-\(side.rawValue):\(instance)" }

    static func known(_ db: Database, with peer: String, begun side: TransferSide) throws -> String? {
        try Settings.text(db, key(side, peer))
    }

    static func note(_ db: Database, _ transfer: String, begunBy initiator: String, pid: Int64) throws {
        guard let peer = try Numbers.identity(db, ofPeer: pid)?.id else { return }
        let side: TransferSide = initiator == peer ? .there : .here
        if let known = try known(db, with: peer, begun: side), known >= transfer { return }
        try Settings.set(db, key(side, peer), transfer)
    }

    /// Under another identity nothing was agreed with anybody.
    static func forgetAll(_ db: Database) throws {
        for side in TransferSide.allCases {
            try db.cachedStatement(sql: "DELETE FROM setting WHERE key GLOB ? OR key GLOB ?").execute(arguments: [
                key(side, "*"), RestoredPeer.notedKey(side, "*"),
            ])
        }
    }
}

/// A peer that tells which transfers with this instance are the newest that it remembers, begun here and there.
private struct RestoredPeer {
    /// A transfer that a peer does not remember any more.
    struct Forgotten {
        let side: TransferSide
        let transfer: String
    }

    let instance: String
    let remembered: [TransferSide: String]

    /// The newest transfer that was noted to be forgotten.
    static func notedKey(_ side: TransferSide, _ instance: String) -> String {
        "forgotten-\(side.rawValue):\(instance)"
    }

    /// Of those that are the newest, the transfers that the peer does not remember any more when a later one is opened.
    ///
    /// A request that comes late was made before what it does not know. And of what a pull from here committed that has
    /// not ended, its source need not have heard.
    func forgotten(_ db: Database, before opened: String) throws -> [Forgotten] {
        try TransferSide.allCases.compactMap { side in
            guard let told = remembered[side],
                let newest = try NewestTransfer.known(db, with: instance, begun: side), told < newest, newest < opened,
                try !isUnsettledPull(db, newest)
            else { return nil }
            return Forgotten(side: side, transfer: newest)
        }
    }

    /// Those that were not noted before. Until the next transfer the same stays what the peer does not remember, and it
    /// was lost only once.
    func news(_ db: Database, among forgotten: [Forgotten]) throws -> [Forgotten] {
        try forgotten.filter { try Settings.text(db, Self.notedKey($0.side, instance)) != $0.transfer }
    }

    private func isUnsettledPull(_ db: Database, _ transfer: String) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM run WHERE id = ? AND direction = 'pull' AND phase IN ('running', 'unsettled'))
                    """),
            arguments: [transfer]) ?? false
    }

    /// Marks every kind of which the peer left rows here; what of them it lost is found out when it pulls.
    ///
    /// What an earlier plan has seen counts no more: the peer may have been restored once more since.
    func note(_ db: Database, before opened: String) throws {
        let forgotten = try forgotten(db, before: opened)
        guard !forgotten.isEmpty, let pid = try Numbers.knownPeer(db, instance) else { return }
        try OwedKinds.forgetCompared(db, pid: pid)
        let news = try news(db, among: forgotten)
        guard !news.isEmpty else { return }
        for kid in try Int64.fetchAll(db.cachedStatement(sql: "SELECT kid FROM kind")) {
            // The tree counts them, so a large kind is not read.
            guard try DigestTree(role: .held, pid: pid, kid: kid).root(db).count > 0 else { continue }
            try OwedKinds.add(db, pid: pid, kid: kid)
        }
        for lost in news { try Settings.set(db, Self.notedKey(lost.side, instance), lost.transfer) }
    }
}

/// Kinds of which a restored peer has not got back what it lost.
enum OwedKinds {
    static func contains(_ db: Database, pid: Int64, kid: Int64) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM owed WHERE pid = ? AND kid = ?)"),
            arguments: [pid, kid]) ?? false
    }

    static func areCompared(_ db: Database, with peer: String) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM owed JOIN peer USING (pid) WHERE instance = ? AND compared IS NOT NULL)
                    """),
            arguments: [peer]) ?? false
    }

    static func add(_ db: Database, pid: Int64, kid: Int64) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO owed (pid, kid) VALUES (?, ?)").execute(
            arguments: [pid, kid])
    }

    /// The plan of a transfer has seen the whole list of the kind, and marked what is not in it.
    static func noteCompared(_ db: Database, pid: Int64, kid: Int64, by transfer: String) throws {
        try db.cachedStatement(sql: "UPDATE owed SET compared = ? WHERE pid = ? AND kid = ?").execute(
            arguments: [transfer, pid, kid])
    }

    /// Marks that a comparison left may be gone.
    static func forgetCompared(_ db: Database, pid: Int64) throws {
        try db.cachedStatement(sql: "UPDATE owed SET compared = NULL WHERE pid = ? AND compared IS NOT NULL").execute(
            arguments: [pid])
    }

    /// A transfer that gave back all that it found lost was acknowledged.
    static func settle(_ db: Database, pid: Int64, kid: Int64, comparedBy transfer: String) throws {
        try db.cachedStatement(sql: "DELETE FROM owed WHERE pid = ? AND kid = ? AND compared = ?").execute(
            arguments: [pid, kid, transfer])
    }
}
