extension HostFunction {
    /// The functions that register, which only the top level of a file may call.
    var registrationDeclaration: HostFunctionDeclaration {
        let handler = ValueDeclaration("handler", "fun(ctx: TaskContext)", "called with ctx")
        let options = ValueDeclaration("options", "TaskOptions", "name and timeout", isOptional: true)
        return switch self {
        case .every:
            HostFunctionDeclaration(
                "Runs a function again and again while the server runs.", .registers,
                [
                    ValueDeclaration("interval", "string", "such as \"30s\", \"10m\", \"6h\" or \"1d\""), handler,
                    options,
                ])
        case .cron:
            HostFunctionDeclaration(
                "Runs a function at the times of a cron expression, in UTC, while the server runs.", .registers,
                [
                    ValueDeclaration("expression", "string", "minute, hour, day, month and weekday: \"0 3 * * *\""),
                    handler, options,
                ])
        case .route:
            HostFunctionDeclaration(
                "Answers requests below /api/x for holders of an API key.", .registers,
                [
                    ValueDeclaration("method", "string", "GET, POST, PUT, PATCH or DELETE"),
                    ValueDeclaration("path", "string", "such as \"/sync-status\""),
                    ValueDeclaration(
                        "handler", "fun(request: RouteRequest, ctx: RouteContext): any",
                        "called with the request and ctx; what it returns is the body: a string as text, else JSON"),
                    ValueDeclaration("options", "RouteOptions", "name, timeout, and public = true", isOptional: true),
                ])
        default:
            HostFunctionDeclaration(
                "Registers a handler for an event.", .registers,
                [
                    ValueDeclaration("event", "string", "name of the event"),
                    ValueDeclaration("handler", "function", "called with the arguments of the event, then ctx"),
                    ValueDeclaration("options", "Options", "which events it is for, and how it runs", isOptional: true),
                ])
        }
    }
}
