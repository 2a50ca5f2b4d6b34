/// Everything there is to know about a function that scripts may call.
public struct HostFunctionDeclaration: Sendable {
    public var parameters: [ValueDeclaration]
    public var results: [ValueDeclaration]
    public var effect: HostFunction.Effect
    /// One sentence.
    public var summary: String

    init(
        _ summary: String, _ effect: HostFunction.Effect, _ parameters: [ValueDeclaration] = [],
        results: [ValueDeclaration] = []
    ) {
        self.parameters = parameters
        self.results = results
        self.effect = effect
        self.summary = summary
    }
}

extension HostFunction {
    /// The declaration of this function. A `switch`, so that no function can be left out.
    public var declaration: HostFunctionDeclaration {
        switch self {
        case .on, .every, .cron, .route: registrationDeclaration
        case .log, .time, .authUser, .mail, .asyncRun, .secret: generalDeclaration
        case .cacheRead, .cacheWrite, .cacheDelete, .cacheFlush: cacheDeclaration
        case .keyGet, .keySet, .keyDelete, .keyIncrement: keyDeclaration
        case .searchIndex, .searchQuery: searchDeclaration
        case .syncRun, .syncItem, .syncCheck, .syncStatus: syncDeclaration
        case .jsonDecode, .jsonEncode, .jsonArray, .jsonObject: jsonDeclaration
        case .storageSave, .storageFind, .storageFindOne, .storageRemove, .storageCount: storageDeclaration
        case .httpGet, .httpPost, .httpRequest: httpDeclaration
        case .osTime, .osDate, .osClock, .random, .randomSeed: standardDeclaration
        }
    }

    private var generalDeclaration: HostFunctionDeclaration {
        switch self {
        case .log:
            HostFunctionDeclaration(
                "Adds a line to the log.", .pure,
                [
                    ValueDeclaration("message", "string", "one line"),
                    ValueDeclaration("options", "LogOptions", "channel, type and context", isOptional: true),
                ])
        case .time:
            HostFunctionDeclaration(
                "Tells the time.", .outward,
                results: [ValueDeclaration("seconds", "integer", "whole seconds since 1970 in UTC")])
        case .authUser:
            HostFunctionDeclaration(
                "Tells who started what is happening.", .outward,
                results: [ValueDeclaration("user", "User", "nil when it was not a person", isOptional: true)])
        case .mail:
            HostFunctionDeclaration(
                "Sends a mail.", .outward,
                [
                    ValueDeclaration(
                        "to", "string|string[]", "addresses; several may stand in one string, with commas"),
                    ValueDeclaration("subject", "string", "one line"),
                    ValueDeclaration("message", "string", "text, or HTML if it looks like HTML"),
                    ValueDeclaration("options", "MailOptions", "from, cc, attachments and more", isOptional: true),
                ])
        case .asyncRun:
            HostFunctionDeclaration(
                "Runs a function once the handler has ended. Its failure is logged and concerns nobody else.", .outward,
                [ValueDeclaration("task", "fun()", "called without arguments")])
        default:
            HostFunctionDeclaration(
                "Answers a secret of the configuration, good for requests and mails; shown anywhere else it reads ***.",
                .outward, [ValueDeclaration("name", "string", "its name in hooks.secrets")],
                results: [ValueDeclaration("secret", "Secret", "may be joined to strings with ..")])
        }
    }

    /// `os.time` and `os.date` are pure as long as they are told which time is meant; asking for the present one
    /// follows the rule of `app.time`.
    private var standardDeclaration: HostFunctionDeclaration {
        let time = ValueDeclaration("time", "integer", "seconds since 1970 in UTC; now if left out", isOptional: true)
        switch self {
        case .osTime:
            let parts = ValueDeclaration("parts", "table", "year, month, day, hour, min, sec in UTC", isOptional: true)
            return HostFunctionDeclaration("Tells the time, or turns a date into one.", .pure, [parts], results: [time])
        case .osDate:
            let format = ValueDeclaration("format", "string", "as for strftime, or *t", isOptional: true)
            let text = ValueDeclaration("text", "string|table", "the date in UTC")
            return HostFunctionDeclaration("Writes a time as a date.", .pure, [format, time], results: [text])
        case .osClock:
            let seconds = ValueDeclaration("seconds", "number", "time on the CPU")
            return HostFunctionDeclaration("Tells how much time the process used.", .outward, results: [seconds])
        case .random:
            let lower = ValueDeclaration("m", "integer", "lower bound, or the upper one if alone", isOptional: true)
            let upper = ValueDeclaration("n", "integer", "upper bound", isOptional: true)
            let number = ValueDeclaration("number", "number", "from 0 to 1, or between the bounds")
            return HostFunctionDeclaration("Draws a number.", .outward, [lower, upper], results: [number])
        default:
            return HostFunctionDeclaration("Does nothing: numbers are drawn from the system.", .outward)
        }
    }

    private var jsonDeclaration: HostFunctionDeclaration {
        let text = ValueDeclaration("text", "string", "JSON")
        let value = ValueDeclaration("value", "any", "a value that JSON can express")
        let table = ValueDeclaration("table", "table", "taken over as it is", isOptional: true)
        return switch self {
        case .jsonDecode: HostFunctionDeclaration("Reads JSON.", .pure, [text], results: [value])
        case .jsonEncode: HostFunctionDeclaration("Writes JSON.", .pure, [value], results: [text])
        case .jsonArray:
            HostFunctionDeclaration("Makes a table an array, even when empty.", .pure, [table], results: [table])
        default: HostFunctionDeclaration("Makes a table an object, even when empty.", .pure, [table], results: [table])
        }
    }

    private var storageDeclaration: HostFunctionDeclaration {
        let collection = ValueDeclaration("collection", "string", "such as sync/audit_log")
        let options = ValueDeclaration("options", "FindOptions", "filter, sort, limit and skip", isOptional: true)
        let filter = ValueDeclaration("filter", "table", "such as { type = \"post\" }")
        let number = ValueDeclaration("number", "integer", "how many")
        switch self {
        case .storageSave:
            let document = ValueDeclaration("document", "table", "gets an _id if it has none")
            return HostFunctionDeclaration(
                "Stores a document and answers what was stored.", .outward, [collection, document], results: [document])
        case .storageFind:
            let found = ValueDeclaration("documents", "table[]", "in the order asked for")
            return HostFunctionDeclaration("Finds documents.", .outward, [collection, options], results: [found])
        case .storageFindOne:
            let found = ValueDeclaration("document", "table", "the first that matches", isOptional: true)
            return HostFunctionDeclaration("Finds one document.", .outward, [collection, options], results: [found])
        case .storageRemove:
            return HostFunctionDeclaration(
                "Removes the documents that match.", .outward, [collection, filter], results: [number])
        default:
            var anything = filter
            anything.isOptional = true
            return HostFunctionDeclaration(
                "Counts the documents that match.", .outward, [collection, anything], results: [number])
        }
    }

    private var httpDeclaration: HostFunctionDeclaration {
        let url = ValueDeclaration("url", "string", "of a target, or of a host that the configuration allows")
        let more = ValueDeclaration("options", "HTTPOptions", "headers, body, json and timeout", isOptional: true)
        let answer = [ValueDeclaration("response", "HTTPResponse", "status, headers, body, and json when it is JSON")]
        return switch self {
        case .httpGet: HostFunctionDeclaration("Asks for a page.", .outward, [url, more], results: answer)
        case .httpPost: HostFunctionDeclaration("Sends a body to a page.", .outward, [url, more], results: answer)
        default:
            HostFunctionDeclaration(
                "Makes any HTTP request.", .outward,
                [ValueDeclaration("options", "HTTPOptions", "url, method, headers, body, json and timeout")],
                results: answer)
        }
    }
}
