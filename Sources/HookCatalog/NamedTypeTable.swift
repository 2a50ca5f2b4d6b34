extension NamedType {
    /// The declaration of this type. A `switch`, so that no type can be left out.
    public var declaration: TypeDeclaration {
        switch self {
        case .item, .target, .origin, .failure, .job, .plan, .kindPlan, .conflict, .request, .routeRequest,
            .processInfo, .taskContext, .routeContext:
            givenDeclaration
        case .options, .taskOptions, .routeOptions, .logOptions, .findOptions, .httpOptions, .mailOptions,
            .attachment, .searchOptions, .runOptions, .itemRequest:
            takenDeclaration
        case .user, .httpResponse, .searchResult, .searchHit, .runResult, .checkResult, .syncStatus, .secret:
            answeredDeclaration
        }
    }

    private func field(_ name: String, _ type: String, _ summary: String) -> ValueDeclaration {
        ValueDeclaration(name, type, summary)
    }

    private func option(_ name: String, _ type: String, _ summary: String) -> ValueDeclaration {
        ValueDeclaration(name, type, summary, isOptional: true)
    }
}

// MARK: - What handlers are given

extension NamedType {
    private var givenDeclaration: TypeDeclaration {
        switch self {
        case .item:
            TypeDeclaration(
                "A content item: whatever fields its model has.", isOpen: true,
                [
                    option("_id", "string", "what identifies it within its model; singletons have _model instead"),
                    option("_model", "string", "the model, where the item is a singleton"),
                    option("_state", "integer", "1 when it is published"),
                    option("_modified", "integer", "seconds since 1970 in UTC"),
                    option("_created", "integer", "seconds since 1970 in UTC"),
                ])
        case .target:
            TypeDeclaration(
                "The other side of a run.",
                [field("name", "string", "what the configuration calls it"), field("uri", "string", "its address")])
        case .origin:
            TypeDeclaration(
                "The instance that content came from.",
                [field("id", "string", "never changes"), field("name", "string", "for people")])
        case .failure:
            TypeDeclaration(
                "What went wrong.",
                [
                    field("code", "string", "never changes, such as hook_failed"),
                    field("message", "string", "a sentence"),
                ])
        case .job:
            TypeDeclaration(
                "A part of what a run moves.",
                [
                    field("name", "string", "content, assets, pages, lokalize or layout"),
                    option("syncSettings", "table", "what of it to move, and how"),
                ])
        case .plan: planDeclaration
        case .kindPlan: kindPlanDeclaration
        case .conflict:
            TypeDeclaration(
                "An item that was changed on both sides.",
                [
                    field("kind", "string", "kind of the item, such as content/posts"),
                    field("id", "string", "what identifies it"),
                    option("source", "Item", "what arrives; nil when it was deleted there"),
                    option("target", "Item", "what is here; nil when it was deleted here"),
                    option("base", "Item", "what both were made of; nil when that is not known"),
                ])
        case .request:
            TypeDeclaration(
                "A sync request of another instance.",
                [
                    field("method", "string", "such as POST"), field("path", "string", "below the address"),
                    field("remote_addr", "string", "address of who asks"),
                    field("headers", "table<string, string>", "names in lowercase; what is secret reads ***"),
                ])
        case .routeRequest: TypeDeclaration("A request that a route answers.", RouteDeclaration.request)
        case .taskContext:
            TypeDeclaration(
                "What a function that the clock starts is told.",
                [
                    field("event", "string", "the interval or the expression"),
                    option("due", "integer", "when it was due, in seconds since 1970 in UTC"),
                ])
        case .routeContext:
            TypeDeclaration(
                "What a route is told besides the request, and how it says more than the body.",
                RouteDeclaration.fields + RouteDeclaration.methods.map(\.field))
        default:
            TypeDeclaration(
                "The process that serves.",
                [
                    field("id", "string", "of the instance"), field("name", "string", "of the instance"),
                    field("version", "string", "of the program"), field("generation", "string", "of the handlers"),
                ])
        }
    }

    private var planDeclaration: TypeDeclaration {
        TypeDeclaration(
            "What a run would do.", isOpen: true,
            [field("kinds", "KindPlan[]", "one for each kind that has something to do")])
    }

    private var kindPlanDeclaration: TypeDeclaration {
        TypeDeclaration(
            "What a run would do to one kind.", isOpen: true,
            [
                field("kind", "string", "such as content/posts"),
                field("creates", "integer", "items that were never sent to the destination, or were deleted there"),
                field("updates", "integer", "items that replace what is there"),
                field("deletes", "integer", "items that go"),
                option("skips", "integer", "items that handlers or policies leave as they are"),
                option("drops", "integer", "items that handlers kept from this destination"),
                option("unchanged", "integer", "items that are the same on both sides"),
                option("overwrites", "integer", "edits made at the destination that the run replaces or deletes"),
            ])
    }
}

// MARK: - What functions take

extension NamedType {
    private var takenDeclaration: TypeDeclaration {
        switch self {
        case .options:
            TypeDeclaration(
                "Which events a handler is for, and how it runs.", OptionName.allCases.map(\.declaration))
        case .taskOptions:
            TypeDeclaration(
                "How a function that the clock starts runs.",
                [OptionName.name, .timeout].map(\.declaration))
        case .routeOptions:
            TypeDeclaration(
                "How a route answers.",
                [OptionName.name, .timeout].map(\.declaration)
                    + [option("public", "boolean", "answers those without an API key, too")])
        case .logOptions:
            TypeDeclaration(
                "Where a line of the log goes.",
                [
                    option("channel", "string", "by which the log can be filtered; hooks if left out"),
                    option(
                        "type", "\"debug\"|\"info\"|\"notice\"|\"warning\"|\"alert\"|\"error\"",
                        "how serious it is; info if left out"),
                    option("context", "any", "further facts that JSON can express"),
                ])
        case .findOptions:
            TypeDeclaration(
                "Which documents, in which order.",
                [
                    option("filter", "table", "such as { type = \"post\" }; all documents if left out"),
                    option("sort", "table", "{ field = 1 }, { field = -1 }, or a list of such tables"),
                    option("limit", "integer", "at most so many"), option("skip", "integer", "leave out the first"),
                ])
        case .httpOptions:
            TypeDeclaration(
                "What to ask, and how.",
                [
                    option("url", "string", "only for app.http.request"),
                    option("method", "string", "only for app.http.request; GET if left out"),
                    option("headers", "table<string, string|number|Secret>", "header fields by name"),
                    option("body", "string", "what to send; excludes json"),
                    option("json", "any", "a value to send as JSON"),
                    option("timeout", "number", "seconds to wait, up to 300"),
                ])
        case .mailOptions: mailDeclaration
        case .attachment:
            TypeDeclaration(
                "A file in a mail.",
                [
                    field("name", "string", "of the file"), field("content", "string", "the bytes"),
                    option("type", "string", "such as text/csv"),
                ])
        case .searchOptions:
            TypeDeclaration(
                "Where to look, and how much to answer.",
                [
                    option("model", "string", "only items of this model"),
                    option("fields", "string[]", "only these fields"),
                    option("limit", "integer", "at most so many hits, up to 1000; 20 if left out"),
                    option("offset", "integer", "leave out the first"),
                ])
        case .runOptions:
            TypeDeclaration("How to run.", [option("mode", "\"push\"|\"pull\"", "push if left out")])
        default:
            TypeDeclaration(
                "Which item to move.",
                [
                    option("type", "\"content\"|\"pages\"", "content if left out"),
                    option("model", "string", "of the item, unless it is a page"),
                    option("id", "string", "of the item, unless it is given itself"),
                    option("item", "Item", "a table with its _id, or with the _model of a singleton"),
                    option("syncAssets", "boolean", "also the assets that it uses, with their folders"),
                    option("mode", "\"push\"|\"pull\"", "push if left out"),
                ])
        }
    }

    private var mailDeclaration: TypeDeclaration {
        TypeDeclaration(
            "What a mail has besides its text.",
            [
                option("from", "string", "address of the sender; the configured one if left out"),
                option("from_name", "string", "name of the sender"),
                option("reply_to", "string", "where answers go"),
                option("cc", "string|string[]", "addresses that get a copy"),
                option("bcc", "string|string[]", "addresses that get a copy and are shown to nobody"),
                option("text", "string", "the message for those who do not read HTML"),
                option("html", "boolean", "whether the message is HTML, where it is not plain to see"),
                option("attachments", "Attachment[]", "files to send along"),
            ])
    }
}

// MARK: - What functions answer

extension NamedType {
    private var answeredDeclaration: TypeDeclaration {
        switch self {
        case .user: TypeDeclaration("A person.", [field("user", "string", "the name")])
        case .httpResponse:
            TypeDeclaration(
                "An answer; every status is one.",
                [
                    field("status", "integer", "such as 200"),
                    field("headers", "table<string, string>", "names in lowercase"),
                    field("body", "string", "as it arrived"),
                    option("json", "any", "the value of the body, when it is JSON"),
                ])
        case .searchResult:
            TypeDeclaration(
                "What was found.",
                [
                    field("total", "integer", "how many there are"),
                    field("hits", "SearchHit[]", "those asked for, the best first"),
                ])
        case .searchHit:
            TypeDeclaration(
                "An item that was found.",
                [
                    field("model", "string", "of the item"), field("id", "string", "of the item"),
                    field("score", "number", "higher is better, within one result"),
                ])
        case .runResult:
            TypeDeclaration(
                "What a run did.", isOpen: true,
                [
                    field("run", "string", "id of the run"),
                    field("status", "\"committed\"|\"unchanged\"|\"planned\"|\"failed\"", "how it ended"),
                    field("created", "integer", "items that are new at the destination"),
                    field("updated", "integer", "items that were replaced"),
                    field("deleted", "integer", "items that are gone"),
                    option("skipped", "integer", "items that were left as they are"),
                    option("conflicts", "integer", "items that were changed on both sides"),
                ])
        case .checkResult:
            TypeDeclaration(
                "Whether a target answers.", isOpen: true,
                [
                    field("success", "boolean", "whether it answers and accepts our key"),
                    option("version", "string", "of the program there"),
                    option("code", "string", "of the error"), option("error", "string", "why not"),
                ])
        case .syncStatus:
            TypeDeclaration(
                "What goes on at this instance, and what went on last.", isOpen: true,
                [
                    field("syncing", "boolean", "whether somebody writes here right now"),
                    option("holder", "string", "the name of that one"),
                    option("since", "integer", "seconds since 1970 in UTC"),
                    option("lastSync", "table", "peer, direction, action, status and timestamp of the last run"),
                ])
        default: TypeDeclaration("Something secret: joining it to strings gives something secret; shown it reads ***.")
        }
    }
}

extension ContextMethod {
    /// The function as a field of the table that it stands in.
    fileprivate var field: ValueDeclaration {
        let parameters = parameters.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
        return ValueDeclaration(name, "fun(\(parameters))", summary)
    }
}
