internal import ContentModel
internal import HookCatalog
internal import LuaRuntime

/// Makes machines and loads `hooks/` into them.
struct MachineFactory: Sendable {
    /// What `app.config` shows.
    let configuration: JSONDocument
    let limits: HookLimits
    let library: HostLibrary
    let meter: HandlerMeter

    /// What came of loading all entry files into one machine.
    struct Load {
        /// `nil` when not even an empty machine could be made.
        var machine: LuaMachine?
        var session: MachineSession
        /// Of all files, not just of the first: whoever repairs them wants to see all at once.
        var problems: [HookProblem]

        var handlers: [Handler] { session.registrations.map(\.handler) }
    }

    /// Loads the entry files in the order of their paths.
    func load(_ folder: HookFolder, on workers: LuaWorkers) async -> Load {
        let session = MachineSession()
        var load = Load(machine: nil, session: session, problems: [])
        do throws(LuaError) {
            let machine = try LuaMachine(machineConfiguration(folder, session), on: workers)
            load.machine = machine
            for entry in folder.entries where !machine.isPoisoned {
                load.problems += await problems(loading: entry, of: folder, into: machine, session)
            }
        } catch {
            load.problems.append(HookProblem(error, in: folder))
        }
        return load
    }

    private func problems(
        loading entry: HookFile, of folder: HookFolder, into machine: LuaMachine, _ session: MachineSession
    ) async -> [HookProblem] {
        session.beginLoading(entry)
        do throws(LuaError) {
            try await machine.load(LuaSource(path: entry.path, text: entry.text))
            return session.endLoading().map { $0.quoting(folder) }
        } catch {
            let registrations = session.endLoading().map { $0.quoting(folder) }
            return registrations.isEmpty ? [HookProblem(error, in: folder, loading: entry)] : registrations
        }
    }

    func machineConfiguration(_ folder: HookFolder, _ session: MachineSession) -> LuaConfiguration {
        var configuration = LuaConfiguration()
        configuration.limits = limits.filter
        configuration.library = library.functions(for: session)
        configuration.constants = [LuaField(HostFunction.configuration, LuaValue(JSONValue(self.configuration)))]
        configuration.jsonPath = HostFunction.jsonPrefix
        for file in folder.modules {
            configuration.modules[file.module ?? ""] = LuaSource(path: file.path, text: file.text)
        }
        return configuration
    }
}

extension HookProblem {
    /// What the machine said, with the line of the file that it is about.
    init(_ error: LuaError, in folder: HookFolder, loading entry: HookFile? = nil) {
        self.init(
            file: error.location?.file ?? entry?.path, line: error.location?.line, error.plainMessage,
            excerpt: error.excerpt)
        self = quoting(folder)
    }

    /// The same with the text of the line, if it is known.
    func quoting(_ folder: HookFolder) -> HookProblem {
        guard excerpt == nil, let file, let line else { return self }
        var problem = self
        problem.excerpt = folder.file(at: file)?.line(line)
        return problem
    }
}
