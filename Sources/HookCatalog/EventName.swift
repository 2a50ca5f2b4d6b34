internal import ContentModel

/// The events that handlers can be registered for.
public enum EventName: String, Sendable, CaseIterable, Codable {
    case requestBefore = "sync.request.before"
    case contentBefore = "sync.content.before"
    case contentAfter = "sync.content.after"
    case itemPushed = "sync.item.pushed"
    case itemPulled = "sync.item.pulled"
    case pushFinished = "sync.push.finished"
    case pullFinished = "sync.pull.finished"
    case pushFailed = "sync.push.failed"
    case pullFailed = "sync.pull.failed"
    case receiveFinished = "sync.receive.finished"
}

extension EventName {
    /// What to tell somebody who named an event that does not exist.
    public static func unknown(_ name: String) -> String {
        let known = allCases.map(\.rawValue)
        let suggestion = didYouMean(name, among: known)
        let advice = suggestion.isEmpty ? " Events are \(known.joined(separator: ", "))." : suggestion
        return "there is no event '\(name.printable)'.\(advice)"
    }
}
