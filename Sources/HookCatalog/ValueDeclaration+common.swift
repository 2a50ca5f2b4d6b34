/// Arguments and fields that several events have, so that each is worded once.
extension ValueDeclaration {
    static let event = ValueDeclaration("event", "string", "name of the event")
    static let kind = ValueDeclaration("kind", "string", "kind of the items, such as content/posts")
    static let model = ValueDeclaration("model", "string", "model of the items", isOptional: true)
    static let direction = ValueDeclaration("direction", "\"push\"|\"pull\"", "which way content moves")
    static let mode = ValueDeclaration("mode", "\"merge\"|\"mirror\"", "whether the run may delete")
    static let target = ValueDeclaration("target", "Target", "name and uri of the other side")
    static let origin = ValueDeclaration("origin", "Origin", "id and name of the instance that the content came from")
    static let item = ValueDeclaration("item", "Item", "one of the items of this call")
    static let shownItems = ValueDeclaration(
        "items", "Item[]", "up to \(EventName.itemsAtOnce) items of one kind, changed in place")
    static let itemArgument = ValueDeclaration("item", "Item", "the item")
    static let reason = ValueDeclaration("reason", "string", "shown to people", isOptional: true)
    static let run = ValueDeclaration("run", "string", "id of the run")
    static let user = ValueDeclaration("user", "string", "who did it, where that is known", isOptional: true)
    static let delivery = ValueDeclaration(
        "delivery_id", "string", "the same whenever this event is delivered again")
}

extension ContextMethod {
    static let veto = ContextMethod("veto", [.reason], "Stops everything before anything is applied.")
}
