public import ContentModel

/// The events that handlers can be registered for.
public enum EventName: String, Sendable, CaseIterable, Codable {
    case requestBefore = "sync.request.before"
    case pushBefore = "sync.push.before"
    case pullBefore = "sync.pull.before"
    case planReady = "sync.plan.ready"
    case contentBefore = "sync.content.before"
    case assetsBefore = "sync.assets.before"
    case pagesBefore = "sync.pages.before"
    case lokalizeBefore = "sync.lokalize.before"
    case layoutBefore = "sync.layout.before"
    case contentReceived = "sync.content.received"
    case conflict = "sync.conflict"
    case contentAfter = "sync.content.after"
    case itemPushed = "sync.item.pushed"
    case itemPulled = "sync.item.pulled"
    case pushFinished = "sync.push.finished"
    case pullFinished = "sync.pull.finished"
    case pushFailed = "sync.push.failed"
    case pullFailed = "sync.pull.failed"
    case receiveFinished = "sync.receive.finished"
    case itemSaveBefore = "content.item.save.before"
    case itemSaved = "content.item.save"
    case itemPublished = "content.item.publish"
    case itemUnpublished = "content.item.unpublish"
    case itemRemoved = "content.item.remove"
    case appStarted = "app.started"
    case appStopping = "app.stopping"
    case hooksLoaded = "hooks.loaded"
    case hooksUnloading = "hooks.unloading"
}

extension EventName {
    /// What to tell somebody whose script names an event that does not exist.
    public static func unknown(_ name: String) -> String {
        let known = allCases.map(\.rawValue)
        let suggestion = didYouMean(name, among: known)
        let advice = suggestion.isEmpty ? " Events are \(known.joined(separator: ", "))." : suggestion
        return "there is no event '\(name.printable)'.\(advice)"
    }
    /// What to tell somebody whose command names an event that does not exist, where `others` may be named as well.
    public static func unknownToCommand(_ name: String, besides others: [String] = []) -> TidelockError {
        let known = allCases.map(\.rawValue)
        let suggestion = didYouMean(name, among: others + known)
        return TidelockError(
            .usage, "There is no event '\(name.printable)'.\(suggestion)",
            hint: suggestion.isEmpty ? "Events are \(known.joined(separator: ", "))." : nil)
    }
}
