internal import ContentModel
internal import HookCatalog
internal import LuaRuntime

/// The tests of one file, in a machine of their own.
struct HookTestFile {
    private let file: HookFile
    private let rehearsal: Rehearsal
    private let session: TestSession
    private let services = MachineSession()
    private let filter: String?
    private let machine: LuaMachine
    private let limits: LuaLimits

    /// A group on the way to a test.
    private struct Place {
        var names: [String] = []
        var preparations: [LuaFunction] = []

        func name(_ last: String) -> String { (names + [last]).joined(separator: " › ") }
    }

    init(
        _ file: HookFile, _ rehearsal: Rehearsal, _ configuration: HookHostConfiguration, filter: String?,
        on workers: LuaWorkers
    ) async throws {
        self.file = file
        self.rehearsal = rehearsal
        self.filter = filter?.lowercased()
        session = TestSession(rehearsal)
        var limits = configuration.limits.observer
        limits.wall = .seconds(60)
        self.limits = limits
        var lua = LuaConfiguration(limits: limits)
        // What the modules under test call is there as in a handler, with the same nothing behind it.
        lua.library = rehearsal.host.factory.library.functions(for: services) + session.functions
        lua.constants = [LuaField(HostFunction.configuration, LuaValue(JSONValue(configuration.config)))]
        lua.jsonPath = HostFunction.jsonPrefix
        for module in try await rehearsal.host.current().folder.modules {
            lua.modules[module.module ?? ""] = LuaSource(path: module.path, text: module.text)
        }
        lua.modules[TestLibrary.module] = TestLibrary.source
        machine = try LuaMachine(lua, on: workers)
    }

    /// Runs the tests that match, and tells of each.
    func run(_ report: (HookTestResult) throws -> Void) async throws {
        defer { machine.close() }
        session.beginGroup()
        do throws(LuaError) {
            try await machine.load(LuaSource(path: file.path, text: text))
        } catch {
            _ = session.endGroup()
            return try report(failed("loading the file", error, seconds: 0))
        }
        try await run(session.endGroup(), Place(), report)
    }

    /// The text with the library in front. What editors and shells put before a program would not be first any more.
    private var text: [UInt8] {
        var text = file.text[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        if text.first == UInt8(ascii: "#") { text = text.drop { $0 != UInt8(ascii: "\n") } }
        return Array(TestLibrary.preamble.utf8) + text
    }

    private func run(
        _ group: TestSession.Group, _ place: Place, _ report: (HookTestResult) throws -> Void
    ) async throws {
        var place = place
        place.preparations += group.preparations
        for entry in group.entries {
            switch entry {
            case .test(let name, let body):
                guard matches(place.name(name)) else { continue }
                try report(await test(place.name(name), place.preparations + [body]))
            case .group(let name, let body):
                session.beginGroup()
                var inner = place
                inner.names.append(name)
                do throws(LuaError) {
                    _ = try await machine.call(body, LuaInvocation(limits: limits))
                } catch {
                    _ = session.endGroup()
                    try report(failed(inner.names.joined(separator: " › "), error, seconds: 0))
                    continue
                }
                try await run(session.endGroup(), inner, report)
            }
        }
    }

    private func matches(_ name: String) -> Bool {
        filter.map { "\(file.path) \(name)".lowercased().contains($0) } ?? true
    }

    private func test(_ name: String, _ bodies: [LuaFunction]) async -> HookTestResult {
        rehearsal.reset()
        _ = session.takeExplanation()
        let start = ContinuousClock.now
        func seconds() -> Double {
            let time = start.duration(to: .now).components
            return Double(time.seconds) + Double(time.attoseconds) / 1e18
        }
        services.begin(invocation)
        defer { services.end() }
        do throws(LuaError) {
            for body in bodies { _ = try await machine.call(body, LuaInvocation(limits: limits)) }
            return HookTestResult(file: file.path, name: name, passed: true, seconds: seconds())
        } catch {
            return failed(name, error, seconds: seconds())
        }
    }

    /// Stands for a handler that may call everything.
    private var invocation: Invocation {
        let handler = Handler(
            position: 0, trigger: .schedule(.every(seconds: 1, text: "1s")), name: "test", options: HandlerOptions(),
            entry: file.path, file: file.path, line: 1)
        return Invocation(handler, documents: [], time: limits.wall)
    }

    private func failed(_ name: String, _ error: LuaError, seconds: Double) -> HookTestResult {
        let explanation = session.takeExplanation()
        var problem = HookProblem(
            file: error.location?.file ?? file.path, line: error.location?.line, error.plainMessage,
            excerpt: error.location?.file == file.path ? nil : error.excerpt)
        if problem.excerpt == nil, let line = problem.line { problem.excerpt = file.line(line) }
        return HookTestResult(
            file: file.path, name: name, passed: false, seconds: seconds, problem: problem,
            expected: explanation?.expected, got: explanation?.expected.flatMap { _ in explanation?.got })
    }
}
