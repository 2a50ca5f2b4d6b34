internal import ContentModel
internal import HookCatalog

/// Looks for mistakes that loading a file does not show, because the function they are in was not called.
///
/// Tells only what is certain: people stop reading a check that cries wolf.
struct SourceCheck {
    let file: HookFile

    /// In the order of the lines.
    var problems: [HookProblem] {
        guard let outline = LuaOutline(file.text) else { return [] }
        let found = globals(outline) + services(outline) + contexts(outline)
        return found.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    private func problem(_ line: Int, _ message: String) -> HookProblem {
        HookProblem(file: file.path, line: line, message, excerpt: file.line(line))
    }
}

// MARK: - Globals

extension SourceCheck {
    /// Names that are read and that nothing in the file assigns; each once.
    private func globals(_ outline: LuaOutline) -> [HookProblem] {
        var assigned: Set<String> = []
        var read: [(name: String, line: Int)] = []
        for use in outline.uses {
            guard case .global(let name) = use.root else { continue }
            // Whoever works on the table of globals itself may make any of them.
            if name == "_G" || name == "_ENV" { return [] }
            if case .assigned = use.manner, use.members.isEmpty {
                assigned.insert(name)
            } else {
                read.append((name, use.line))
            }
        }
        let known = StandardLibrary.names.union(assigned).union(["app"])
        var told: Set<String> = []
        return read.compactMap { use in
            guard !known.contains(use.name), told.insert(use.name).inserted else { return nil }
            let advice = advice(use.name, known.union(outline.localNames))
            return problem(use.line, "undeclared global '\(use.name)'.\(advice)")
        }
    }

    private func advice(_ name: String, _ known: Set<String>) -> String {
        if let instead = StandardLibrary.absent[name] { return " It is not offered here: \(instead)." }
        let suggestion = didYouMean(name, among: known.sorted())
        return suggestion.isEmpty ? " Nothing in this file assigns it; is a 'local' missing?" : suggestion
    }
}

// MARK: - Services

extension SourceCheck {
    private func services(_ outline: LuaOutline) -> [HookProblem] {
        let uses = outline.uses.filter { $0.root == .global("app") }
        // A file may have an 'app' of its own.
        let isReplaced = uses.contains { use in if case .assigned = use.manner { use.members.isEmpty } else { false } }
        guard !isReplaced else { return [] }
        // One who asks first whether it is there knows that it may not be.
        let asked = Set(uses.compactMap { use in if case .tested = use.manner { use.path } else { nil } })
        return uses.compactMap { use in
            if case .assigned = use.manner {
                return problem(use.line, "'\(use.path)' cannot be changed: 'app' belongs to the host.")
            }
            if case .indexed(let method?) = use.manner, HostFunction(rawValue: "\(use.path).\(method)") != nil {
                return problem(
                    use.line,
                    "'\(use.path):\(method)' passes '\(use.path)' as the first argument; "
                        + "write '\(use.path).\(method)' with a dot.")
            }
            guard let unknown = unknownPart(of: use), asked.isDisjoint(with: [use.path, unknown]) else { return nil }
            return problem(use.line, "there is no '\(unknown)'.\(serviceAdvice(unknown))")
        }
    }

    /// The first part of the path that the catalogue does not know.
    private func unknownPart(of use: LuaOutline.Use) -> String? {
        var path = "app"
        var members = use.members
        if case .indexed(let method?) = use.manner { members.append(method) }
        for member in members {
            // What lies within the configuration is the people's own.
            if path == HostFunction.configuration || HostFunction(rawValue: path) != nil { return nil }
            path += ".\(member)"
            if !HostFunction.paths.contains(path) { return path }
        }
        return nil
    }

    private func serviceAdvice(_ path: String) -> String {
        let known = HostFunction.paths.filter { $0.hasPrefix("app.") }.sorted()
        let suggestion = didYouMean(path, among: known)
        guard suggestion.isEmpty else { return suggestion }
        let outer = path.split(separator: ".").dropLast().joined(separator: ".")
        let inside = known.filter { $0.hasPrefix(outer + ".") && !$0.dropFirst(outer.count + 1).contains(".") }
        return " There are \(inside.joined(separator: ", "))."
    }
}

extension LuaOutline.Use {
    fileprivate var path: String { (["app"] + members).joined(separator: ".") }
}

// MARK: - What ctx holds

extension SourceCheck {
    /// Fields of `ctx` that none of the events has which the function is registered for.
    private func contexts(_ outline: LuaOutline) -> [HookProblem] {
        let events = contextEvents(outline)
        let assigned = Set(
            outline.uses.compactMap { use -> LuaOutline.Root? in
                if case .assigned = use.manner { use.root } else { nil }
            })
        return outline.uses.compactMap { use in
            guard case .local(let variable) = use.root, let events = events[variable], !assigned.contains(use.root)
            else { return nil }
            var member = use.members.first
            if case .indexed(let method?) = use.manner, use.members.isEmpty { member = method }
            guard let member else { return nil }
            let known = Set(events.flatMap(\.contextNames))
            guard !known.contains(member) else { return methodProblem(use, events) }
            return problem(use.line, unknownField(member, events, known))
        }
    }

    /// By local variable, the events for which a function gets it as `ctx`.
    private func contextEvents(_ outline: LuaOutline) -> [Int: [EventName]] {
        var events: [Int: [EventName]] = [:]
        for registration in outline.registrations {
            guard let event = EventName(rawValue: registration.event) else { continue }
            let place = event.declaration.arguments.count
            guard registration.parameters.count > place, isOnlyRegistered(registration.function, outline) else {
                continue
            }
            events[registration.parameters[place], default: []].append(event)
        }
        return events
    }

    /// Whether nothing else is done with the function: others may call it with another table.
    private func isOnlyRegistered(_ function: Int?, _ outline: LuaOutline) -> Bool {
        guard let function else { return true }
        return outline.uses.count { $0.root == .local(function) }
            == outline.registrations.count { $0.function == function }
    }

    private func unknownField(_ member: String, _ events: [EventName], _ known: Set<String>) -> String {
        let names = events.map(\.rawValue).joined(separator: " and ")
        let suggestion = didYouMean(member, among: known.sorted())
        let advice = suggestion.isEmpty ? " It has \(known.sorted().joined(separator: ", "))." : suggestion
        return "ctx of \(names) has no '\(member.printable)'.\(advice)"
    }

    private func methodProblem(_ use: LuaOutline.Use, _ events: [EventName]) -> HookProblem? {
        guard case .indexed(let method?) = use.manner, use.members.isEmpty,
            events.contains(where: { $0.declaration.methods.contains { $0.name == method } })
        else { return nil }
        return problem(use.line, "'ctx:\(method)' passes ctx as the first argument; write 'ctx.\(method)' with a dot.")
    }
}

extension EventName {
    /// What a handler may look for on `ctx`. Observers share one way of being called, and so what they are told.
    fileprivate var contextNames: [String] {
        let declarations =
            declaration.eventClass == .observer
            ? EventName.allCases.map(\.declaration).filter { $0.eventClass == .observer } : [declaration]
        return declarations.flatMap { $0.fields.map(\.name) + $0.methods.map(\.name) }
    }
}

extension HookFolder {
    /// What `SourceCheck` finds in all files, without what is told already.
    func mistakes(besides told: [HookProblem]) -> [HookProblem] {
        files.flatMap { SourceCheck(file: $0).problems }.filter { mistake in
            !told.contains { $0.file == mistake.file && $0.line == mistake.line }
        }
    }
}
