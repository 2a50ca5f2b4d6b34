import ContentModel
import HookCatalog
import HookHost
import SyncEngine
import Testing

@Suite struct CatalogTypeTests {
    /// Everything in the catalogue that has a type.
    static let declared: [(place: String, value: ValueDeclaration)] = {
        var values: [(String, ValueDeclaration)] = []
        for event in EventName.allCases {
            let declaration = event.declaration
            let all =
                declaration.arguments + declaration.fields + declaration.methods.flatMap(\.parameters)
                + declaration.options.map(\.declaration)
            values += all.map { ("\(event.rawValue) \($0.name)", $0) }
        }
        for function in HostFunction.allCases {
            let declaration = function.declaration
            values += (declaration.parameters + declaration.results).map { ("\(function.rawValue) \($0.name)", $0) }
        }
        for type in NamedType.allCases {
            values += type.declaration.fields.map { ("\(type.rawValue) \($0.name)", $0) }
        }
        return values
    }()

    @Test func everyTypeIsOneOfLuaOrInTheTable() {
        let known = Set(NamedType.allCases.map(\.rawValue))
        for (place, value) in Self.declared {
            let expression = TypeExpression(value.type)
            #expect(known.isSuperset(of: expression.names), "\(place): \(value.type)")
            #expect(TypeExpression.primitives.isSuperset(of: expression.primitives), "\(place): \(value.type)")
            #expect(!value.summary.isEmpty, "\(place)")
        }
    }

    @Test func everyNamedTypeIsUsedAndExplained() {
        let used = Set(Self.declared.flatMap(\.value.namedTypes))
        for type in NamedType.allCases {
            #expect(used.contains(type.rawValue), "\(type.rawValue)")
            #expect(type.declaration.summary.contains("."), "\(type.rawValue)")
        }
    }

    @Test func typesAreCutIntoNamesAndWords() {
        let expression = TypeExpression("\"Source\"|Item[]|table<string, HTTPResponse>|fun(request: Job): any")
        #expect(expression.names == ["Item", "HTTPResponse", "Job"])
        #expect(expression.primitives == ["table", "string", "fun", "any"])
        #expect(expression.replacingNames { "x.\($0)" }.contains("\"Source\"|x.Item[]"))
    }

    /// What a file finds besides `app` is asked of a machine, so that the list cannot grow stale.
    @Test func standardLibraryIsWhatMachinesOffer() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            local names = {}
            for name in pairs(_G) do names[#names + 1] = name end
            table.sort(names)
            app.on("sync.push.finished", function() app.log(table.concat(names, " ")) end)
            """
        ])
        try await fixture.host().observe(
            Observation(
                event: .pushFinished, delivery: "d", run: "r", direction: .push,
                arguments: [.target(TargetFacts(name: "staging", uri: "https://staging.example"))]))
        let names = Set(fixture.log.messages.last?.split(separator: " ").map(String.init) ?? [])
        #expect(names == StandardLibrary.names.union(["app"]))
    }

    @Test func pathsHoldFunctionsAndTheTablesTheyAreIn() {
        #expect(HostFunction.paths.isSuperset(of: ["app", "app.http", "app.http.get", "app.config", "app.json.null"]))
        #expect(!HostFunction.paths.contains("app.http.got"))
    }
}
