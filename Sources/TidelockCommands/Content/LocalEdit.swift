internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import SyncEngine

/// The edit of one item by a person: handlers may change it before, and are told afterwards.
struct ItemEdit {
    let instance: Instance
    let kind: Kind
    let id: String

    /// Throws `hook_failed` when a handler stops the edit, `hook_load_failed` when the handlers cannot be loaded, and
    /// `unknown_conflict` when the conflict that the edit decides is gone: nothing is stored then.
    func put(
        _ body: JSONDocument, hash: ContentHash, deciding conflict: Int64? = nil
    ) async throws -> LocalWriteReport {
        try await instance.auditing(.put, target: "\(kind)/\(id)") {
            try await withHooks { hooks in
                let (body, hash) = try await filtered(body, hash, by: hooks)
                return try await perform("put \(kind)/\(id)") { writer in
                    let change = LocalChange.put(kind: kind, body: body, hash: hash)
                    if let conflict { try writer.write(change, deciding: conflict) } else { try writer.add(change) }
                }
            }
        }
    }

    func remove() async throws {
        _ = try await instance.auditing(.remove, target: "\(kind)/\(id)") {
            try await withHooks { _ in
                try await perform("rm \(kind)/\(id)") { writer in
                    try writer.add(.remove(kind: kind, id: id))
                }
            }
        }
    }

    private func perform(
        _ description: String, _ body: (inout LocalEdit.Writer) throws -> Void
    ) async throws -> LocalWriteReport {
        if kind == .assets { return try await AssetEdit(instance: instance).perform(description, body) }
        return try await LocalEdit(instance: instance, editor: .here).perform(description, body)
    }

    private func filtered(
        _ body: JSONDocument, _ hash: ContentHash, by hooks: HookHost?
    ) async throws -> (JSONDocument, ContentHash) {
        guard let hooks else { return (body, hash) }
        let changed = try await hooks.beforeSave(
            OutgoingItem(id: id, body: body), of: kind,
            isUpdate: try await instance.store.liveItem(kind, id) != nil, user: Editor.here.user)
        guard changed != body else { return (body, hash) }
        guard ItemID(try itemID(of: changed, kind: kind)) == ItemID(id) else {
            throw TidelockError(
                .hookFailed, "A handler of content.item.save.before gave \(kind)/\(id.printable) another id.",
                hint: "Leave its '\(kind.keyMember)' alone.")
        }
        return (changed, changed.hash)
    }

    /// Handlers see content only, so nothing else waits for them to be loaded.
    private func withHooks<Value>(_ body: (HookHost?) async throws -> Value) async throws -> Value {
        guard kind.isContent else { return try await body(nil) }
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let value = try await body(hooks)
        await EventDelivery(instance: instance, hooks: hooks).deliverDue()
        await hooks.drain()
        return value
    }
}

extension Editor {
    /// The user who started this process; without a name in a container where the account has none.
    static var here: Editor {
        let name = NSUserName()
        return Editor(user: name.isEmpty ? nil : name)
    }
}

/// A series of local changes that can be undone together.
struct LocalEdit {
    /// Gathers changes into transactions of a bearable size.
    struct Writer {
        private let store: Store
        private let run: String
        private let editor: Editor?
        private var pending: [LocalChange] = []
        private var pendingBytes = 0
        fileprivate(set) var report = LocalWriteReport()

        private static let changes = 2_000
        private static let bytes = 16 << 20

        fileprivate init(store: Store, run: String, editor: Editor?) {
            self.store = store
            self.run = run
            self.editor = editor
        }

        mutating func add(_ change: LocalChange) throws {
            if case .put(_, let body, _) = change { pendingBytes += body.bytes.count }
            pending.append(change)
            if pending.count >= Self.changes || pendingBytes >= Self.bytes { try flush() }
        }

        /// Writes what `decide` makes of some items, read in the same transaction; what was added before comes first.
        mutating func write(
            reading items: [ItemKey], _ decide: ([ItemKey: JSONDocument]) throws -> [LocalChange]
        ) throws {
            try flush()
            report = report + (try store.writeBlocking(reading: items, run: run, editor: editor, decide))
        }

        /// Writes a change and what it decides in one transaction; what was added before comes first.
        mutating func write(_ change: LocalChange, deciding conflict: Int64) throws {
            try flush()
            let written = try store.writeBlocking([change], run: run, editor: editor, deciding: conflict)
            report = report + written
        }

        fileprivate mutating func flush() throws {
            guard !pending.isEmpty else { return }
            report = report + (try store.writeBlocking(pending, run: run, editor: editor))
            pending.removeAll(keepingCapacity: true)
            pendingBytes = 0
        }
    }

    let instance: Instance
    /// Who is named to observers; with nobody, as for what is taken in by the thousand, they are told nothing.
    var editor: Editor?

    /// Runs `body`, and takes back everything it wrote when it throws. Blocks its thread while it writes.
    func perform(
        _ description: String, direction: String = "local", _ body: (inout Writer) throws -> Void
    ) async throws -> LocalWriteReport {
        let run = instance.newRunID()
        try await instance.store.beginRun(id: run, direction: direction, target: description)
        do {
            let report = try write(run, body)
            try await instance.store.markUndoable(id: run)
            try await instance.store.endRun(id: run, phase: "committed", report: nil)
            return report
        } catch {
            try await takeBack(run)
            throw error
        }
    }

    private func write(_ run: String, _ body: (inout Writer) throws -> Void) throws -> LocalWriteReport {
        var writer = Writer(store: instance.store, run: run, editor: editor)
        try body(&writer)
        try writer.flush()
        return writer.report
    }

    private func takeBack(_ run: String) async throws {
        try await instance.store.markUndoable(id: run)
        if try await instance.store.run(run).canBeUndone {
            _ = try await instance.store.rollback(run, as: instance.newRunID())
        }
        try await instance.store.forgetEvents(of: run)
        try await instance.store.endRun(id: run, phase: "failed", report: nil)
    }
}
