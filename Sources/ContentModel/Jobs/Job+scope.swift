/// Jobs are what people write, scopes what the engine moves: each says the other.
extension Job {
    /// What the job moves by itself. Throws `usage` for values of the wrong type or that contradict one another,
    /// `invalid_name` and `invalid_filter`.
    public func scope() throws -> Scope {
        var scope = Scope(mode: try flag("mirror") == true ? .mirror : .merge, policy: try policy() ?? .source)
        switch name {
        case .content: try readContent(into: &scope)
        case .assets: scope.assets = try assets()
        case .pages: scope.pages = try pages()
        case .lokalize: scope.translations = try translations()
        case .layout: if try flag("syncAll") == false { throw nothing("syncAll") }
        }
        if name != .content || !scope.namesContent { scope.jobs = [name] }
        return scope
    }

    private func readContent(into scope: inout Scope) throws {
        scope.locales = try flag("locales")
        scope.items = try chosenItems()
        if try flag("syncAll") != true {
            scope.models = try names("models", check: Kind.content)
        } else if scope.items != nil {
            throw TidelockError(
                .usage, "The job '\(name.rawValue)' says both 'syncAll' and which 'data' to move.",
                hint: "Leave 'syncAll' out.")
        }
        if let filter = settings.member("filter"), filter != .emptyArray, filter != .emptyObject {
            do { _ = try ContentFilter(filter) } catch { throw error.failure }
            scope.filter = filter.text
        }
        if try flag("syncAll") == false { try requireChoice(in: &scope) }
    }

    /// Where not everything is meant, something is named: locales alone may be.
    private func requireChoice(in scope: inout Scope) throws {
        let isAllData = settings.member("data") == JSONDocument(bool: true)
        guard !scope.namesContent, scope.filter == nil, !isAllData else { return }
        guard scope.locales == true else { throw nothing("syncAll", "models", "data", "locales", "filter") }
        scope.items = [:]
    }

    private func assets() throws -> AssetSelection? {
        let limit = try number("maxFileSize", in: 0...Int64.max, "a number of bytes")
        let selection = AssetSelection(
            folders: try takes("folders"), files: try takes("files"),
            modifiedSince: try number("modifiedSince", in: 0...1 << 40, "a time in Unix seconds"),
            maxFileSize: try flag("skipLargeFiles").map { $0 ? limit ?? AssetSelection.largeFile : nil } ?? limit)
        guard selection.folders || selection.files else { throw nothing("folders", "files") }
        return selection == .whole ? nil : selection
    }

    private func pages() throws -> PageSelection? {
        let selection = PageSelection(
            pages: try takes("pages"), menus: try takes("menus"), settings: try takes("settings"))
        guard selection.pages || selection.menus || selection.settings else {
            throw nothing("pages", "menus", "settings")
        }
        return selection == .whole ? nil : selection
    }

    private func translations() throws -> TranslationSelection? {
        let syncsAll = try flag("syncAll")
        let projects = syncsAll == true ? nil : try names("projects", check: Kind.translations)
        guard syncsAll != false || projects != nil else { throw nothing("syncAll", "projects") }
        let selection = TranslationSelection(projects: projects, rule: try translationRule())
        return selection == .whole ? nil : selection
    }

    private func translationRule() throws -> TranslationSelection.Rule {
        let keys = try flag("missingKeysOnly") == true
        let values = try flag("missingValues") == true
        guard try flag("override") == true else { return values ? .missingValues : keys ? .missingKeys : .override }
        guard !keys, !values else {
            throw TidelockError(
                .usage, "The job '\(name.rawValue)' says both 'override' and what is missing only.",
                hint: "Overriding replaces translations of the destination, the others keep them: choose one.")
        }
        return .override
    }

    /// Whether a part takes part: it does unless it is left out, or 'syncAll' says that everything does, or that only
    /// what is named does.
    private func takes(_ part: String) throws -> Bool {
        let part = try flag(part)
        return switch try flag("syncAll") {
        case true: true
        case false: part == true
        default: part != false
        }
    }

    private func nothing(_ parts: String...) -> TidelockError {
        TidelockError(
            .usage, "The job '\(name.rawValue)' moves nothing.",
            hint: "Say at least one of these: \(parts.joined(separator: ", ")).")
    }
}

extension Job {
    /// The jobs that together move a scope.
    public static func list(_ scope: Scope) -> [Job] {
        Name.allCases.filter(scope.effectiveJobs.contains).map { Job($0, settings(of: $0, scope)) }
    }

    private static func settings(of job: Name, _ scope: Scope) -> [(String, JSONDocument)] {
        var members: [(String, JSONDocument)] =
            switch job {
            case .content: content(scope)
            case .assets: assets(scope.assets ?? .whole)
            case .pages: pages(scope.pages ?? .whole)
            case .lokalize: translations(scope.translations ?? .whole)
            case .layout: [("syncAll", JSONDocument(bool: true))]
            }
        members.append(("mirror", JSONDocument(bool: scope.mode == .mirror)))
        if scope.policy != .source { members.append(("policy", JSONDocument(string: scope.policy.rawValue))) }
        return members
    }

    private static func content(_ scope: Scope) -> [(String, JSONDocument)] {
        var members: [(String, JSONDocument)] = []
        if let models = scope.models { members.append(("models", .array(models.map { JSONDocument(string: $0) }))) }
        if let items = scope.items { members.append(("data", Job.data(items))) }
        if !scope.namesContent { members.append(("syncAll", JSONDocument(bool: true))) }
        if let locales = scope.locales { members.append(("locales", JSONDocument(bool: locales))) }
        if let filter = scope.filter.flatMap({ try? JSONDocument(validating: Array($0.utf8)) }) {
            members.append(("filter", filter))
        }
        return members
    }

    private static func assets(_ selection: AssetSelection) -> [(String, JSONDocument)] {
        var members = [
            ("folders", JSONDocument(bool: selection.folders)), ("files", JSONDocument(bool: selection.files)),
        ]
        if let since = selection.modifiedSince { members.append(("modifiedSince", JSONDocument(integer: since))) }
        if let size = selection.maxFileSize {
            members.append(("skipLargeFiles", JSONDocument(bool: true)))
            members.append(("maxFileSize", JSONDocument(integer: size)))
        }
        return members
    }

    private static func pages(_ selection: PageSelection) -> [(String, JSONDocument)] {
        [
            ("pages", JSONDocument(bool: selection.pages)), ("menus", JSONDocument(bool: selection.menus)),
            ("settings", JSONDocument(bool: selection.settings)),
        ]
    }

    private static func translations(_ selection: TranslationSelection) -> [(String, JSONDocument)] {
        var members: [(String, JSONDocument)] = []
        if let projects = selection.projects {
            members.append(("projects", .array(projects.map { JSONDocument(string: $0) })))
        }
        switch selection.rule {
        case .override: members.append(("override", JSONDocument(bool: true)))
        case .missingKeys: members.append(("missingKeysOnly", JSONDocument(bool: true)))
        case .missingValues: members.append(("missingValues", JSONDocument(bool: true)))
        }
        return members
    }
}

extension Job {
    /// What a list of jobs moves, as few runs as possible: jobs that follow one another and move different things in
    /// the same way are one run, with one plan and one commit.
    public static func runs(_ jobs: [Job]) throws -> [(scope: Scope, batchSize: Int?)] {
        var runs: [(scope: Scope, batchSize: Int?)] = []
        for job in jobs {
            let (scope, size) = (try job.scope(), try job.batchSize())
            if let last = runs.last, let joined = last.scope.joining(scope), size == nil || size == last.batchSize {
                runs[runs.count - 1].scope = joined
            } else {
                runs.append((scope, size))
            }
        }
        return runs
    }
}

extension Scope {
    /// The jobs of the kinds of which items are named; content is where they are named.
    private var namedJobs: Set<Job.Name> {
        Set((items ?? [:]).keys.compactMap { try? Kind($0).job }).subtracting([.content])
    }

    /// Both scopes as one; nil where they overlap or move things in different ways.
    fileprivate func joining(_ other: Scope) -> Scope? {
        guard mode == other.mode, policy == other.policy, effectiveJobs.isDisjoint(with: other.effectiveJobs),
            // What a mirror spares because of a filter it spares in the whole run.
            mode == .merge || hasFilter == other.hasFilter,
            // Items that one job names would fall under what the other says of their kind.
            namedJobs.isDisjoint(with: other.effectiveJobs), other.namedJobs.isDisjoint(with: effectiveJobs)
        else { return nil }
        var joined = other.effectiveJobs.contains(.content) ? other : self
        let all = effectiveJobs.union(other.effectiveJobs)
        joined.jobs = all == Set(Job.Name.allCases) && !joined.namesContent ? nil : all
        joined.assets = assets ?? other.assets
        joined.pages = pages ?? other.pages
        joined.translations = translations ?? other.translations
        return joined
    }
}
