import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import TidelockTestSupport

extension Simulation {
    func origin(of head: HeadRow?) -> Int? {
        instances.firstIndex { $0.identity.id == head?.origin }
    }

    func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
        if !holds { throw BrokenRule(rule: rule(), history: history) }
    }

    func check() throws {
        for (number, inspector) in inspectors.enumerated() {
            let version = try inspector.version()
            if version != checked[number] {
                let problems = try inspector.problems()
                try require(problems.isEmpty, "store of \(name(number)): \(problems.joined(separator: "; "))")
                try checkFiles(number)
                checked[number] = version
            }
            try checkRows(number, heads: try inspector.heads())
            try checkKeptDeletes(number)
            try checkWaiting(number)
        }
    }

    /// I3: an edit that a delete met is in the list of conflicts or known as decided, and nothing else is there as one.
    private func checkKeptDeletes(_ number: Int) throws {
        let (open, decided) = (try keptDeletes(number, "decided = 0"), try keptDeletes(number, "decided <> 0"))
        for (key, kept) in model.keptDeletes[number] where kept.mayBeSettled {
            let text = "\(key.kind.name)/\(key.id) of \(instances[kept.source].identity.id)"
            if !open.union(decided).contains(text) { model.noteSettled(key, at: number) }
        }
        let expected = model.keptDeletes[number].map { key, kept in
            (text: "\(key.kind.name)/\(key.id) of \(instances[kept.source].identity.id)", isDecided: kept.isDecided)
        }
        try require(
            open.union(decided) == Set(expected.map(\.text)),
            "I3: \(name(number)) knows deletes that were not carried out of \(open) and \(decided), not of \(expected)")
        for delete in expected {
            guard let isDecided = delete.isDecided else { continue }
            try require(
                isDecided ? decided.contains(delete.text) : open.contains(delete.text),
                "I3: \(name(number)) has \(delete.text) \(isDecided ? "waiting" : "decided") among \(open) and \(decided)"
            )
        }
    }

    private func keptDeletes(_ number: Int, _ condition: String) throws -> Set<String> {
        Set(
            try inspectors[number].texts(
                """
                SELECT kind.name || '/' || id || ' of ' || peer.instance
                FROM conflict JOIN kind USING (kid) JOIN peer USING (pid)
                WHERE rid IS NULL AND \(condition)
                """))
    }

    /// I3: what an unfiltered original kept away is in the list of conflicts.
    private func checkWaiting(_ number: Int) throws {
        guard !model.waiting[number].isEmpty else { return }
        let listed = try inspectors[number].texts(
            """
            SELECT kind.name || '/' || id || ' ' || hex(output) FROM conflict JOIN kind USING (kid) WHERE rid IS NOT NULL
            """)
        for (key, output) in model.waiting[number].flatMap({ item in item.value.values.map { (item.key, $0) } }) {
            let hash = try JSONDocument(validating: output.text(key)).hash.hex.uppercased()
            try require(
                listed.contains("\(key.kind.name)/\(key.id) \(hash)"),
                "I3: \(name(number)) does not list \(output.text(key)), which met an unfiltered original")
        }
    }

    /// I9: every asset that is there or can be brought back has its file, and web servers find those that are there.
    private func checkFiles(_ number: Int) throws {
        let instance = instances[number]
        for asset in try inspectors[number].assets() {
            do {
                try instance.store.blobs.check(AssetFile(asset).blob)
            } catch {
                throw BrokenRule(rule: "I9: \(name(number)) \(asset.text): \(error)", history: history)
            }
        }
        for key in Self.assets {
            let file = model.row(number, key).item.map { ModelFile(of: $0.version).text }
            let found = instance.upload(at: ModelFile.path(of: key))
            try require(
                found == file,
                "I9: \(name(number)) \(key): a web server finds \(found ?? "nothing"), not \(file ?? "nothing")")
        }
    }

    /// I2, I11, I14: every row of every instance is what the model says.
    private func checkRows(_ number: Int, heads: [ItemKey: HeadRow]) throws {
        for key in Self.keys + Self.herd {
            let row = model.row(number, key)
            let head = heads[key]
            try require(
                head?.item == row.item,
                "\(name(number)) \(key): \(head?.body ?? "nothing"), not \(row.item?.text(key) ?? "nothing")")
            let origin = origin(of: head)
            try require(
                origin == row.origin,
                "\(name(number)) \(key): origin \(String(describing: origin)), not \(String(describing: row.origin))")
            let base = try row.base.map { try JSONDocument(validating: $0.text(key)).hash.hex.uppercased() }
            try require(head?.base == base, "\(name(number)) \(key): the base differs")
        }
    }

    /// I3: whatever a run replaced can be brought back.
    func checkUndo(_ run: ModelRun, _ result: TestRunResult, before: [ItemKey: HeadRow]) throws {
        guard result.result != nil else { return }
        let undone = try inspectors[run.destination].undone(by: result.transfer)
        let after = try inspectors[run.destination].heads()
        for (key, old) in before where after[key]?.hash != old.hash {
            try require(undone[key] == old.hash, "I3: \(key) was replaced and is not in undo")
        }
    }

    /// I11: the commit did as much as was planned.
    func checkPlan(_ run: ModelRun, _ result: TestRunResult) throws {
        guard let plan = result.plan, let done = result.result else { return }
        let puts = plan.kinds.reduce(0) { $0 + $1.puts }
        try require(done.deleted <= plan.deletes, "I11: \(plan.deletes) deletes were planned, \(done.deleted) happened")
        // A delete that a policy did not let happen counts among what was kept.
        let spared = run.isMirror && run.keepsEdits ? plan.deletes - done.deleted : 0
        let happened = done.created + done.updated + done.adopted + done.kept
        try require(
            (puts...puts + spared).contains(happened), "I11: \(puts) puts were planned, \(done) happened")
        try require(done.isVerified, "the roots were not verified")
    }
}

extension HeadRow {
    var item: ModelItem? {
        body.map { ModelItem(try! JSONDocument(validating: $0)) }  // what the store holds is valid
    }
}
