import ContentModel
import HookCatalog
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@Suite struct CatalogTests {
    @Test(arguments: EventName.allCases)
    func everyEventIsDeclaredCompletely(event: EventName) {
        let declaration = event.declaration
        #expect(declaration.name == event)
        #expect(!declaration.arguments.isEmpty)
        #expect(declaration.summary.hasSuffix("."))
        #expect(declaration.options.contains(.name) && declaration.options.contains(.priority))
        #expect(declaration.fields.contains { $0.name == "event" })
        #expect((declaration.eventClass == .observer) == declaration.methods.isEmpty)
        #expect(Set(declaration.fields.map(\.name)).count == declaration.fields.count)
    }

    @Test func pureFiltersReachOnlyWhatIsAlwaysTheSame() {
        let reachable = HostFunction.allCases.filter { $0.mayBeCalled(by: .filter, isVolatile: false) }
        #expect(
            Set(reachable) == [.log, .jsonDecode, .jsonEncode, .jsonArray, .jsonObject, .osTime, .osDate])
        #expect(!HostFunction.time.mayBeCalled(by: .filter, isVolatile: false))
        #expect(HostFunction.time.mayBeCalled(by: .filter, isVolatile: true))
        #expect(HostFunction.time.mayBeCalled(by: .gate, isVolatile: false))
    }

    @Test func everyDeclaredFunctionExistsInScripts() async throws {
        let checks = HostFunction.allCases.map { "assert(type(\($0.rawValue)) == 'function', '\($0.rawValue)')" }
        let fixture = try HookFixture(["a.lua": checks.joined(separator: "\n")])
        #expect(try await fixture.host().status.rejected == nil)
    }

    @Test func unknownEventsGetAdvice() {
        #expect(
            EventName.unknown("sync.contnt.before")
                == "there is no event 'sync.contnt.before'. Did you mean 'sync.content.before'?")
    }

    @Test func aCommandIsToldOfAnUnknownEventInOneSentenceWithTheAdviceApart() {
        let near = EventName.unknownToCommand("sync.contnt.before")
        #expect(near.message == "There is no event 'sync.contnt.before'. Did you mean 'sync.content.before'?")
        #expect(near.code == .usage && near.hint == nil)
        let far = EventName.unknownToCommand("nope", besides: ["GET /status"])
        #expect(far.message == "There is no event 'nope'.")
        #expect(far.hint?.hasPrefix("Events are sync.request.before, ") == true)
        let other = EventName.unknownToCommand("GET /statu", besides: ["GET /status"])
        #expect(other.message == "There is no event 'GET /statu'. Did you mean 'GET /status'?")
    }
}
