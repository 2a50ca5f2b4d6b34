extension EventName {
    /// The declaration of this event. A `switch`, so that no event can be left out.
    public var declaration: EventDeclaration {
        switch self {
        case .requestBefore: requestGate
        case .contentBefore: contentFilter
        case .contentAfter: contentObserver
        case .itemPushed: itemObserver("Told about every item that a push changed at the target, after the commit.")
        case .itemPulled: itemObserver("Told about every item that a pull changed here, after the commit.")
        case .pushFinished: runObserver("Told when a push is complete and committed.")
        case .pullFinished: runObserver("Told when a pull is complete and committed.")
        case .pushFailed: failureObserver("Told when a push failed; nothing was applied at the target.")
        case .pullFailed: failureObserver("Told when a pull failed; nothing was applied here.")
        case .receiveFinished: receiveObserver
        }
    }

    private var requestGate: EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .gate, place: .responder,
            arguments: [ValueDeclaration("request", "Request", "method, path, remote_addr and headers of the request")],
            fields: [.event],
            methods: [ContextMethod("deny", [.reason], "Refuses the request.")],
            options: [.name, .priority, .timeout],
            summary: "Decides whether a sync request of another instance is answered.")
    }

    private var contentFilter: EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .filter, place: .source,
            arguments: [ValueDeclaration("items", "Item[]", "items of one kind, changed in place")],
            fields: [
                .event, .kind, .model, .direction, .target,
                ValueDeclaration("mode", "\"merge\"|\"mirror\"", "whether the run may delete"),
                ValueDeclaration("run", "string", "id of the run; only where volatile = true", isOptional: true),
            ],
            methods: [
                ContextMethod(
                    "drop", [.item, .reason], "Keeps an item from this destination; a mirror deletes it there."),
                ContextMethod("skip", [.item, .reason], "Leaves an item at the destination as it is."),
                ContextMethod("veto", [.reason], "Stops the run before anything is applied."),
            ],
            options: OptionName.allCases,
            summary: "May change, drop or skip content items and singletons before they leave.")
    }

    private var contentObserver: EventDeclaration {
        observer(
            [ValueDeclaration("items", "Item[]", "the items that were sent"), .target],
            fields: [.kind, .model], options: [.name, .priority, .models, .targets, .direction, .timeout],
            "Told about the items that were sent, after the commit.")
    }

    private func itemObserver(_ summary: String) -> EventDeclaration {
        observer(
            [
                ValueDeclaration("type", "string", "what kind of thing it is, such as content"), .target,
                ValueDeclaration("item", "Item", "the item as it was sent"),
            ],
            fields: [.kind, .model], options: [.name, .priority, .models, .targets, .timeout], summary)
    }

    private func runObserver(_ summary: String) -> EventDeclaration {
        observer([.target], options: [.name, .priority, .targets, .timeout], summary)
    }

    private func failureObserver(_ summary: String) -> EventDeclaration {
        observer(
            [.target, ValueDeclaration("error", "Failure", "code and message of what went wrong")],
            options: [.name, .priority, .targets, .timeout], summary)
    }

    private var receiveObserver: EventDeclaration {
        var declaration = observer(
            [ValueDeclaration("origin", "Origin", "id and name of the instance that the content came from")],
            options: [.name, .priority, .timeout], "Told when another instance has written here, after the commit.")
        declaration.place = .receiver
        return declaration
    }

    private func observer(
        _ arguments: [ValueDeclaration], fields: [ValueDeclaration] = [], options: [OptionName], _ summary: String
    ) -> EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .observer, place: .initiator, arguments: arguments,
            fields: [.event, .delivery, .run, .direction] + fields, methods: [], options: options, summary: summary)
    }
}

extension ValueDeclaration {
    fileprivate static let event = ValueDeclaration("event", "string", "name of the event")
    fileprivate static let kind = ValueDeclaration("kind", "string", "kind of the items, such as content/posts")
    fileprivate static let model = ValueDeclaration("model", "string", "model of the items", isOptional: true)
    fileprivate static let direction = ValueDeclaration("direction", "\"push\"|\"pull\"", "which way content moves")
    fileprivate static let target = ValueDeclaration("target", "Target", "name and uri of the other side")
    fileprivate static let item = ValueDeclaration("item", "Item", "one of the items of this call")
    fileprivate static let reason = ValueDeclaration("reason", "string", "shown to people", isOptional: true)
    fileprivate static let run = ValueDeclaration("run", "string", "id of the run")
    fileprivate static let delivery = ValueDeclaration(
        "delivery_id", "string", "the same whenever this event is delivered again")
}
