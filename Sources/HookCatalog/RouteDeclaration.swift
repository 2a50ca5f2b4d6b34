/// What handlers of `app.route` are given and may do; what they return is the body of the answer.
///
/// Nothing is status 204, a string is sent as text, everything else as JSON.
public enum RouteDeclaration {
    /// The fields of the request.
    public static let request: [ValueDeclaration] = [
        ValueDeclaration("method", "string", "such as GET"),
        ValueDeclaration("path", "string", "the whole path, without the query"),
        ValueDeclaration("query", "table<string, string>", "what follows the question mark, decoded"),
        ValueDeclaration("headers", "table<string, string>", "by name in lower case; secrets are masked"),
        ValueDeclaration("body", "string", "the bytes that were sent"),
        ValueDeclaration("json", "any", "the body, where its content type says that it is JSON", isOptional: true),
        ValueDeclaration("remote_addr", "string", "address of the caller"),
        ValueDeclaration("authorized", "boolean", "whether the caller holds an API key"),
    ]

    /// The fields of `ctx`.
    public static let fields: [ValueDeclaration] = [.event]

    /// The functions on `ctx`; of several calls for the same thing the last counts.
    public static let methods = [
        ContextMethod(
            "status", [ValueDeclaration("status", "integer", "from 200 to 599")],
            "Sets the status of the answer."),
        ContextMethod(
            "header",
            [
                ValueDeclaration("name", "string", "such as \"Content-Type\""),
                ValueDeclaration("value", "string", "printable ASCII"),
            ],
            "Sets a header of the answer."),
    ]
}
