extension EventName {
    /// So many items of a page are shown to a filter at once. With more, what Lua keeps of them would leave the
    /// processor's caches, and every handler would become slower.
    public static let itemsAtOnce = 64

    /// The declaration of this event. A `switch`, so that no event can be left out.
    public var declaration: EventDeclaration {
        switch self {
        case .requestBefore: requestGate
        case .pushBefore: runGate("Decides whether a push may begin.")
        case .pullBefore: runGate("Decides whether a pull may begin.")
        case .planReady: planGate
        case .contentBefore: sourceFilter("May change, drop or skip content items and singletons before they leave.")
        case .assetsBefore: sourceFilter("May change, drop or skip assets and their folders before they leave.")
        case .pagesBefore: sourceFilter("May change, drop or skip pages, menus and settings before they leave.")
        case .lokalizeBefore: sourceFilter("May change, drop or skip translations before they leave.")
        case .layoutBefore: sourceFilter("May change, drop or skip layout components before they leave.")
        case .contentReceived: arrivalFilter
        case .conflict: conflictDecision
        case .itemSaveBefore: saveFilter
        default: observerDeclaration
        }
    }

    private var requestGate: EventDeclaration {
        gate(
            at: .responder,
            [ValueDeclaration("request", "Request", "method, path, remote_addr and headers of the request")],
            options: [.name, .priority, .timeout],
            "Decides whether a sync request of another instance is answered.")
    }

    private func runGate(_ summary: String) -> EventDeclaration {
        gate(
            at: .initiator, [.target, ValueDeclaration("jobs", "Job[]", "what was asked for: name and syncSettings")],
            fields: [.run, .direction, .mode, .user], options: [.name, .priority, .targets, .timeout], summary)
    }

    private var planGate: EventDeclaration {
        gate(
            at: .initiator,
            [ValueDeclaration("plan", "Plan", "how much would be created, updated and deleted, by kind"), .target],
            fields: [.run, .direction, .mode, .user], options: [.name, .priority, .targets, .direction, .timeout],
            "Decides whether a plan may be carried out, before anything is applied.")
    }

    private func gate(
        at place: EventPlace, _ arguments: [ValueDeclaration], fields: [ValueDeclaration] = [], options: [OptionName],
        _ summary: String
    ) -> EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .gate, place: place, arguments: arguments, fields: [.event] + fields,
            methods: [ContextMethod("deny", [.reason], "Refuses, and says why.")], options: options, summary: summary)
    }

    private func sourceFilter(_ summary: String) -> EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .filter, place: .source,
            arguments: [.shownItems],
            fields: [
                .event, .kind, .model, .direction, .target, .mode,
                ValueDeclaration("run", "string", "id of the run; only where volatile = true", isOptional: true),
            ],
            methods: [
                ContextMethod(
                    "drop", [.item, .reason], "Keeps an item from this destination; a mirror deletes it there."),
                ContextMethod("skip", [.item, .reason], "Leaves an item at the destination as it is."),
                .veto,
            ],
            options: OptionName.allCases.filter { self == .contentBefore || $0 != .models }, summary: summary)
    }

    private var arrivalFilter: EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .filter, place: .destination,
            arguments: [.shownItems],
            fields: [.event, .kind, .model, .origin], methods: [.veto],
            options: [.name, .priority, .models, .volatile, .timeout],
            summary: "May change items that arrive from another instance, or stop the run, before anything is applied.")
    }

    private var conflictDecision: EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .decision, place: .destination,
            arguments: [ValueDeclaration("conflict", "Conflict", "an item that was changed on both sides")],
            fields: [.event, .kind, .model, .origin],
            methods: [
                ContextMethod(
                    "resolve",
                    [ValueDeclaration("verdict", "\"source\"|\"target\"|Item", "which version counts, or a new one")],
                    "Decides the conflict; the first verdict counts.")
            ],
            options: [.name, .priority, .models, .timeout],
            summary: "Decides what becomes of an item that was edited here since its source sent it.")
    }

    private var saveFilter: EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .filter, place: .editor,
            arguments: [.model, .itemArgument, ValueDeclaration("isUpdate", "boolean", "whether it exists already")],
            fields: [.event, .kind, .user], methods: [.veto],
            options: [.name, .priority, .models, .volatile, .timeout],
            summary: "May change an item that somebody edits here, or refuse the edit.")
    }
}
