internal import ContentModel
internal import HookCatalog
internal import SyncEngine

/// Works out which filter handlers a kind passes, and a hash of everything that decides what they produce.
///
/// Items keep their results while the fingerprint stays the same, so it has to change whenever a result could.
struct FilterFingerprint {
    let generation: Generation
    let context: RunContext

    /// The handlers that items of a kind pass, in order.
    func handlers(for kind: Kind) -> [Handler] {
        guard let event = kind.filterEvent else { return [] }
        return generation.handlers(for: event).filter { handler in
            handler.options.match(kind)
                && handler.options.match(target: context.target.name, direction: context.direction)
        }
    }

    func filters(for kind: Kind) -> FilterSet {
        let handlers = handlers(for: kind)
        guard !handlers.isEmpty else { return .none }
        return FilterSet(handlers: handlers.map(\.name), fingerprint: fingerprint(of: handlers))
    }

    private func fingerprint(of handlers: [Handler]) -> Digest {
        var text = LabelledText()
        text.add("interface", HookInterface.version)
        text.add("canonical form", HookInterface.canonicalForm)
        for handler in handlers { add(handler, to: &text) }
        let files = influences(on: handlers)
        for file in files {
            text.add("path", file.path)
            text.add("text", file.hash)
        }
        addFacts(mentionedIn: files, to: &text)
        // A volatile handler may produce something else every time, so its results are good for one run.
        if handlers.contains(where: \.isVolatile) { text.add("run", context.run) }
        return text.digest
    }

    private func add(_ handler: Handler, to text: inout LabelledText) {
        text.add("handler", handler.name)
        text.add("file", handler.entry)
        text.add("models", handler.options.models?.sorted().joined(separator: " ") ?? "*")
        text.add("on_error", handler.options.onError.rawValue)
        text.add("volatile", handler.isVolatile ? "yes" : "no")
        text.add("timeout", handler.options.timeout.map { "\($0)" } ?? "")
    }

    private func influences(on handlers: [Handler]) -> [HookFile] {
        var paths: Set<String> = []
        // What influences one file influences all that it is influenced by.
        for handler in handlers where !paths.contains(handler.entry) {
            paths.formUnion((generation.influences[handler.entry] ?? []).map(\.path))
        }
        return generation.folder.files.filter { paths.contains($0.path) }
    }

    /// Facts from outside of the files count only where a file could look at them.
    private func addFacts(mentionedIn files: [HookFile], to text: inout LabelledText) {
        func isMentioned(_ word: String) -> Bool { files.contains { $0.text.containsWord(word) } }
        if isMentioned("config") { text.add("configuration", generation.configuration) }
        if isMentioned("direction") { text.add("direction", context.direction.rawValue) }
        if isMentioned("mode") { text.add("mode", context.mode.rawValue) }
        if isMentioned("target") {
            text.add("target", context.target.name)
            text.add("uri", context.target.uri)
        }
    }
}

extension Kind {
    /// The event whose handlers items of this kind pass before they leave; nil for definitions, which travel as they
    /// are.
    fileprivate var filterEvent: EventName? {
        switch job {
        case .content: isContent ? .contentBefore : nil
        case .assets: .assetsBefore
        case .pages: .pagesBefore
        case .lokalize: .lokalizeBefore
        case .layout: .layoutBefore
        }
    }
}
