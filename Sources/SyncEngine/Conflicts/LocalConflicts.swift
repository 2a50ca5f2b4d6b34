internal import ContentModel
internal import Foundation
internal import HookCatalog
internal import SyncProtocol

/// Rows that were edited here and are about to be overwritten: what the handlers of `sync.conflict`, and then the policy
/// of the transfer, decide. Translations that the transfer must not replace are decided before.
struct Conflicts: Sendable {
    let store: any DestinationStore
    let hooks: any HookPort

    /// Rows may change between a decision and the commit; then they are decided anew, so often at most.
    static let attempts = 3
    /// What is decided at once.
    private static let rows = 200
    private static let bytes = 8 << 20

    /// Handlers and merges take their time, so this happens before the commit takes the write lock.
    ///
    /// False when nothing needs a decision: what arrives is applied. Throws `conflicts` where the policy is to stop.
    func decide(transfer: String, fence: Int64) async throws -> Bool {
        let terms = try await store.conflictTerms(transfer: transfer)
        let asksHandlers = try await !hooks.handlers(of: .conflict).isEmpty
        guard asksHandlers || terms.policy != .source || terms.hasOriginals || terms.translations != .override else {
            return false
        }
        let recall = Recall(hooks: hooks, transfer: transfer, terms: terms)
        do {
            try await decide(transfer, fence, terms, asksHandlers: asksHandlers, recall)
        } catch {
            await recall.release()
            throw error
        }
        await recall.release()
        return true
    }

    private func decide(
        _ transfer: String, _ fence: Int64, _ terms: ConflictTerms, asksHandlers: Bool, _ recall: Recall
    ) async throws {
        var refused = RefusedConflicts()
        var position: StagedPosition?
        repeat {
            let page = try await store.openConflicts(
                transfer: transfer, after: position, rows: Self.rows, bytes: Self.bytes)
            var decisions: [ConflictDecision] = []
            for staged in page.rows {
                let item = ItemKey(staged.conflict.kind, staged.conflict.id)
                guard let settlement = try await settle(staged, terms, asksHandlers: asksHandlers, recall) else {
                    refused.add(item)
                    continue
                }
                decisions.append(ConflictDecision(item: item, seen: staged.seen, settlement: settlement))
            }
            if !decisions.isEmpty { try await store.decide(transfer: transfer, fence: fence, decisions) }
            position = page.next
        } while position != nil
        try refused.check()
    }

    private func settle(
        _ staged: StagedConflict, _ terms: ConflictTerms, asksHandlers: Bool, _ recall: Recall
    ) async throws -> Settlement? {
        let rules = TranslationRules(rule: terms.translations)
        if let settlement = rules.settlement(of: staged.conflict) { return settlement }
        let needsBase = asksHandlers || staged.isOriginal || terms.policy == .mergeFields
        let base = needsBase ? try await recall.base(of: staged) : nil
        if asksHandlers {
            var conflict = staged.conflict
            conflict.versions.base = base
            switch try await hooks.resolve(conflict) {
            case .source: return .arriving
            case .target: return .kept
            case .item(let document): return .chosen(document)
            case nil: break
            }
        }
        return ConflictRules(policy: terms.policy).settlement(of: staged, base: base)
    }
}

/// Conflicts that stop a run: all are counted, the first thousand named.
private struct RefusedConflicts {
    private var count = 0
    private var named: [Conflict] = []

    mutating func add(_ item: ItemKey) {
        count += 1
        guard named.count < Limits.listedConflicts else { return }
        named.append(Conflict(kind: item.kind.name, id: item.id, verdict: .stopped))
    }

    func check() throws {
        guard count > 0 else { return }
        let named = named.sorted { ($0.kind, $0.id) < ($1.kind, $1.id) }
        let first = named.prefix(3).map { "\($0.kind)/\($0.id.printable)" }.joined(separator: ", ")
        let items = count == 1 ? "1 item has a version of its own" : "\(count) items have versions of their own"
        throw TidelockError(
            .conflicts,
            "\(items) at the destination and would be changed: \(first)\(count > 3 ? " and others" : ""); nothing was applied.",
            hint: "Choose another policy, such as --policy merge-fields, or bring the edits to the source first.",
            details: [
                ConflictDetails.count: String(count),
                ConflictDetails.list: String(decoding: try JSONEncoder().encode(named), as: UTF8.self),
            ])
    }
}

/// Finds what two versions of an item were made of. Where that is an output of this instance, the filter handlers make it
/// again; the hash of what was sent tells whether it is the same.
private actor Recall {
    private let hooks: any HookPort
    private let transfer: String
    private let terms: ConflictTerms
    /// One for each name under which the other side may be known; made when first needed.
    private var pinned: [any RunHooks]?

    init(hooks: any HookPort, transfer: String, terms: ConflictTerms) {
        self.hooks = hooks
        self.transfer = transfer
        self.terms = terms
    }

    func base(of staged: StagedConflict) async throws -> JSONDocument? {
        if let base = staged.conflict.versions.base { return base }
        guard let sent = staged.sent, let original = sent.original else { return nil }
        if sent.originalHash == sent.output { return original }
        return try await output(of: original, staged.conflict, expecting: sent.output)
    }

    private func output(
        of original: JSONDocument, _ conflict: ItemConflict, expecting output: ContentHash
    ) async throws -> JSONDocument? {
        let item = OutgoingItem(id: conflict.id, body: original)
        for hooks in try await generations() {
            if case .changed(let body)? = try await outcome(item, conflict.kind, hooks), body.hash == output {
                return body
            }
        }
        return nil
    }

    /// Nil where a handler fails: then what was sent is not known any more, and nothing is merged with a guess.
    private func outcome(
        _ item: OutgoingItem, _ kind: Kind, _ hooks: any RunHooks
    ) async throws -> FilterOutcome? {
        guard !hooks.filters(for: kind).isEmpty else { return nil }
        do {
            return try await hooks.filter([item], of: kind).first
        } catch let error as TidelockError where [.hookFailed, .hookLimit, .hookRefused].contains(error.code) {
            return nil
        }
    }

    private func generations() async throws -> [any RunHooks] {
        if let pinned { return pinned }
        var made: [any RunHooks] = []
        for target in terms.targets {
            made.append(
                try await hooks.pin(
                    for: RunContext(run: transfer, direction: .push, target: target, mode: terms.mode)))
            pinned = made
        }
        return made
    }

    func release() async {
        for hooks in pinned ?? [] { await hooks.release() }
        pinned = nil
    }
}
