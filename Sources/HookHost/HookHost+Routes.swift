internal import ContentModel
internal import LuaRuntime
public import SyncEngine

extension HookHost: ScriptedRoutes {
    public func route(_ method: String, _ path: String) async throws -> RouteMatch {
        let generation = try await generationForStrangers()
        let routes = generation.routes.filter { $0.route.path == path }
        if let match = routes.first(where: { $0.route.method == method }) {
            return .found(
                LoadedRoute(handler: match.handler, isPublic: match.route.isPublic, generation: generation, host: self))
        }
        return routes.isEmpty ? .unknown : .otherMethods(routes.map(\.route.method).sorted())
    }

    /// What is wrong with the files stands in the log and in the status; whoever calls from outside is not told.
    private func generationForStrangers() async throws -> Generation {
        do {
            return try await current()
        } catch {
            throw TidelockError(
                .hookLoadFailed, "The handlers of this instance could not be loaded.",
                hint: "'tidelock hooks check' on that machine tells why.", underlying: error)
        }
    }
}

/// A handler of `app.route` in the generation in which it was found.
private struct LoadedRoute: ScriptedRoute {
    let handler: Handler
    let isPublic: Bool
    let generation: Generation
    let host: HookHost

    func answer(_ request: ScriptedRequest) async throws -> ScriptedAnswer {
        let failure = HookFailure(handler: handler, folder: generation.folder)
        let call = HandlerCall(
            handler: handler, arguments: [.value(.object(try request.luaFields))],
            context: LuaContext(
                fields: [LuaField("event", .text(handler.trigger.label))], marks: AnswerMark.allCases.map(\.rawValue)),
            limits: host.configuration.limits.limits(of: handler))
        do {
            let outcome = try await host.routePool.withMachine(of: generation) { machine in
                try await machine.call(call)
            }
            return try ScriptedAnswer(outcome)
        } catch let error as LuaError {
            throw hidden(failure.failed(error))
        } catch let error as HostError {
            throw hidden(failure.misbehaved("gave no usable answer: \(error)", hint: ""))
        } catch let error as TidelockError {
            throw hidden(error)
        }
    }

    /// People read in the log what happened; the caller may be anybody.
    private func hidden(_ error: TidelockError) -> TidelockError {
        host.log.report("error", error.message)
        return TidelockError(
            .hookFailed, "The script that answers this request failed.", hint: "The log of that instance says more.",
            underlying: error)
    }
}

extension ScriptedRequest {
    /// The table that a handler gets. Throws `invalid_json`.
    fileprivate var luaFields: [LuaField] {
        get throws {
            var fields = head.luaFields
            let sorted = query.sorted { $0.key < $1.key }
            fields.append(LuaField("query", .object(sorted.map { LuaField($0.key, .text($0.value)) })))
            fields.append(LuaField("body", .string(body)))
            fields.append(LuaField("authorized", .boolean(isAuthorized)))
            if isJSON { fields.append(LuaField("json", LuaValue(try json))) }
            return fields
        }
    }

    private var json: JSONValue {
        get throws {
            do {
                return JSONValue(try JSONDocument(validating: body))
            } catch {
                throw TidelockError(
                    .invalidJSON, "The body of the request is not the JSON that its content type says it is.",
                    underlying: error)
            }
        }
    }

    /// Whether the body calls itself JSON: `application/json` or a type of it, such as `application/problem+json`.
    private var isJSON: Bool {
        guard let type = head.headers.first(where: { $0.name.lowercased() == "content-type" })?.value else {
            return false
        }
        let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return essence == "application/json" || (essence.hasPrefix("application/") && essence.hasSuffix("+json"))
    }
}
