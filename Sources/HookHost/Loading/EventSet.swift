internal import HookCatalog

/// Events, so that asking for one takes a few instructions: most events have no handler, and happen for every item.
struct EventSet: Sendable, Equatable {
    private var bits: UInt64 = 0

    init(_ events: some Sequence<EventName> = []) {
        for event in events { bits |= EventSet.bit(of: event) }
    }

    func contains(_ event: EventName) -> Bool { bits & EventSet.bit(of: event) != 0 }

    /// A switch over enough cases to be a table for the compiler; a dictionary would hash the event's name.
    private static func bit(of event: EventName) -> UInt64 {
        let position: UInt64 =
            switch event {
            case .requestBefore: 0
            case .pushBefore: 1
            case .pullBefore: 2
            case .planReady: 3
            case .contentBefore: 4
            case .assetsBefore: 5
            case .pagesBefore: 6
            case .lokalizeBefore: 7
            case .layoutBefore: 8
            case .contentReceived: 9
            case .conflict: 10
            case .contentAfter: 11
            case .itemPushed: 12
            case .itemPulled: 13
            case .pushFinished: 14
            case .pullFinished: 15
            case .pushFailed: 16
            case .pullFailed: 17
            case .receiveFinished: 18
            case .itemSaveBefore: 19
            case .itemSaved: 20
            case .itemPublished: 21
            case .itemUnpublished: 22
            case .itemRemoved: 23
            case .appStarted: 24
            case .appStopping: 25
            case .hooksLoaded: 26
            case .hooksUnloading: 27
            }
        return 1 << position
    }
}
