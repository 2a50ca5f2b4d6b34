extension HostFunction {
    var cacheDeclaration: HostFunctionDeclaration {
        let key = ValueDeclaration("key", "string", "shared by all handlers")
        let value = ValueDeclaration("value", "any", "a value that JSON can express", isOptional: true)
        return switch self {
        case .cacheRead:
            HostFunctionDeclaration(
                "Reads from the cache; nil when it is not there any more.", .outward, [key], results: [value])
        case .cacheWrite:
            HostFunctionDeclaration(
                "Keeps a value in the cache, where a flush or its age ends it.", .outward,
                [key, value, ValueDeclaration("seconds", "number", "how long to keep it", isOptional: true)])
        case .cacheDelete: HostFunctionDeclaration("Takes a value out of the cache.", .outward, [key])
        default: HostFunctionDeclaration("Empties the cache.", .outward)
        }
    }

    var keyDeclaration: HostFunctionDeclaration {
        let key = ValueDeclaration("key", "string", "seen only by handlers of the same file")
        let value = ValueDeclaration("value", "any", "a value that JSON can express", isOptional: true)
        return switch self {
        case .keyGet: HostFunctionDeclaration("Reads a value that this file keeps.", .outward, [key], results: [value])
        case .keySet:
            HostFunctionDeclaration(
                "Keeps a value for this file until it is deleted; nil deletes it.", .outward,
                [key, value, ValueDeclaration("seconds", "number", "how long to keep it", isOptional: true)])
        case .keyDelete: HostFunctionDeclaration("Deletes a value that this file keeps.", .outward, [key])
        default:
            HostFunctionDeclaration(
                "Adds to a number that this file keeps, in one step, and answers the sum.", .outward,
                [key, ValueDeclaration("by", "integer", "1 if left out", isOptional: true)],
                results: [ValueDeclaration("sum", "integer", "the number afterwards")])
        }
    }

    var searchDeclaration: HostFunctionDeclaration {
        switch self {
        case .searchIndex:
            HostFunctionDeclaration(
                "Builds the search index again.", .outward,
                [ValueDeclaration("model", "string", "only this one; all of them if left out", isOptional: true)],
                results: [ValueDeclaration("items", "integer", "how many items it holds now")])
        default:
            HostFunctionDeclaration(
                "Finds items by words in their texts.", .outward,
                [
                    ValueDeclaration("words", "string", "all of them must occur; the last may be a beginning"),
                    ValueDeclaration("options", "SearchOptions", "model, fields, limit and offset", isOptional: true),
                ], results: [ValueDeclaration("found", "SearchResult", "total and hits, the best first")])
        }
    }

    var syncDeclaration: HostFunctionDeclaration {
        let target = ValueDeclaration(
            "target", "string|Target", "name of a configured target, or what a handler was given")
        return switch self {
        case .syncRun:
            HostFunctionDeclaration(
                "Runs jobs against a target and waits for the end; raises if the run fails.", .outward,
                [
                    target, ValueDeclaration("jobs", "Job[]", "what to move", isOptional: true),
                    ValueDeclaration("options", "RunOptions", "mode, push if left out", isOptional: true),
                ], results: [ValueDeclaration("result", "RunResult", "what was created, updated and deleted")])
        case .syncItem:
            HostFunctionDeclaration(
                "Moves one item and waits for the end; raises if that fails.", .outward,
                [target, ValueDeclaration("what", "ItemRequest", "model, id or item, syncAssets and mode")],
                results: [ValueDeclaration("result", "RunResult", "what was created, updated and deleted")])
        case .syncStatus:
            HostFunctionDeclaration(
                "Tells whether a run is at work on this instance, and which one ended last.", .outward, [],
                results: [
                    ValueDeclaration("status", "SyncStatus", "syncing, and holder, since and lastSync where known")
                ])
        default:
            HostFunctionDeclaration(
                "Asks a target whether it answers and accepts our key.", .outward, [target],
                results: [ValueDeclaration("answer", "CheckResult", "success, and version or error")])
        }
    }
}
