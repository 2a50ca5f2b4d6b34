public import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    public func differences(
        _ page: HeldPage, request: ListHeld, kind: Kind, peer: String
    ) async throws -> [Int] {
        guard let digests = page.digests else {
            throw TidelockError(.malformedMessage, "The destination answered without the digests it was asked for.")
        }
        let theirs = Dictionary(digests.map { ($0.number, $0.digest) }, uniquingKeysWith: { first, _ in first })
        // A write, because asking for digests recomputes dirty leaves.
        return try await write { db in
            guard let pid = try Numbers.knownPeer(db, peer) else {
                throw TidelockError(.internalFailure, "Digests of an unknown peer were supplied.")
            }
            let tree = DigestTree(role: .shadowed, pid: pid, kid: try Numbers.kind(db, kind))
            let expected = try DigestDescent.digests(db, of: tree, request).mapValues {
                $0.masked(by: request.nonce ?? "")
            }
            // Only what was asked for: the destination may name anything.
            let numbers = Set(expected.keys).union(theirs.keys).filter { DigestDescent.covers(request.part, $0) }
            return numbers.filter { expected[$0] != theirs[$0] }.sorted()
        }
    }
}

/// One step down a digest tree, on either side.
enum DigestDescent {
    /// Digests of this destination as one source may compare them.
    static func page(_ db: Database, kid: Int64, pid: Int64, _ request: ListHeld) throws -> HeldPage {
        guard let nonce = request.nonce, (1...Kind.longestName).contains(nonce.utf8.count) else {
            throw TidelockError(.malformedMessage, "Digests are asked for without a nonce, or the nonce is too long.")
        }
        let digests = try digests(db, of: DigestTree(role: .held, pid: pid, kid: kid), request)
        return HeldPage(
            digests: digests.sorted { $0.key < $1.key }.map {
                HeldDigest(number: $0.key, digest: $0.value.masked(by: nonce))
            })
    }

    static func digests(_ db: Database, of tree: DigestTree, _ request: ListHeld) throws -> [Int: Digest] {
        switch request.part {
        case .nodes: try tree.nodes(db)
        case .leaves(let nodes): try tree.leaves(db, below: Set(nodes.filter(isNode)))
        case .all, .drift, .buckets: [:]
        }
    }

    /// Whether a number may stand in the answer to a request.
    static func covers(_ part: ListHeld.Part, _ number: Int) -> Bool {
        switch part {
        case .nodes: isNode(number)
        case .leaves(let nodes): (0...0xFFFF).contains(number) && nodes.contains(number >> 8)
        case .all, .drift, .buckets: false
        }
    }

    private static func isNode(_ number: Int) -> Bool { (0...0xFF).contains(number) }
}
