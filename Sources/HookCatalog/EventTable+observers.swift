extension EventName {
    /// The declarations of the events that handlers are told about afterwards.
    var observerDeclaration: EventDeclaration {
        switch self {
        case .contentAfter: contentObserver
        case .itemPushed: itemObserver("Told about every item that a push changed at the target, after the commit.")
        case .itemPulled: itemObserver("Told about every item that a pull changed here, after the commit.")
        case .pushFinished: runObserver("Told when a push is complete and committed.")
        case .pullFinished: runObserver("Told when a pull is complete and committed.")
        case .pushFailed: failureObserver("Told when a push failed; nothing was applied at the target.")
        case .pullFailed: failureObserver("Told when a pull failed; nothing was applied here.")
        case .receiveFinished: receiveObserver
        case .itemSaved: editObserver("Told when an item was created or changed here.")
        case .itemPublished: editObserver("Told when an item that was not published became so here.")
        case .itemUnpublished: editObserver("Told when an item that was published no longer is.")
        case .itemRemoved: editObserver("Told when an item was removed here.")
        case .appStarted: processObserver("Told once the server answers requests.")
        case .appStopping: processObserver("Told before the server ends.")
        case .hooksLoaded: processObserver("Told when a generation of handlers begins to run in the server.")
        case .hooksUnloading: processObserver("Told when another generation takes over in the server.")
        default: preconditionFailure("\(rawValue) is no observer, so its declaration stands elsewhere.")
        }
    }

    private var contentObserver: EventDeclaration {
        observer(
            [ValueDeclaration("items", "Item[]", "the items that were sent"), .target],
            fields: .ofRun + [.kind, .model], options: [.name, .priority, .models, .targets, .direction, .timeout],
            "Told about the items that were sent, after the commit.")
    }

    private func itemObserver(_ summary: String) -> EventDeclaration {
        observer(
            [ValueDeclaration("type", "string", "what kind of thing it is, such as content"), .target, .itemArgument],
            fields: .ofRun + [.kind, .model], options: [.name, .priority, .models, .targets, .timeout], summary)
    }

    private func runObserver(_ summary: String) -> EventDeclaration {
        observer([.target], fields: .ofRun, options: [.name, .priority, .targets, .timeout], summary)
    }

    private func failureObserver(_ summary: String) -> EventDeclaration {
        observer(
            [.target, ValueDeclaration("error", "Failure", "code and message of what went wrong")], fields: .ofRun,
            options: [.name, .priority, .targets, .timeout], summary)
    }

    private var receiveObserver: EventDeclaration {
        observer(
            at: .receiver, [.origin], fields: .ofRun, options: [.name, .priority, .timeout],
            "Told when another instance has written here, after the commit.")
    }

    private func editObserver(_ summary: String) -> EventDeclaration {
        observer(
            at: .editor, [.model, .itemArgument], fields: [.run, .kind, .user],
            options: [.name, .priority, .models, .timeout], summary)
    }

    private func processObserver(_ summary: String) -> EventDeclaration {
        observer(
            at: .process,
            [ValueDeclaration("info", "ProcessInfo", "name and version of the instance, and the generation")],
            fields: [], options: [.name, .priority, .timeout], summary)
    }

    private func observer(
        at place: EventPlace = .initiator, _ arguments: [ValueDeclaration], fields: [ValueDeclaration],
        options: [OptionName], _ summary: String
    ) -> EventDeclaration {
        EventDeclaration(
            name: self, eventClass: .observer, place: place, arguments: arguments,
            fields: [.event, .delivery] + fields, methods: [], options: options, summary: summary)
    }
}

extension [ValueDeclaration] {
    /// What every event that belongs to a run says about it.
    fileprivate static var ofRun: Self { [.run, .direction] }
}
