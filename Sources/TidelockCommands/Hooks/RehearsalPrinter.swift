internal import ContentModel
internal import HookHost
internal import SyncEngine

/// What handlers did to items, as people read it.
struct RehearsalPrinter {
    let style: TextStyle

    func write(_ result: RehearsalResult, before: [JSONDocument], event: String) throws {
        if let reason = result.vetoed { try Output.line(style.bad("vetoed: \(reason)")) }
        if let reason = result.denied { try Output.line(style.bad("denied: \(reason)")) }
        if let items = result.items { try write(items, before: before, result) }
        if let resolved = result.resolved { try write("resolved", resolved) }
        if let returned = result.returned { try write("returned", returned) }
        for log in result.records.logs { try Output.line("log      \(log.type) \(log.channel): \(log.message)") }
        for mail in result.records.mails { try Output.line("mail     \(mail.document.text)") }
        for request in result.records.requests {
            try Output.line("request  \(request["method"]?.string ?? "") \(request["url"]?.string ?? "")")
        }
        for run in result.records.runs { try Output.line("run      \(run.document.text)") }
    }

    private func write(_ name: String, _ value: JSONValue) throws {
        try Output.line("\(name): \(value.document.prettyPrinted())")
    }

    /// What is left of the items is in their order, so the two lists are gone through side by side.
    private func write(_ items: [JSONDocument], before: [JSONDocument], _ result: RehearsalResult) throws {
        var left = items[...]
        var (dropped, skipped) = (result.dropped[...], result.skipped[...])
        var counts = (changed: 0, unchanged: 0)
        let isEdit = before.isEmpty
        for (position, item) in before.enumerated() {
            if let exclusion = take(&dropped, position, item) {
                try Output.line("\(style.strong(exclusion.id))  \(style.bad("dropped: \(exclusion.reason)"))")
            } else if let exclusion = take(&skipped, position, item) {
                try Output.line("\(style.strong(exclusion.id))  skipped: \(exclusion.reason)")
            } else if let after = left.popFirst() {
                let isChanged = try write(item, after)
                if isChanged { counts.changed += 1 } else { counts.unchanged += 1 }
            }
        }
        // An edited item came in a fixture.
        if isEdit { for item in items { try Output.line(item.prettyPrinted()) } }
        guard !isEdit else { return }
        try Output.line(
            "\(before.count) items: \(counts.changed) changed, \(counts.unchanged) unchanged, "
                + "\(result.dropped.count) dropped, \(result.skipped.count) skipped")
    }

    private func take(
        _ exclusions: inout ArraySlice<RehearsalResult.Exclusion>, _ position: Int, _ item: JSONDocument
    ) -> RehearsalResult.Exclusion? {
        guard let next = exclusions.first, next.item.hash == item.hash || next.id == "item-\(position + 1)" else {
            return nil
        }
        return exclusions.popFirst()
    }

    private func write(_ before: JSONDocument, _ after: JSONDocument) throws -> Bool {
        guard before.hash != after.hash else { return false }
        let id = after.string("_id") ?? after.string("_model") ?? ""
        try Output.line("\(style.strong(id))  changed")
        let difference = LineDifference(before.lines, after.lines)
        for line in difference.excerpt() { try Output.line("  \(style.line(line))") }
        return true
    }
}

extension JSONDocument {
    /// A member a line, without commas: one that becomes the last would seem to have changed.
    fileprivate var lines: String { prettyPrinted().replacing(",\n", with: "\n") }
}
